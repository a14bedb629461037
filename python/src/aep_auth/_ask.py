"""What can be asked of the program: a token, the headers of a call, a new token for a refused one."""

from __future__ import annotations

from ._errors import FaultError
from ._program import run
from ._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any, Optional, Union

    Duration = Union[str, float, timedelta]


def token(profile: Optional[str] = None, min_valid: Optional[Duration] = None) -> Secret:
    """The access token of a profile: from the cache, or fetched.

    ``min_valid`` is how long it must live at least: seconds, a ``timedelta``, or a text such as ``"30m"``. The result
    is a ``str`` whose ``repr`` is masked.
    """
    options = _options(profile)
    if min_valid is not None:
        options.append(f"--min-valid={_duration(min_valid)}")
    return Secret(run("token", *options).rstrip("\n"))


def headers(url: Optional[str] = None, profile: Optional[str] = None, sandbox: Optional[str] = None) -> dict[str, str]:
    """The headers of a call.

    With a ``url`` those that its service wants, and a ``RefusedError`` where the address is none of the profile's. The
    values' ``repr`` is masked.
    """
    options = _options(profile, sandbox)
    if url is not None:
        options.append(f"--for={_bare(url)}")
    return _object(run("headers", "--format=json", *options))


def timed_token(profile: Optional[str]) -> tuple[Secret, int]:
    """The token and the seconds that it still lives."""
    shown = _object(run("token", "--json", *_options(profile)))
    return Secret(shown["access_token"]), int(shown["expires_in"])


def renewed_token(refused: Secret, profile: Optional[str]) -> Secret:
    """A token in place of one that a service refused; however many ask at once, IMS is asked once."""
    return Secret(run("token", "--refused", "-", *_options(profile), given=refused).rstrip("\n"))


def _options(profile: Optional[str], sandbox: Optional[str] = None) -> list[str]:
    # With `=`, so that no value is taken for an option.
    options = []
    if profile is not None:
        options.append(f"--profile={profile}")
    if sandbox is not None:
        options.append(f"--sandbox={sandbox}")
    return options


def _duration(least: Duration) -> str:
    if isinstance(least, str):
        return least
    seconds = least if isinstance(least, (int, float)) else least.total_seconds()
    # Up, so that no part of a second is lost.
    return f"{-int(-seconds // 1)}s"


def _bare(url: str) -> str:
    """The address for a command line, where others can read: without a query, with `-` for a user's name and password.

    The program refuses an address with a user's name. Whoever wrote it may mean another host than the one behind the
    last `@`: so does every client for which a backslash ends the host.
    """
    scheme, mark, rest = url.partition("://")
    if not mark or not scheme.isalpha():
        scheme, mark, rest = "", "", url
    rest = rest.split("#", 1)[0].split("?", 1)[0]
    authority, slash, path = rest.partition("/")
    _, named, host = authority.rpartition("@")
    return f"{scheme}{mark}{named and '-@'}{host}{slash}{path}"


def _object(text: str) -> dict[str, Any]:
    """The object that the program printed; its texts do not show themselves."""
    import json

    try:
        shown = json.loads(text)
    except ValueError:
        shown = None
    # Not raised above: the parser's error carries the text, which may be a token.
    if not isinstance(shown, dict):
        shown = None
        raise FaultError("aep-auth did not answer with a JSON object")
    return {name: Secret(value) if isinstance(value, str) else value for name, value in shown.items()}
