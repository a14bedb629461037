"""aepp itself, against the emulator."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import aepp
import pytest
from aepp import connector

import aep_auth
import aep_auth.aepp

if TYPE_CHECKING:
    from conftest import World

THEIRS = connector.AdobeRequest.get_oauth_token_and_expiry_for_config


@pytest.fixture(autouse=True)
def _as_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector.AdobeRequest, "get_oauth_token_and_expiry_for_config", THEIRS)


def listed(answer: Any) -> int:
    return len(answer["results"])


def test_its_objects_have_the_token_of_the_cache(stored: World) -> None:
    aep_auth.aepp.configure("prod", platform_url=stored.url)
    objects = [connector.AdobeRequest() for _ in range(3)]
    assert {request.token for request in objects} == {str(aep_auth.token())}
    assert stored.token_requests() == 1


def test_an_instance_is_given_where_it_is_asked_for(stored: World) -> None:
    assert aep_auth.aepp.configure("prod", platform_url=stored.url) is None
    instance = aep_auth.aepp.configure("prod", sandbox="dev1", connectInstance=True, platform_url=stored.url)
    instance.connect()
    assert instance.token == aep_auth.token()
    assert instance.sandbox == "dev1"


def test_the_sandbox_is_the_profiles_unless_one_is_named(stored: World) -> None:
    stored.profile("dev", "--sandbox", "dev1")
    for profile, sandbox, expected in [("prod", None, "prod"), ("dev", None, "dev1"), ("dev", "dev2", "dev2")]:
        aep_auth.aepp.configure(profile, sandbox=sandbox)
        assert aepp.config.header["x-sandbox-name"] == expected


def test_no_secret_is_in_it(stored: World) -> None:
    aep_auth.aepp.configure("prod")
    assert aepp.config.config_object["secret"] == "(held by aep-auth) prod"
    assert aepp.config.endpoints["global"] == "https://platform.adobe.io"


def test_a_configuration_of_its_own_is_left_to_it(stored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        connector.AdobeRequest,
        "get_oauth_token_and_expiry_for_config",
        # As aepp has it: the arguments' names are what is looked at.
        lambda self, config, verbose=False, save=False: asked.append(config) or connector.TokenInfo("theirs", 3600),
    )
    aep_auth.aepp.configure("prod")
    aepp.configure(org_id="o", client_id="c", secret="s", scopes="openid")
    request = connector.AdobeRequest()
    assert request.token == "theirs"
    assert request.session.auth is None
    assert [config["secret"] for config in asked] == ["s"]


def test_configuring_twice_replaces_once(stored: World) -> None:
    aep_auth.aepp.configure("prod")
    ours = connector.AdobeRequest.get_oauth_token_and_expiry_for_config
    aep_auth.aepp.configure("prod")
    assert connector.AdobeRequest.get_oauth_token_and_expiry_for_config is ours
    assert ours is not THEIRS


@pytest.mark.parametrize("change", ["function", "answer", "caller"])
def test_another_shape_is_refused_and_left_as_it_is(
    stored: World, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    if change == "function":
        monkeypatch.setattr(
            connector.AdobeRequest, "get_oauth_token_and_expiry_for_config", lambda self, settings: None
        )
    elif change == "answer":
        monkeypatch.delattr(connector, "TokenInfo")
    else:
        monkeypatch.setattr(connector.AdobeRequest, "_checkingDate", lambda self: None)
    before = connector.AdobeRequest.get_oauth_token_and_expiry_for_config
    with pytest.raises(aep_auth.ConfigurationError, match=r"aepp 0\.6\.0 asks for its tokens in a way"):
        aep_auth.aepp.configure("prod")
    assert connector.AdobeRequest.get_oauth_token_and_expiry_for_config is before


def test_an_organization_is_needed(stored: World) -> None:
    stored.run("profile", "set", "prod", "org_id=")
    with pytest.raises(aep_auth.ConfigurationError, match="org_id"):
        aep_auth.aepp.configure("prod")


def test_a_credential_that_is_refused_is_said_at_once(stored: World) -> None:
    stored.emulator("secrets", {"client_id": stored.environment["AEP_CLIENT_ID"], "secrets": ["p8e-another"]})
    with pytest.raises(aep_auth.RefusedError):
        aep_auth.aepp.configure("prod")


def test_a_certificate_is_checked(stored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    aep_auth.aepp.configure("prod", platform_url=stored.url)
    session = connector.AdobeRequest().session
    # What aepp says in each of its calls.
    assert session.merge_environment_settings("https://h", {}, False, False, None)["verify"] is True


def test_it_is_loaded_on_demand() -> None:
    assert aep_auth.aepp is sys.modules["aep_auth.aepp"]


@pytest.mark.needs("headers --for", "token --refused")
def test_it_calls_the_platform_and_renews(stored: World) -> None:
    aep_auth.aepp.configure("prod", platform_url=stored.url)
    caller = connector.AdobeRequest()
    registry = {**caller.header, "Accept": "application/vnd.adobe.xed-id+json"}
    assert listed(caller.getData(stored.classes, headers=registry)) == 4
    stored.revoke(aep_auth.token())
    assert listed(caller.getData(stored.classes, headers=registry)) == 4
    assert stored.token_requests() == 2


@pytest.mark.needs("headers --for", "token --refused")
def test_another_host_does_not_get_the_token(stored: World, tmp_path: Any) -> None:
    aep_auth.aepp.configure("prod", platform_url=stored.url)
    request = connector.AdobeRequest()
    assert request.header["Authorization"].startswith("Bearer ")
    prepared = request.session.auth(
        type(request.session).prepare_request(request.session, _request("https://e.example"))
    )
    assert "Authorization" not in prepared.headers


def _request(url: str) -> Any:
    import requests

    return requests.Request("GET", url, headers={"Authorization": "Bearer x"})
