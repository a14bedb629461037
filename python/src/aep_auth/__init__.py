"""Access tokens for Adobe Experience Platform: fetched once, renewed by themselves, shared by all processes.

``token()`` and ``headers()`` ask the program ``aep-auth`` that this distribution brought; ``Auth`` does so for each
request of requests and httpx; ``aep_auth.aepp.configure()`` for aepp. Profiles are made with ``aep-auth import``. No
secret and nothing of the network is handled here: what the program refuses is an ``Error`` with its words.
"""

from __future__ import annotations

from ._ask import headers, token
from ._auth import Auth
from ._errors import (
    ConfigurationError,
    Error,
    FaultError,
    RefusedError,
    StorageError,
    UnreachableError,
    UsageError,
)
from ._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import aepp as aepp

__all__ = [
    "Auth",
    "ConfigurationError",
    "Error",
    "FaultError",
    "RefusedError",
    "Secret",
    "StorageError",
    "UnreachableError",
    "UsageError",
    "headers",
    "token",
]


def __getattr__(name: str) -> object:
    # On demand: the reader of metadata takes longer to load than all of this.
    if name == "__version__":
        from importlib.metadata import version

        return version("aep-auth")
    if name == "aepp":
        from importlib import import_module

        return import_module("aep_auth.aepp")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
