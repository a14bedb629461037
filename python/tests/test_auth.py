"""``Auth`` in requests and in httpx, synchronous and not: who gets the token, and what becomes of a 401.

Each story is told to every library. The stories need an ``aep-auth`` with ``headers --for`` and ``token --refused``.
"""

from __future__ import annotations

import asyncio
import http.server
import io
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable

import httpx
import pytest
import requests
import trio

import aep_auth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import World

pytestmark = pytest.mark.needs("headers --for", "token --refused")


class Answer:
    """What all three libraries tell of an answer."""

    def __init__(self, answer: Any) -> None:
        self.status = answer.status_code
        self.sent = {name.lower(): value for name, value in answer.request.headers.items()}


def by_requests(auth: Any, method: str, url: str, headers: dict[str, str], **more: Any) -> Answer:
    if "content" in more:
        more["data"] = more.pop("content")
    return Answer(requests.request(method, url, headers=headers, auth=auth, timeout=30, **more))


def by_httpx(auth: Any, method: str, url: str, headers: dict[str, str], **more: Any) -> Answer:
    with httpx.Client(auth=auth, follow_redirects=True, timeout=30) as client:
        return Answer(client.request(method, url, headers=headers, **more))


async def _async(auth: Any, method: str, url: str, headers: dict[str, str], **more: Any) -> Answer:
    async with httpx.AsyncClient(auth=auth, follow_redirects=True, timeout=30) as client:
        return Answer(await client.request(method, url, headers=headers, **more))


def by_asyncio(*told: Any, **more: Any) -> Answer:
    return asyncio.run(_async(*told, **more))


def by_trio(*told: Any, **more: Any) -> Answer:
    return trio.run(lambda: _async(*told, **more))


@pytest.fixture(params=[by_requests, by_httpx, by_asyncio, by_trio], ids=["requests", "httpx", "asyncio", "trio"])
def call(request: pytest.FixtureRequest) -> Any:
    def asked(url: str, method: str = "GET", auth: Any = None, headers: Any = None, **more: Any) -> Answer:
        auth = aep_auth.Auth() if auth is None else auth
        answer: Answer = request.param(auth, method, url, dict(headers or {}), **more)
        return answer

    return asked


class Service:
    """A server that answers as it is told and keeps what it was asked."""

    def __init__(self) -> None:
        #: Status and further headers, for each request in turn; then 200 for ever.
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while (size := int(self.rfile.readline(), 16)) or self.rfile.readline() != b"\r\n":
                        body += self.rfile.read(size)
                        self.rfile.readline()
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.seen.append((self.path, headers, body))
                status, more = service.answers.pop(0) if service.answers else (200, {})
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *words: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def tokens(self) -> list[Any]:
        return [headers.get("authorization") for _, headers, _ in self.seen]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


@pytest.fixture
def ours(stored: World, service: Service) -> Service:
    """A service at an address of the profile."""
    stored.run("profile", "set", "prod", f'hosts=["{service.url.removeprefix("http://")}", "{stored.url[7:]}"]')
    return service


@pytest.fixture
def other(stored: World) -> Iterator[Service]:
    """A service at an address of no profile."""
    service = Service()
    yield service
    service.stop()


def test_the_platform_answers(stored: World, call: Any) -> None:
    assert call(stored.sandboxes).status == 200
    assert call(stored.sandboxes).status == 200
    assert stored.token_requests() == 1


