"""``Auth`` for requests and httpx, by what those two ask of such an object; neither is imported before it is used.

It gives the token to the profile's hosts alone, and never to another host that one of them redirects to.
"""

from __future__ import annotations

from ._ask import headers, renewed_token, token
from ._errors import Error, RefusedError
from ._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, MutableMapping
    from typing import Any, Callable, Optional, TypeVar

    import httpx
    import requests

    Request = TypeVar("Request", requests.PreparedRequest, httpx.Request)
    Result = TypeVar("Result")


_UNAUTHORIZED = 401


class Auth:
    """Authenticates each request to the profile's hosts; renews once after a 401.

    ``requests.get(url, auth=Auth())``, ``httpx.Client(auth=Auth())``, ``httpx.AsyncClient(auth=Auth())``. A header that
    the request has already is kept, save ``Authorization``. A request to another host goes out as it is.
    """

    def __init__(self, profile: Optional[str] = None, sandbox: Optional[str] = None) -> None:
        self.profile = profile
        self.sandbox = sandbox

    def __repr__(self) -> str:
        return f"Auth(profile={self.profile!r}, sandbox={self.sandbox!r})"

    def __reduce__(self) -> tuple[type, tuple[Optional[str], Optional[str]]]:
        # pickle compares `__class__`, which is below.
        return type(self), (self.profile, self.sandbox)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """``httpx.Auth``, where httpx is loaded, to ``isinstance``.

        httpx shows the response only to an ``httpx.Auth``; any other callable it calls once. To inherit from it we
        would have to import it, which a user of requests need not have. ``isinstance`` asks the real type first, so
        that this stays an ``Auth`` as well.
        """
        import sys

        module = sys.modules.get("httpx")
        kind: type = getattr(module, "Auth", type(self))
        return kind

    # What requests calls.

    def __call__(self, request: Request) -> Request:
        """Adds the headers to a prepared request, and looks at its response."""
        ours = self._headers(str(request.url))
        if ours is not None:
            added = _add(request.headers, ours)
            if hasattr(request, "register_hook"):
                sent = Secret(ours["Authorization"])
                hooked: Any = request

                def look(response: requests.Response, **how: Any) -> requests.Response:
                    followed = response.request
                    answer = self._repeat(response, sent, how)
                    _keep_from_another_host(answer, followed, added)
                    return answer

                hooked.register_hook("response", look)
        return request

    def _repeat(self, response: requests.Response, sent: Secret, how: dict[str, Any]) -> requests.Response:
        if not _is_refused(response, sent):
            return response
        fresh = self._renew(sent)
        if fresh is None or not _is_rewound(response.request):
            return response
        # As requests' own digest authentication does it: the connection goes back to the pool first.
        response.content  # noqa: B018
        response.close()
        again: Any = response.request.copy()
        from requests.cookies import extract_cookies_to_jar

        extract_cookies_to_jar(again._cookies, response.request, response.raw)  # type: ignore[no-untyped-call]
        again.prepare_cookies(again._cookies)
        again.headers["Authorization"] = fresh
        repeated: requests.Response = response.connection.send(again, **how)
        repeated.history.append(response)
        repeated.request = again
        return repeated

    # What httpx calls.

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The requests that httpx sends."""
        ours = self._headers(str(request.url))
        if ours is None:
            yield request
            return
        sent = Secret(ours["Authorization"])
        _trace(request, _add(request.headers, ours))
        response = yield request
        if _is_refused(response, sent):
            fresh = self._renew(sent)
            if fresh is not None and _is_repeatable(request):
                request.headers["Authorization"] = fresh
                yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The requests that httpx sends in an event loop; the program runs in a thread beside it."""
        ours = await _in_thread(lambda: self._headers(str(request.url)))
        if ours is None:
            yield request
            return
        sent = Secret(ours["Authorization"])
        _trace(request, _add(request.headers, ours), is_async=True)
        response = yield request
        if _is_refused(response, sent):
            fresh = await _in_thread(lambda: self._renew(sent))
            if fresh is not None and _is_repeatable(request):
                request.headers["Authorization"] = fresh
                yield request

    # What both need.

    def _headers(self, url: str) -> Optional[dict[str, str]]:
        """The headers for an address; none where it is none of the profile's hosts."""
        try:
            return headers(url, self.profile, self.sandbox)
        except RefusedError:
            pass
        # The same class says that IMS refused the credential, and then a bare request would only hide why. A token at
        # hand tells the two apart.
        try:
            token(self.profile)
        except RefusedError:
            raise
        except Error:
            # Only an address of the profile needs a token, and for one of those this would have been said above.
            pass
        return None

    def _renew(self, sent: Secret) -> Optional[Secret]:
        """The value of ``Authorization`` in place of a refused one; none if there is no other."""
        fresh = renewed_token(Secret(sent[len("Bearer ") :]), self.profile)
        return None if fresh == sent[len("Bearer ") :] else Secret(f"Bearer {fresh}")


