"""The backends by name: imported when asked for, and why one cannot be had."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Literal, cast

from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.engines.spec import engine_name, parse_engine
from stackswitch.errors import BackendUnavailableError, ConfigError
from stackswitch.models.backend import BuildKind
from stackswitch.models.base import Frozen
from stackswitch.models.command import BackendSettings
from stackswitch.models.expect import ListName

from .base import Backend, CommandBackend, InstrumentedBackend
from .guest_protocol import GuestOpener

Progress = Callable[[str], None]
"""Told what takes long, in one line, when it begins."""
Use = Literal["cases", "commands", "guests"]
"""What a backend is opened for: cases that call exports, commands, or guests of the library."""
_COMMAND_ENGINES = ("node",)
"""Commands bring glue in JavaScript: whichever backend, they run on these."""


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
    and a ``Progress`` or None. ``library``: its ``GuestOpener``, likewise. ``commands``: what opens it for
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

    def engines(self, use: Use = "cases") -> tuple[str, ...]:
        """Return the engines it runs on, by name; none: it is not there for that use."""
        if use == "cases":
            return tuple(self.openers)
        if use == "commands":
            return _COMMAND_ENGINES if self.commands else ()
        return (self.engine,)

    def opener(self, engine: str | None) -> str:
        """Return what opens it for cases.

        :param engine: as on the command line, None: the usual one
        :raises ConfigError: it does not run on that one
        """
        if engine is None:
            return self.openers[self.engine]
        check_engine(engine, [self.name])
        return self.openers[engine_name(engine)]

    def engine_meant(self, engine: str | None, *, named: bool, use: Use = "cases") -> str | None:
        """Return the engine to open it on, None: the usual one.

        One that was asked for goes for the backends that were named and can use it, and for those that it is
        the usual one of.

        :param named: whether this backend was asked for by name
        """
        if engine is None or engine_name(engine) not in self.engines(use):
            return None
        return engine if named or use != "cases" or engine_name(engine) == self.engine else None


BACKENDS = {
    spec.name: spec
    for spec in (
        BackendSpec(
            name="asyncify",
            summary="Asyncify on wasmtime, in process; on Node, by the polyfill, if that is asked for",
            openers={
                "wasmtime": "stackswitch.backends.wasmtime.cases.asyncify:open_backend",
                "node": "stackswitch.backends.node:open_asyncify_backend",
            },
            library="stackswitch.backends.wasmtime.guests.module:open_asyncify",
            commands="stackswitch.backends.node:open_asyncify_commands",
        ),
        BackendSpec(
            name="jspi",
            summary="JSPI on Node, in a child process",
            openers={"node": "stackswitch.backends.node:open_backend"},
            library="stackswitch.backends.node.guests.module:open_library",
            commands="stackswitch.backends.node:open_jspi_commands",
        ),
        BackendSpec(
            name="fiber",
            summary="modules as they are on wasmtime's own stacks, in process: an oracle for lists",
            openers={"wasmtime": "stackswitch.backends.wasmtime.cases.fiber:open_backend"},
            library="stackswitch.backends.wasmtime.guests.module:open_fiber",
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


def check_engine(
    engine: str, backends: Collection[str], *, uses: tuple[Use, ...] = ("cases",), every: bool = True
) -> None:
    """Refuse an engine that is none, or that backends cannot use: the rule for every command and the library.

    :param engine: as it was written
    :param backends: those that are going to be opened
    :param uses: what for
    :param every: each of them has to run on it; else one has to
    :raises ConfigError: with the engines that may stand there, and the nearest match
    """
    can = {name: _engines(name, uses) for name in backends}
    usable = tuple(dict.fromkeys(each for engines in can.values() for each in engines))
    name = engine_name(engine)
    if name in usable or name not in RUNTIMES:
        spec = parse_engine(engine, usable or tuple(RUNTIMES))
        if RUNTIMES[spec.name].how == "library" and (spec.version or spec.path):
            raise ConfigError(
                f"the engine {engine!r} cannot be had: {spec.name} is the Python package that is installed;"
                f" write {spec.name}"
            )
    unfit = [each for each, engines in can.items() if name not in engines]
    if unfit and (every or len(unfit) == len(can)):
        raise ConfigError(
            f"{' and '.join(unfit)} cannot run on the engine {engine!r}: "
            + "; ".join(f"{each} runs on {' or '.join(can[each]) or 'none here'}" for each in unfit)
        )


def _engines(backend: str, uses: tuple[Use, ...]) -> tuple[str, ...]:
    spec = backend_spec(backend)
    return tuple(dict.fromkeys(each for use in uses for each in spec.engines(use)))


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


def library_opener(name: str) -> GuestOpener:
    """Return what opens modules for the library on a backend.

    :raises ConfigError: there is none of that name
    :raises BackendUnavailableError: it exists, but a package it stands on cannot be imported
    """
    return cast("GuestOpener", _imported(name, backend_spec(name).library))


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
