"""The program's refusals as exceptions: one class for each of its exit codes, so that a caller decides by class.

An error holds the program's own words, which never hold a token or a secret.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


class Error(Exception):
    """The program could not give what was asked for.

    ``message`` and ``hint`` are its words; ``exit_code`` is what it ended with.
    """

    def __init__(self, message: str, hint: Optional[str] = None, exit_code: int = 1) -> None:
        # All three in `args`, so that an error can cross to another process.
        super().__init__(message, hint, exit_code)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\nhint: {self.hint}"


class FaultError(Error):
    """A fault of the program or of this module (exit code 1, or ended by a signal)."""


class UsageError(Error):
    """An argument that the program does not take (exit code 2)."""


class ConfigurationError(Error):
    """No profile, a missing field, a bad file or key; or the program itself is missing (exit code 3)."""


class RefusedError(Error):
    """IMS or the platform said no, or the address is none of the profile's (exit code 4)."""


class UnreachableError(Error):
    """The network, TLS, a timeout, or an answer that is none (exit code 5)."""


class StorageError(Error):
    """Local storage (exit code 6)."""


_BY_CODE = {
    2: UsageError,
    3: ConfigurationError,
    4: RefusedError,
    5: UnreachableError,
    6: StorageError,
}


def from_exit(code: int, message: str, hint: Optional[str]) -> Error:
    """The exception of an exit code."""
    return _BY_CODE.get(code, FaultError)(message, hint, code)