def test_what_the_service_wants_to_accept_stands_in_for_anything(
    stored: World, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = aep_auth.headers(stored.sandboxes)
    wanted = {"Accept": "application/vnd.api+json;revision=1"}
    monkeypatch.setattr("aep_auth._auth.headers", lambda *_: {**given, **wanted})
    assert call(stored.sandboxes).sent["accept"] == wanted["Accept"]
    mine = {"Accept": "application/json"}
    assert call(stored.sandboxes, headers=mine).sent["accept"] == mine["Accept"]


def test_the_registry_lists_its_classes(stored: World, call: Any) -> None:
    assert call(stored.classes, headers={"Accept": "application/vnd.adobe.xed-id+json"}).status == 200


def test_a_header_of_the_request_is_kept(stored: World, call: Any) -> None:
    auth = aep_auth.Auth("prod", sandbox="dev1")
    assert call(stored.sandboxes, auth=auth).sent["x-sandbox-name"] == "dev1"
    mine = {"X-Sandbox-Name": "prod", "Authorization": "Bearer mine"}
    sent = call(stored.sandboxes, auth=auth, headers=mine).sent
    assert sent["x-sandbox-name"] == "prod"
    assert sent["authorization"] != "Bearer mine"


def test_a_401_is_answered_with_a_renewed_token_once(stored: World, call: Any) -> None:
    first = aep_auth.token()
    stored.revoke(first)
    answer = call(stored.sandboxes)
    assert answer.status == 200
    assert answer.sent["authorization"] == f"Bearer {aep_auth.token()}" != f"Bearer {first}"
    assert stored.token_requests() == 2


def test_a_second_401_is_the_answer(ours: Service, stored: World, call: Any) -> None:
    ours.answers = [(401, {})] * 5
    assert call(ours.url).status == 401
    assert len(ours.seen) == 2
    assert len(set(ours.tokens())) == 2
    assert stored.token_requests() == 2


def test_the_same_token_is_not_sent_twice(ours: Service, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aep_auth._auth.renewed_token", lambda refused, profile: refused)
    ours.answers = [(401, {})]
    assert call(ours.url).status == 401
    assert len(ours.seen) == 1


@pytest.mark.parametrize("status", [200, 403, 500])
def test_nothing_else_renews(ours: Service, stored: World, call: Any, status: int) -> None:
    ours.answers = [(status, {})]
    assert call(ours.url).status == status
    assert len(ours.seen) == 1
    assert stored.token_requests() == 1


def test_another_host_gets_nothing_of_ours(other: Service, stored: World, call: Any) -> None:
    assert call(other.url).status == 200
    other.answers = [(401, {})]
    assert call(other.url).status == 401
    for _, headers, _ in other.seen:
        assert not {"authorization", "x-api-key", "x-gw-ims-org-id"} & set(headers)
    assert len(other.seen) == 2
    assert stored.token_requests() <= 1


def test_a_redirect_to_another_host_does_not_take_the_token_along(ours: Service, other: Service, call: Any) -> None:
    ours.answers = [(302, {"Location": f"{other.url}/there"})]
    other.answers = [(401, {})]
    assert call(ours.url).status == 401
    assert ours.tokens()[0].startswith("Bearer eyJ")
    # Asked once, without it, and not again: its 401 is no word on a token that it has not seen.
    assert other.tokens() == [None]


def test_nor_what_else_is_ours(ours: Service, other: Service, call: Any) -> None:
    auth = aep_auth.Auth(sandbox="dev1")
    named = {"x-api-key", "x-gw-ims-org-id", "x-sandbox-name"}
    # At once, after a renewal, and from a second address of the same host.
    for answers in [[302], [401, 302], [307, 302]]:
        there = {302: f"{other.url}/there", 307: "/again", 401: ""}
        ours.answers = [(status, {"Location": there[status]}) for status in answers]
        answer = call(ours.url, auth=auth, headers={"X-Mine": "mine"})
        assert answer.status == 200
        assert all(named <= set(headers) for _, headers, _ in ours.seen)
        assert not named & set(other.seen[-1][1])
        assert other.seen[-1][1]["x-mine"] == "mine"
        # A header of the caller's is the caller's care.
        ours.answers = [(302, {"Location": f"{other.url}/there"})]
        call(ours.url, auth=auth, headers={"X-Sandbox-Name": "mine"})
        assert other.seen[-1][1]["x-sandbox-name"] == "mine"


def test_a_trace_of_ones_own_is_told_all_the_same(ours: Service) -> None:
    events = []
    with httpx.Client(auth=aep_auth.Auth()) as client:
        client.get(ours.url, extensions={"trace": lambda event, _: events.append(event)})
    assert "http11.send_request_headers.started" in events


def test_no_address_leads_elsewhere_than_it_is_read(ours: Service, other: Service, call: Any) -> None:
    host = ours.url.removeprefix("http://")
    for url in [
        f"{other.url}\\@{host}/",
        f"{other.url}%2f@{host}/",
        f"{other.url}\t@{host}/",
        f"http://me:pass@{host}/",
    ]:
        with pytest.raises(aep_auth.RefusedError) as refused:
            aep_auth.headers(url)
        assert "pass" not in str(refused.value)
    assert "authorization" in {name.lower() for name in aep_auth.headers(ours.url)}


def test_a_redirect_on_the_same_host_does(ours: Service, call: Any) -> None:
    ours.answers = [(302, {"Location": "/there"})]
    assert call(ours.url).status == 200
    assert [path for path, _, _ in ours.seen] == ["/", "/there"]
    assert len(set(ours.tokens())) == 1


def test_a_renewed_request_may_lead_to_another_host(ours: Service, other: Service, call: Any) -> None:
    ours.answers = [(401, {}), (302, {"Location": other.url})]
    assert call(ours.url).status == 200
    assert len(ours.seen) == 2
    assert other.tokens() == [None]


@pytest.mark.parametrize("body", [b"bytes", "text"])
def test_a_body_is_sent_again(ours: Service, call: Any, body: Any) -> None:
    ours.answers = [(401, {})]
    assert call(ours.url, method="POST", content=body).status == 200
    assert [sent for _, _, sent in ours.seen] == [bytes(str(body), "ascii") if body == "text" else body] * 2


def test_a_file_is_sent_again_whole(ours: Service) -> None:
    ours.answers = [(401, {})]
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    assert by_requests(aep_auth.Auth(), "POST", ours.url, {}, content=file).status == 200
    assert [body for _, _, body in ours.seen] == [b"456789"] * 2


def test_a_stream_that_is_gone_is_said_and_the_token_renewed(ours: Service, stored: World) -> None:
    # httpx does not tell a file from a generator.
    for library, content in [
        (by_requests, iter([b"a", b"b"])),
        (by_httpx, iter([b"a", b"b"])),
        (by_httpx, io.BytesIO(b"ab")),
    ]:
        before = aep_auth.token()
        ours.answers = [(401, {})]
        ours.seen.clear()
        with pytest.warns(RuntimeWarning, match="send the request again"):
            answer = library(aep_auth.Auth(), "POST", ours.url, {}, content=content)
        assert answer.status == 401
        assert [body for _, _, body in ours.seen] == [b"ab"]
        assert aep_auth.token() != before


def test_a_refused_credential_is_an_error_and_no_bare_request(ours: Service, stored: World, call: Any) -> None:
    stored.emulator("secrets", {"client_id": client_id(stored), "secrets": ["p8e-another"]})
    with pytest.raises(aep_auth.RefusedError, match="invalid_client"):
        call(ours.url)
    assert ours.seen == []


def test_a_renewal_that_ims_refuses_is_an_error(stored: World, call: Any) -> None:
    stored.revoke(aep_auth.token())
    stored.emulator("secrets", {"client_id": client_id(stored), "secrets": ["p8e-another"]})
    with pytest.raises(aep_auth.RefusedError, match="invalid_client"):
        call(stored.sandboxes)


def client_id(world: World) -> str:
    return world.environment["AEP_CLIENT_ID"]


def test_no_profile_is_an_error(world: World, call: Any) -> None:
    with pytest.raises(aep_auth.ConfigurationError):
        call(world.sandboxes, auth=aep_auth.Auth("nowhere"))


def at_once(count: int, work: Callable[[], int]) -> list[int]:
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(work) for _ in range(count)]]