def _add(present: MutableMapping[str, str], ours: dict[str, str]) -> set[str]:
    """Gives the names of those that are for this host alone: both libraries take `Authorization` off by themselves."""
    added = set()
    for name, value in ours.items():
        # Both libraries send `Accept: */*` where the caller says nothing.
        said = present.get(name) if name.lower() != "authorization" else None
        if said is None or (name.lower() == "accept" and said == "*/*"):
            present[name] = value
            added.add(name.lower())
    return added - {"accept", "authorization"}


def _keep_from_another_host(answer: requests.Response, followed: requests.PreparedRequest, names: set[str]) -> None:
    """Takes our headers off the request of which requests makes the one that follows a redirect to another host."""
    from requests.sessions import SessionRedirectMixin

    session: Any = SessionRedirectMixin()
    location = session.get_redirect_target(answer)
    if not location:
        return
    from urllib.parse import urljoin

    if session.should_strip_auth(answer.url, urljoin(answer.url, location)):
        if answer.request is followed:
            # What was sent stays to be seen.
            answer.request = followed.copy()
        for name in names:
            followed.headers.pop(name, None)


def _trace(request: httpx.Request, names: set[str], is_async: bool = False) -> None:
    """Takes our headers off where httpx follows a redirect to another host.

    It does so by itself, between two answers that it shows; what it sends is told to a `trace` alone.
    """
    theirs: Any = request.extensions.get("trace")
    taken = {name.encode() for name in names}

    def hosts(headers: Any) -> list[bytes]:
        return [value for name, value in headers if name.lower() == b"host"]

    ours = hosts(request.headers.raw)

    def look(event: str, info: dict[str, Any]) -> Any:
        if event.endswith(".send_request_headers.started"):
            sent = info["request"]
            if hosts(sent.headers) != ours:
                sent.headers = [header for header in sent.headers if header[0].lower() not in taken]
        return theirs(event, info) if theirs else None

    async def look_and_wait(event: str, info: dict[str, Any]) -> None:
        told = look(event, info)
        if told is not None:
            await told

    request.extensions = {**request.extensions, "trace": look_and_wait if is_async else look}


def _is_refused(response: Any, sent: Secret) -> bool:
    # Both libraries take the header off where a redirect leads to another host; a 401 from there is not our token's.
    return bool(response.status_code == _UNAUTHORIZED and response.request.headers.get("Authorization") == sent)


def _is_rewound(request: requests.PreparedRequest) -> bool:
    from requests.exceptions import UnrewindableBodyError
    from requests.utils import rewind_body

    if request.body is None or isinstance(request.body, (bytes, str)):
        return True
    try:
        rewind_body(request)
    except UnrewindableBodyError:
        return _not_again()
    return True


def _is_repeatable(request: httpx.Request) -> bool:
    import httpx

    try:
        request.content  # noqa: B018
    except httpx.RequestNotRead:
        return _not_again()
    return True


def _not_again() -> bool:
    import warnings

    warnings.warn(
        "the token was renewed after a 401, but the body was a stream that is gone: send the request again",
        RuntimeWarning,
        stacklevel=2,
    )
    return False


async def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        # httpx runs on asyncio and on trio, and brings this for it.
        from anyio.to_thread import run_sync
    except ImportError:
        from asyncio import to_thread

        return await to_thread(work)
    result: Result = await run_sync(work)
    return result
