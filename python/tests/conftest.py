"""What every test needs: the installed wheel, a home of its own, and the emulator that the wheel brings.

``check.sh`` makes the environment. A test that needs an option that this ``aep-auth`` has not is skipped, and says so.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aep_auth import _program

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]


def beside(name: str) -> str:
    """Another program of the wheel."""
    return str(Path(_program.path()).with_name(name))


class World:
    """An emulator and a home that points at it."""

    def __init__(self, home: Path, environment: dict[str, str], url: str) -> None:
        self.home = home
        self.environment = environment
        self.url = url
        self.classes = f"{url}/data/foundation/schemaregistry/global/classes"
        self.sandboxes = f"{url}/data/foundation/sandbox-management/"

    def emulator(self, path: str, body: Any = None) -> Any:
        """Drives the emulator."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url}/emulator/{path}", data=data, timeout=30) as answer:
            return json.load(answer)

    def token_requests(self) -> int:
        requests: int = self.emulator("state")["token_requests"]
        return requests

    def revoke(self, token: str) -> None:
        self.emulator("revoke", {"token": token})

    def run(self, *arguments: str) -> str:
        """Runs the program as a shell would; it must succeed."""
        done = subprocess.run([_program.path(), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def profile(self, name: str = "prod", *arguments: str) -> None:
        """Stores the emulator's credential as a profile."""
        url = ["--ims-url", self.url, "--platform-url", self.url]
        self.run("import", str(self.home / "emulator/credential-oauth.json"), "--profile", name, *url, *arguments)

    def crowd(self, count: int, code: str) -> list[str]:
        """What processes print that start at once; each must succeed in silence."""
        started = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        told = [process.communicate() for process in started]
        assert [error for _, error in told if error] == []
        return [output for output, _ in told]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The known OAuth client, by the environment."""
    for name in list(os.environ):
        if name.startswith(("AEP_", "IMS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    folder = tmp_path / "emulator"
    process = subprocess.Popen([beside("ims-emulator"), "--dir", str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        exports: dict[str, str] = {}
        for line in process.stdout:
            found = re.match(r"export (\w+)='(.*)'$", line)
            if found:
                exports[found[1]] = found[2]
            # The next part of its words is about the service account.
            elif exports and not line.strip():
                break
        exports["HOME"] = str(tmp_path)
        for name in ("config", "data", "cache"):
            exports[f"AEP_{name.upper()}_DIR"] = str(tmp_path / name)
        for name, value in exports.items():
            monkeypatch.setenv(name, value)
        yield World(tmp_path, exports, url)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def stored(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same client as the default profile, and nothing of it in the environment."""
    for name in world.environment:
        if name.startswith("AEP_") and not name.endswith("_DIR"):
            monkeypatch.delenv(name)
    world.profile()
    return world


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands a script in for the program."""

    def stand_in(script: str) -> None:
        path = tmp_path / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(_program, "PATH", str(path))

    return stand_in


def _help(command: str) -> str:
    return subprocess.run([_program.path(), command, "--help"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="session")
def _options() -> set[str]:
    return {
        f"{command} {option}" for command in ("headers", "token") for option in re.findall(r"--[a-z-]+", _help(command))
    }


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    marks = list(request.node.iter_markers("needs"))
    if marks:
        options: set[str] = request.getfixturevalue("_options")
        missing = [name for mark in marks for name in mark.args if name not in options]
        if missing:
            pytest.skip(f"this aep-auth has no `{'`, `'.join(missing)}`")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "needs(option): skipped while aep-auth has no such option, as in `headers --for`"
    )
    try:
        _program.path()
    except Exception as error:
        raise pytest.UsageError(f"the tests are of the installed wheel: python/check.sh ({error})") from error
