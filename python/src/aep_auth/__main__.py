"""``python -m aep_auth …`` is ``aep-auth …``, for where the environment's programs are not on ``PATH``: a notebook."""

from __future__ import annotations

import os
import sys

from ._errors import Error
from ._program import path


def main() -> int:
    """Becomes the program, with the same arguments and streams; on Windows it runs it and gives its exit code."""
    try:
        program = path()
    except Error as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    command = [program, *sys.argv[1:]]
    if os.name == "nt":
        import subprocess

        return subprocess.run(command, check=False).returncode
    import signal

    # The interpreter ignores it, and what a process ignores its successor ignores too.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    return os.execv(program, command)  # noqa: S606, as no shell is meant


if __name__ == "__main__":
    sys.exit(main())
