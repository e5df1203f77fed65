"""The backends by name: imported when asked for, and why one cannot be had."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

from stackswitch.errors import BackendUnavailableError, ConfigError
from stackswitch.models.backend import BuildKind
from stackswitch.models.base import Frozen
from stackswitch.models.command import BackendSettings
from stackswitch.models.expect import ListName

from .base import Backend, CommandBackend, InstrumentedBackend
from .library import LibraryOpener

Progress = Callable[[str], None]
"""Told what takes long, in one line, when it begins."""


class BackendOptions(Frozen):
    """What opening a backend may take; each backend uses what concerns it.

    ``engine``: as on the command line (``node``, ``node@24``, ``node:/path``); ``jobs``: how many cases at a
    time; ``wasm_opt``: Binaryen's tool, None to look for it.
    """

    engine: str | None = None
    jobs: int = 1
    wasm_opt: Path | None = None


class CommandOptions(BackendOptions):
    """What opening a backend for commands may take.

    ``settings``: the suite's, for this backend. ``build``: which Asyncify build, None: as the suite says.
    ``lists``: by which a build of ours is made; without any, all that can wait is instrumented.
    """

    settings: BackendSettings = BackendSettings()
    build: BuildKind | None = None
    lists: dict[ListName, tuple[str, ...]] = {}


class BackendSpec(Frozen):
    """A backend that exists, whether or not it can run here.

    ``openers``: by kind of engine, the usual one first: ``module:function``, which takes ``BackendOptions``
    and a ``Progress`` or None. ``library``: its ``LibraryOpener``, likewise. ``commands``: what opens it for
    commands, which takes ``CommandOptions``; empty: none run on it. ``default``: whether it runs where no
    backend is named.
    """

    name: str
    summary: str
    openers: dict[str, str]
    library: str
    commands: str = ""
    default: bool = True

    @property
    def engine(self) -> str:
        """The usual engine."""
        return next(iter(self.openers))

    def opener(self, engine: str | None) -> str:
        """Return what opens it on an engine; what opens the usual one says what is wrong with any other.

        :param engine: as on the command line, None: the usual one
        """
        return self.openers.get(_kind(engine or self.engine), self.openers[self.engine])

    def engine_meant(self, engine: str | None, *, named: bool) -> str | None:
        """Return the engine to open it on.

        One that was asked for goes for the backends that were named, and those that it is the usual one of.

        :param named: whether this backend was asked for by name
        """
        return engine if engine is None or named or _kind(engine) == self.engine else None


def _kind(engine: str) -> str:
    return re.split("[@:]", engine, maxsplit=1)[0]


BACKENDS = {
    spec.name: spec
    for spec in (
        BackendSpec(
            name="asyncify",
            summary="Asyncify on wasmtime, in process; on Node, by the polyfill, if that is asked for",
            openers={
                "wasmtime": "stackswitch.backends.wasmtime:open_backend",
                "node": "stackswitch.backends.node:open_asyncify_backend",
            },
            library="stackswitch.backends.wasmtime.library:open_asyncify",
            commands="stackswitch.backends.node:open_asyncify_commands",
        ),
        BackendSpec(
            name="jspi",
            summary="JSPI on Node, in a child process",
            openers={"node": "stackswitch.backends.node:open_backend"},
            library="stackswitch.backends.node.library:open_library",
            commands="stackswitch.backends.node:open_jspi_commands",
        ),
        BackendSpec(
            name="fiber",
            summary="modules as they are on wasmtime's own stacks, in process: an oracle for lists",
            openers={"wasmtime": "stackswitch.backends.wasmtime.fiber:open_backend"},
            library="stackswitch.backends.wasmtime.library:open_fiber",
            default=False,
        ),
    )
}


def backend_spec(name: str) -> BackendSpec:
    """Look a backend up.

    :raises ConfigError: there is none of that name
    """
    if name not in BACKENDS:
        raise ConfigError(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    return BACKENDS[name]


async def open_backend(name: str, options: BackendOptions, progress: Progress | None = None) -> Backend:
    """Import a backend's room and start it.

    :raises ConfigError: there is none of that name
    :raises BackendUnavailableError: it exists, but a package it stands on cannot be imported
    :raises StackswitchError: whatever else keeps it from starting, with the way to mend it
    """
    opener = cast(
        "Callable[[BackendOptions, Progress | None], Awaitable[Backend]]",
        _imported(name, backend_spec(name).opener(options.engine)),
    )
    return await opener(options, progress)


def library_opener(name: str) -> LibraryOpener:
    """Return what opens modules for the library on a backend.

    :raises ConfigError: there is none of that name
    :raises BackendUnavailableError: it exists, but a package it stands on cannot be imported
    """
    return cast("LibraryOpener", _imported(name, backend_spec(name).library))


async def open_command_backend(
    name: str, options: CommandOptions, progress: Progress | None = None
) -> CommandBackend:
    """Import a backend's room and make it ready for commands; raises what ``open_backend`` does."""
    where = backend_spec(name).commands
    if not where:
        raise BackendUnavailableError(f"commands bring a JavaScript engine: the backend {name!r} runs none")
    opener = cast(
        "Callable[[CommandOptions, Progress | None], Awaitable[CommandBackend]]", _imported(name, where)
    )
    return await opener(options, progress)


async def open_instrumented_backend(
    options: CommandOptions, progress: Progress | None = None
) -> InstrumentedBackend:
    """Open what runs commands on builds by lists; raises what ``open_backend`` does."""
    options = options.model_copy(update={"build": "instrumented"})
    return cast("InstrumentedBackend", await open_command_backend("asyncify", options, progress))


def _imported(name: str, place: str) -> object:
    """Import what stands at ``module:function``."""
    module_name, _, function = place.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise BackendUnavailableError(
            f"the backend {name!r} cannot be loaded: {error}; reinstall stackswitch to get its packages"
        ) from error
    return getattr(module, function)