def test_fifty_threads_with_a_401_at_once_make_one_renewal(stored: World) -> None:
    gate = threading.Barrier(50)
    revoked = aep_auth.token()
    stored.revoke(revoked)
    # All are refused before one renews, as where a token ends in the middle of work.
    auth = aep_auth.Auth()
    renew = auth._renew

    def together(sent: aep_auth.Secret) -> Any:
        gate.wait(30)
        return renew(sent)

    auth._renew = together  # type: ignore[method-assign]
    assert at_once(50, lambda: by_requests(auth, "GET", stored.sandboxes, {}).status) == [200] * 50
    assert stored.token_requests() == 2


def test_fifty_tasks_with_a_401_make_one_renewal(stored: World) -> None:
    stored.revoke(aep_auth.token())

    async def all_of_them() -> list[int]:
        async with httpx.AsyncClient(auth=aep_auth.Auth(), timeout=60) as client:
            answers = await asyncio.gather(*(client.get(stored.sandboxes) for _ in range(50)))
        return [answer.status_code for answer in answers]

    assert asyncio.run(all_of_them()) == [200] * 50
    assert stored.token_requests() == 2


def test_fifty_processes_with_a_401_make_one_renewal(stored: World) -> None:
    stored.revoke(aep_auth.token())
    code = f"import aep_auth, requests; print(requests.get({stored.sandboxes!r}, auth=aep_auth.Auth()).status_code)"
    assert set(stored.crowd(50, code)) == {"200\n"}
    assert stored.token_requests() == 2


def test_a_session_serves_many_requests_and_both_kinds_of_host(stored: World, other: Service) -> None:
    with requests.Session() as session:
        session.auth = aep_auth.Auth()
        assert session.get(stored.sandboxes, timeout=30).status_code == 200
        assert session.get(other.url, timeout=30).status_code == 200
        stored.revoke(aep_auth.token())
        assert session.get(stored.sandboxes, timeout=30).status_code == 200
    assert other.tokens() == [None]
    assert stored.token_requests() == 2


def test_it_crosses_to_another_process_and_shows_nothing() -> None:
    auth = aep_auth.Auth("prod", sandbox="dev1")
    again = pickle.loads(pickle.dumps(auth))
    assert repr(again) == repr(auth) == "Auth(profile='prod', sandbox='dev1')"
    assert isinstance(auth, aep_auth.Auth)
    assert isinstance(auth, httpx.Auth)
