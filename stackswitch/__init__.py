"""Stack switching for WebAssembly: test, trace and fix it; and call guests with ``await``, on any backend.

The names below are the library. They are imported when they are first used, so that the command line
starts without an engine.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
"""Not from ``typing``: until the command line takes signals, Python answers a Ctrl-C with a traceback."""
if TYPE_CHECKING:
    from .backends.library import Wasi
    from .errors import (
        BackendUnavailableError,
        ConfigError,
        GuestError,
        GuestFrame,
        GuestMemoryError,
        GuestStateError,
        GuestTimeoutError,
        GuestTrapError,
        GuestTypeError,
        ImportsError,
        StackswitchError,
        SuspendRefusedError,
    )
    from .guest.caller import Caller
    from .guest.guest import Guest, Suspended
    from .guest.imports import JavaScript, reads
    from .guest.memory import Memory
    from .guest.opening import open_guest as open  # noqa: A004 (stackswitch.open reads as it should)
    from .pool import Pool

__version__ = "0.1.0"

_ROOMS = {
    "Caller": "guest.caller",
    "Guest": "guest.guest",
    "JavaScript": "guest.imports",
    "Memory": "guest.memory",
    "Pool": "pool",
    "Suspended": "guest.guest",
    "Wasi": "backends.library",
    "reads": "guest.imports",
}
"""Where a name is found; those that are not here are errors."""

__all__ = [
    "BackendUnavailableError",
    "Caller",
    "ConfigError",
    "Guest",
    "GuestError",
    "GuestFrame",
    "GuestMemoryError",
    "GuestStateError",
    "GuestTimeoutError",
    "GuestTrapError",
    "GuestTypeError",
    "ImportsError",
    "JavaScript",
    "Memory",
    "Pool",
    "StackswitchError",
    "SuspendRefusedError",
    "Suspended",
    "Wasi",
    "__version__",
    "open",
    "reads",
]


def __getattr__(name: str) -> object:
    if name == "open":
        return importlib.import_module(".guest.opening", __name__).open_guest
    if name not in __all__:
        raise AttributeError(f"stackswitch has no {name!r}")
    return getattr(importlib.import_module(f".{_ROOMS.get(name, 'errors')}", __name__), name)
