"""Tokens for aepp, Adobe's Python library for Experience Platform, from the cache that every process shares.

aepp asks IMS once for each of its objects, with a client secret that it keeps in memory, and checks no certificate. Its
function that asks IMS is replaced here by one that asks us, for the configurations that were made here and no other.
Its requests then go through ``Auth``: the token goes to the profile's hosts alone, a 401 is answered with a renewed
one, and the certificate of whoever gets the token is checked. An aepp that is built in another way is refused.
"""

from __future__ import annotations

from ._ask import headers, timed_token
from ._auth import Auth
from ._errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Optional, Union

    import requests

#: Stands where aepp wants a client secret, so that a configuration of ours is known, also in aepp's copies of it.
_OURS = "(held by aep-auth) "
#: The newest version whose parts were read.
_KNOWN = "0.6.0"


def configure(
    profile: Optional[str] = None,
    sandbox: Optional[str] = None,
    connectInstance: bool = False,  # noqa: N803, as aepp has it
    platform_url: Optional[str] = None,
) -> Any:
    """Configures aepp with a profile, as ``aepp.configure`` and ``aepp.importConfigFile`` do with a secret.

    ``connectInstance`` gives a ``ConnectObject``, as there. ``platform_url`` is for a platform at another address than
    ``https://platform.adobe.io``. No profile means the default one, whichever it is when a token is needed.
    """
    import aepp

    _replace()
    given = headers(profile=profile, sandbox=sandbox)
    organization = given.get("x-gw-ims-org-id")
    if organization is None:
        raise ConfigurationError(
            "aepp needs org_id, and the profile has none",
            f"aep-auth profile set {profile or 'NAME'} org_id=…@AdobeOrg",
            3,
        )
    address = {} if platform_url is None else {"environment": "support", "endpoint": platform_url.rstrip("/")}
    return aepp.configure(
        org_id=str(organization),
        client_id=str(given["x-api-key"]),
        secret=_OURS + (profile or ""),
        # Anything but None makes it the flow with a token function that can be replaced; the profile has the real ones.
        scopes="aep-auth",
        sandbox=sandbox or str(given.get("x-sandbox-name", "prod")),
        connectInstance=connectInstance,
        **address,
    )


def _replace() -> None:
    """Puts our function before aepp's own; a second time does nothing."""
    from aepp import connector

    request = connector.AdobeRequest
    theirs = request.get_oauth_token_and_expiry_for_config
    if getattr(theirs, "_is_of_aep_auth", False):
        return
    _refuse_unknown(connector)

    def token_and_expiry(self: Any, config: Any, verbose: bool = False, save: bool = False) -> Any:
        values = config if isinstance(config, dict) else config.getConfigObject()
        secret = values.get("secret")
        if not (isinstance(secret, str) and secret.startswith(_OURS)):
            return theirs(self, config, verbose=verbose, save=save)
        profile = secret[len(_OURS) :] or None
        token, life = timed_token(profile)
        _guard(self.session, profile)
        return connector.TokenInfo(token=token, expiry=life)

    token_and_expiry._is_of_aep_auth = True  # type: ignore[attr-defined]
    request.get_oauth_token_and_expiry_for_config = token_and_expiry


def _refuse_unknown(connector: Any) -> None:
    """Looks whether aepp is built as we know it: what we replace, who calls it, and what they make of the answer."""
    import inspect

    request = connector.AdobeRequest
    asked = list(inspect.signature(request.get_oauth_token_and_expiry_for_config).parameters)
    answer = list(inspect.signature(getattr(connector, "TokenInfo", lambda: None)).parameters)
    wanted = {"get_oauth_token_and_expiry_for_config", "token", "expiry", "config"}
    callers = [request.__init__, getattr(request, "_checkingDate", None)]
    used = [set(getattr(getattr(caller, "__code__", None), "co_names", ())) for caller in callers]
    if (
        asked != ["self", "config", "verbose", "save"]
        or answer != ["token", "expiry"]
        or not all(wanted <= names for names in used)
        or not {"session", "Session"} <= used[0]
    ):
        import importlib.metadata

        version = importlib.metadata.version("aepp")
        raise ConfigurationError(
            f"aepp {version} asks for its tokens in a way that is not known here; known is {_KNOWN}",
            f"python -m pip install 'aepp=={_KNOWN}'",
            3,
        )


class _Only(Auth):
    """Takes off the header that aepp itself adds to every request; it comes back where the host is the profile's."""

    def __call__(self, request: Any) -> Any:
        request.headers.pop("Authorization", None)
        return super().__call__(request)


def _guard(session: requests.Session, profile: Optional[str]) -> None:
    if isinstance(session.auth, Auth):
        return
    session.auth = _Only(profile)
    settings = session.merge_environment_settings

    def checked(url: Any, proxies: Any, stream: Any, verify: Union[bool, str, None], cert: Any) -> Any:
        # aepp says `verify=False` in each call. None leaves it to requests: on, with $REQUESTS_CA_BUNDLE if it is set.
        return settings(url, proxies, stream, verify or None, cert)

    session.merge_environment_settings = checked  # type: ignore[method-assign]
