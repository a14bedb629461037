"""Which program is run, what it gets of ours, and what it costs."""

from __future__ import annotations

import base64
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

import aep_auth
from aep_auth import _program

if TYPE_CHECKING:
    from conftest import World

NAME = "aep-auth.exe" if os.name == "nt" else "aep-auth"
PROGRAM = b"#!/bin/sh\necho from the distribution\n"


def site(tmp_path: Path, listed: str = f"../../../bin/{NAME}", name: str = "aep_auth-1.0.dist-info") -> Path:
    """A folder of packages, in which a distribution lists a program."""
    folder = tmp_path / "lib/python3/site-packages"
    (folder / name).mkdir(parents=True)
    digest = base64.urlsafe_b64encode(hashlib.sha256(PROGRAM).digest()).rstrip(b"=").decode()
    completion = f"../../../share/bash-completion/completions/{NAME},,\n"
    (folder / name / "METADATA").write_text("Metadata-Version: 2.1\nName: aep-auth\nVersion: 1.0\n")
    (folder / name / "RECORD").write_text(f"{completion}{listed},sha256={digest},{len(PROGRAM)}\n")
    (tmp_path / "share/bash-completion/completions").mkdir(parents=True)
    (tmp_path / "share/bash-completion/completions" / NAME).write_text("complete")
    return folder


def put(path: Path, content: bytes = PROGRAM) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_it_is_the_one_that_the_list_names(tmp_path: Path) -> None:
    program = put(tmp_path / "bin" / NAME)
    assert _program._find(str(site(tmp_path))) == str(program)
    assert _program._find(os.path.dirname(os.path.dirname(aep_auth.__file__))) == _program.path()


def test_where_programs_were_moved_to_a_target_it_is_the_one_there(tmp_path: Path) -> None:
    folder = site(tmp_path)
    program = put(folder / "bin" / NAME)
    # The list leads out of the target, to where anyone may have put something.
    put(tmp_path / "bin" / NAME, b"#!/bin/sh\necho from someone else\n")
    assert _program._find(str(folder)) == str(program)


def test_one_with_another_digest_is_not_taken(tmp_path: Path) -> None:
    folder = site(tmp_path)
    for place in (tmp_path, folder):
        put(place / "bin" / NAME, PROGRAM + b"# changed\n")
    with pytest.raises(aep_auth.ConfigurationError, match="not where it was installed"):
        _program._find(str(folder))


@pytest.mark.parametrize(
    "folder",
    [
        site,
        lambda path: site(path, listed=f"../../../share/{NAME}"),
        lambda path: site(path, name="other-1.0.dist-info"),
    ],
)
def test_no_other_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Callable[[Path], Path]) -> None:
    for name in ("elsewhere", "share"):
        put(tmp_path / name / NAME)
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    with pytest.raises(aep_auth.ConfigurationError) as caught:
        _program._find(str(folder(tmp_path)))
    assert caught.value.exit_code == 3
    assert "pip install" in str(caught.value.hint)


def test_a_program_of_that_name_on_the_path_is_not_run(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "elsewhere" / NAME, b"#!/bin/sh\necho from the path\n")
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert aep_auth.token().startswith("eyJ")


def test_the_module_is_the_program_where_that_is_not_on_the_path(world: World, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / NAME, b"#!/bin/sh\necho from the path\n")

    def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": str(tmp_path / "elsewhere")}
        command = [sys.executable, "-m", "aep_auth", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, **more)

    token = world.run("token")
    assert run("token").stdout == token
    # Arguments, exit code and standard input are its own.
    assert run("token", "--nonsense").returncode == 2
    assert run("token", "--refused", "-", input=token).stdout not in ("", token)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are listed by /proc")
def test_the_program_gets_no_descriptor_of_ours(fake: Any, tmp_path: Path) -> None:
    fake('for fd in /proc/$$/fd/*; do readlink "$fd" || true; done')
    with (tmp_path / "secret-file").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        held = aep_auth.token().splitlines()
    assert held
    assert not [path for path in held if path.endswith("secret-file")]


def test_the_program_reads_nothing_of_our_standard_input(fake: Any) -> None:
    fake('cat; echo "end"')
    assert aep_auth.token() == "end"


def test_control_c_passes_and_takes_the_program_along(fake: Any, tmp_path: Path) -> None:
    fake(f"echo $$ > {tmp_path}/pid; exec sleep 600")

    def interrupt() -> None:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
        # Until `subprocess` waits for it, it has not taken the program over yet.
        wait_until(is_waiting)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        aep_auth.token()
    wait_until(lambda: is_gone(int((tmp_path / "pid").read_text())))


def is_waiting() -> bool:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None and frame.f_code.co_name != "communicate":
        frame = frame.f_back
    return frame is not None


def is_gone(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] == child
    except ChildProcessError:
        return True


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        os.sched_yield()


def cheapest(count: int, clock: Callable[[], float], *works: Callable[[], object]) -> list[float]:
    """The least of each by this clock, in turns, so that a busy machine slows all alike."""
    best = [float("inf")] * len(works)
    for _ in range(count):
        for index, work in enumerate(works):
            start = clock()
            work()
            best[index] = min(best[index], clock() - start)
    return best


def test_importing_costs_next_to_nothing() -> None:
    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    def used() -> float:
        # The processor's time of the interpreters: the wall's is more of the machine's other work than of 10 ms.
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    empty, ours = cheapest(60, used, run("pass"), run("import aep_auth"))
    print(f"import aep_auth, to an empty interpreter, processor's time: {ours / empty:.2f}")
    assert ours <= 1.3 * empty, f"{ours / empty:.2f}"


def test_importing_loads_no_library_that_is_used_later() -> None:
    late = ["aepp", "httpx", "importlib.metadata", "json", "requests", "subprocess", "typing"]
    code = f"import sys, aep_auth; print(*[name for name in {late} if name in sys.modules])"
    with_site = subprocess.run(
        [sys.executable, "-S", "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert not set(late) & set(with_site.stdout.split())
    path = os.path.dirname(os.path.dirname(aep_auth.__file__))
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def test_a_cached_token_costs_a_few_empty_processes(world: World) -> None:
    if "debug" in world.run("--version"):
        pytest.skip("a program without optimisation says nothing of the one that is shipped")
    aep_auth.token()
    empty, ours = cheapest(100, time.perf_counter, lambda: subprocess.run(["true"], check=True), aep_auth.token)
    print(f'token(), cached, to subprocess.run(["true"]): {ours / empty:.2f} ({1000 * ours:.1f} ms)')
    assert ours <= 4 * empty, f"{ours / empty:.2f}"
