"""``token()`` and ``headers()``, and what they cost IMS."""

from __future__ import annotations

import datetime
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

import aep_auth

if TYPE_CHECKING:
    from conftest import World


def test_a_token_is_fetched_once_and_is_that_of_the_program(world: World) -> None:
    first = aep_auth.token()
    assert first == aep_auth.token() == world.run("token").strip()
    assert world.token_requests() == 1


def test_a_profile_is_taken_by_name(stored: World) -> None:
    stored.profile("other", "--sandbox", "dev1")
    assert aep_auth.token("other") == aep_auth.token(profile="prod")
    assert aep_auth.headers(profile="other")["x-sandbox-name"] == "dev1"
    assert "x-sandbox-name" not in aep_auth.headers(profile="prod")
    assert aep_auth.headers(profile="prod", sandbox="dev2")["x-sandbox-name"] == "dev2"


@pytest.mark.parametrize("least", ["2h", 7200, 7199.5, datetime.timedelta(hours=2)])
def test_a_token_that_ends_too_early_is_renewed(world: World, least: Any) -> None:
    world.emulator("life", {"ms": 3_600_000})
    aep_auth.token()
    world.emulator("life", {"ms": 86_400_000})
    aep_auth.token(min_valid="30m")
    assert world.token_requests() == 1
    aep_auth.token(min_valid=least)
    assert world.token_requests() == 2
    aep_auth.token(min_valid=least)
    assert world.token_requests() == 2


def test_the_headers_are_those_of_the_program(world: World) -> None:
    headers = aep_auth.headers(sandbox="dev1")
    assert headers == json.loads(world.run("headers", "--format", "json", "--sandbox", "dev1"))
    assert headers["Authorization"] == f"Bearer {aep_auth.token()}"


@pytest.mark.needs("headers --for")
def test_the_headers_of_an_address_are_those_of_its_service(stored: World) -> None:
    assert aep_auth.headers(stored.sandboxes)["Authorization"] == f"Bearer {aep_auth.token()}"


@pytest.mark.needs("headers --for")
def test_an_address_of_another_host_is_refused(stored: World) -> None:
    with pytest.raises(aep_auth.RefusedError):
        aep_auth.headers("https://example.com/")


def test_an_address_goes_to_the_command_line_without_what_is_secret_in_it(fake: Any) -> None:
    fake("""printf '{"said": "%s"}' "$*" """)
    said = aep_auth.headers("https://me:pass@h.example:8443/a/b?sig=secret#part")["said"]
    assert said == "headers --format=json --for=https://-@h.example:8443/a/b"
    # Nor without a scheme.
    assert aep_auth.headers("me:pass@h.example/a?key=secret")["said"].endswith(" --for=-@h.example/a")
    # A path may hold an `@`.
    assert aep_auth.headers("https://h.example/a@b")["said"].endswith("--for=https://h.example/a@b")


def test_no_value_is_taken_for_an_option(fake: Any) -> None:
    fake('for word in "$@"; do printf "[%s]" "$word"; done')
    assert aep_auth.token("--renew", "--json") == "[token][--profile=--renew][--min-valid=--json]"


def test_a_token_is_text_in_every_use_and_does_not_show_itself(world: World) -> None:
    token = aep_auth.token()
    plain = world.run("token").strip()
    assert isinstance(token, str)
    assert (str(token), f"{token}", json.dumps([token])) == (plain, plain, json.dumps([plain]))
    assert type(str(token)) is str
    for shown in (repr(token), repr([token]), f"{token!r}", repr(aep_auth.headers())):
        assert plain not in shown
        assert "hidden" in shown


def test_fifty_processes_at_once_make_one_request(world: World) -> None:
    told = world.crowd(50, "import aep_auth; print(aep_auth.token())")
    assert set(told) == {world.run("token")}
    assert world.token_requests() == 1


def test_the_version_is_that_of_the_distribution(world: World) -> None:
    assert world.run("--version").startswith(f"aep-auth {aep_auth.__version__} ")
    with pytest.raises(AttributeError):
        aep_auth.nothing  # noqa: B018


def test_every_public_name_is_there() -> None:
    for name in aep_auth.__all__:
        assert hasattr(aep_auth, name)
    assert os.path.exists(os.path.join(os.path.dirname(aep_auth.__file__), "py.typed"))
