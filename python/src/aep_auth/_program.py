"""Runs the ``aep-auth`` that this distribution brought, and no other: neither one from ``PATH`` nor one that a variable
names. Which one that is, the installer wrote into the distribution's list of files, with its digest.

No shell, no limit of time of its own (the program has its own), and no descriptor of ours passes to the program. What
the program tells on standard error, warnings and ``AEP_LOG``, goes to ``sys.stderr``.
"""

from __future__ import annotations

from ._errors import ConfigurationError, from_exit
from ._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Optional

#: The program to run instead, for tests of this package alone. It is no setting: whoever can assign here runs code
#: already, and so it gives nothing away, as a variable of the environment would.
PATH: Optional[str] = None

_HINT = "install it again: python -m pip install --force-reinstall aep-auth"
#: What was found, for the rest of the process.
_found: list[str] = []


def run(*arguments: str, given: Optional[Secret] = None) -> Secret:
    """Gives the program's standard output; a refusal is an exception with its words.

    ``given`` goes to its standard input.
    """
    code, told, output = _ask([path(), *arguments], given)
    told, message, hint = _understand(told)
    _pass_on(told)
    if code == 0:
        return output
    if message is None:
        message = f"aep-auth ended with {code}" if code > 0 else f"aep-auth was ended by signal {-code}"
    raise from_exit(code, message, hint)


def path() -> str:
    """The program's path; it is looked for once in a process."""
    if PATH is not None:
        return PATH
    if not _found:
        import os

        _found.append(_find(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    return _found[0]


def _ask(command: list[str], given: Optional[Secret]) -> tuple[int, str, Secret]:
    import subprocess

    why: Optional[str] = None
    try:
        done = subprocess.run(
            command,
            # Plain bytes of a `Secret` are made here and nowhere else.
            input=None if given is None else given.encode(),
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        why = error.strerror or type(error).__name__
    # Not raised above: the frames of `subprocess` in that error's traceback hold the input as it is.
    if why is not None:
        raise ConfigurationError(f"{command[0]} cannot be run: {why.lower()}", _HINT, 3)
    # No byte makes this fail: a decoding error would carry all of them.
    return done.returncode, done.stderr.decode("utf-8", "replace"), Secret(done.stdout.decode("utf-8", "replace"))


def _understand(told: str) -> tuple[str, Optional[str], Optional[str]]:
    """What the program told besides, its error, its hint."""
    rest: list[str] = []
    message: list[str] = []
    hint: list[str] = []
    into = rest
    for line in told.splitlines():
        if line.startswith("error: ") and not message:
            into = message
        elif line.startswith("hint: ") and message:
            into = hint
        into.append(line)
    # A wrong command line is explained with the usage of the program, which is none of the caller's.
    words = "\n".join(message)[len("error: ") :].split("\n\nUsage:")[0].strip()
    cure = "\n".join(hint)[len("hint: ") :].strip()
    return "\n".join(rest).strip(), words or None, cure or None


def _pass_on(told: str) -> None:
    import sys

    # There is none below pythonw.
    if told and sys.stderr is not None:
        sys.stderr.write(told + "\n")


def _find(site: str) -> str:
    """The program of the distribution that stands in this folder, beside this package."""
    import os

    name = "aep-auth.exe" if os.name == "nt" else "aep-auth"
    looked: list[str] = []
    for listed, digest in _listed(site, name):
        # `pip install --target` moves the programs into the target and leaves the list as it was, so that the list then
        # leads to a folder that may be anyone's. Hence the digest, for every place.
        for place in (os.path.join(site, listed), os.path.join(site, *listed.split("/")[-2:])):
            normal = os.path.normpath(place)
            if _digest(normal) == digest:
                return normal
            looked.append(normal)
    where = ", ".join(looked) or f"the list of files of aep-auth in {site}, which names no program"
    raise ConfigurationError(
        f"the program aep-auth is not where it was installed, or is another; looked at {where}", _HINT, 3
    )


def _listed(site: str, name: str) -> Iterator[tuple[str, str]]:
    """The programs of that name in the lists of files of this distribution, and the digest of each.

    Read here, because `importlib.metadata` takes longer to load than a cached token to get.
    """
    import os

    folders = os.listdir(site) if os.path.isdir(site) else []
    for folder in folders:
        if not (folder.startswith("aep_auth-") and folder.endswith(".dist-info")):
            continue
        try:
            with open(os.path.join(site, folder, "RECORD"), encoding="utf-8") as record:
                lines = record.read().splitlines()
        except OSError:
            continue
        for line in lines:
            path, _, digest = line.rpartition(",")[0].rpartition(",")
            parts = path.strip('"').split("/")
            # A completion has the same name.
            if parts[-1] == name and parts[-2:-1] in (["bin"], ["Scripts"]) and digest.startswith("sha256="):
                yield "/".join(parts), digest


def _digest(path: str) -> Optional[str]:
    """A file's digest as the list has it; none where there is no file."""
    import base64
    import hashlib

    try:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).digest()
    except OSError:
        return None
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
