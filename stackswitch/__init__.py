"""Stack switching for WebAssembly: test, trace and fix it; and call guests with ``await``, on any backend.

The names below are the library. Each is imported when it is first used, so that the command line starts
without an engine.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
"""Not from ``typing``: until the command line handles signals, Python answers a Ctrl-C with a traceback."""
if TYPE_CHECKING:
    from stackswitch.backends.guest_protocol import Wasi

    from .errors import (
        BackendUnavailableError,
        ConfigError,
        DownloadError,
        EngineError,
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
        ToolError,
        ToolNotFoundError,
        WasmFormatError,
    )
    from .guest.guest import Caller, Guest, Suspended
    from .guest.imports import Imports, JavaScript, reads
    from .guest.memory import Memory
    from .guest.opening import open_guest as open  # noqa: A004 (stackswitch.open reads as it should)
    from .guest.options import GuestOptions
    from .guest.pool import Pool

__version__ = "0.1.0"

_DEFINED_IN = {
    "Caller": "guest.guest",
    "Guest": "guest.guest",
    "GuestOptions": "guest.options",
    "Imports": "guest.imports",
    "JavaScript": "guest.imports",
    "Memory": "guest.memory",
    "Pool": "guest.pool",
    "Suspended": "guest.guest",
    "Wasi": "backends.guest_protocol",
    "reads": "guest.imports",
}
"""The module of each public name that is not in ``errors``."""

__all__ = [
    "BackendUnavailableError",
    "Caller",
    "ConfigError",
    "DownloadError",
    "EngineError",
    "Guest",
    "GuestError",
    "GuestFrame",
    "GuestMemoryError",
    "GuestOptions",
    "GuestStateError",
    "GuestTimeoutError",
    "GuestTrapError",
    "GuestTypeError",
    "Imports",
    "ImportsError",
    "JavaScript",
    "Memory",
    "Pool",
    "StackswitchError",
    "SuspendRefusedError",
    "Suspended",
    "ToolError",
    "ToolNotFoundError",
    "Wasi",
    "WasmFormatError",
    "__version__",
    "open",
    "reads",
]


def __getattr__(name: str) -> object:
    if name == "open":
        return importlib.import_module(".guest.opening", __name__).open_guest
    if name not in __all__:
        raise AttributeError(f"stackswitch has no {name!r}")
    return getattr(importlib.import_module(f".{_DEFINED_IN.get(name, 'errors')}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
