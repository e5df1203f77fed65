"""The backends by name. Each is imported when it is first opened; if it cannot be, the error says why."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

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
"""Called with a line of text when something that takes long begins."""
_OpenedT = TypeVar("_OpenedT")
Opener = Callable[[Any, Progress | None], Awaitable[_OpenedT]]
"""Opens a backend by options, which depend on what it is opened for."""
Use = Literal["cases", "commands", "guests"]
"""What a backend is opened for: cases that call exports, commands, or guests of the library."""


class BackendOptions(Frozen):
    """Options for opening a backend; each backend uses those that concern it.

    :ivar engine: as on the command line (``node``, ``node@24``, ``node:/path``); None: the usual one
    :ivar jobs: how many cases run at a time
    :ivar wasm_opt: the path of Binaryen's tool; None: search for it
    """

    engine: str | None = None
    jobs: int = 1
    wasm_opt: Path | None = None


class CommandOptions(BackendOptions):
    """Options for opening a backend for commands.

    :ivar settings: the suite's, for this backend
    :ivar build: which Asyncify build; None: as the suite says
    :ivar lists: for a build of ours; empty: all functions that can be on the stack of a suspension
    """

    settings: BackendSettings = BackendSettings()
    build: BuildKind | None = None
    lists: dict[ListName, tuple[str, ...]] = {}


class BackendSpec(Frozen):
    """A backend that exists, whether or not it can run here. An opener is written ``module:function``.

    :ivar case_openers: by kind of engine, the usual one first; each takes ``BackendOptions`` and a
        ``Progress`` or None
    :ivar guest_opener: a ``GuestOpener``
    :ivar command_opener: takes ``CommandOptions`` and a ``Progress`` or None; empty: it runs no commands
    :ivar default: whether it runs when no backend is named
    """

    name: str
    summary: str
    case_openers: dict[str, str]
    guest_opener: str
    command_opener: str = ""
    default: bool = True

    @property
    def engine(self) -> str:
        """The usual engine."""
        return next(iter(self.case_openers))

    def engines(self, use: Use = "cases") -> tuple[str, ...]:
        """Return the names of the engines that it runs on; empty: it has no such use."""
        if use == "cases":
            return tuple(self.case_openers)
        if use == "commands":
            return ("node",) if self.command_opener else ()  # commands bring glue in JavaScript
        return (self.engine,)

    def opener(self, engine: str | None) -> str:
        """Return its opener for cases.

        :param engine: as on the command line; None: the usual one
        :raises ConfigError: it does not run on that engine
        """
        if engine is None:
            return self.case_openers[self.engine]
        check_engine(engine, [self.name])
        return self.case_openers[engine_name(engine)]

    def engine_meant(self, engine: str | None, *, named: bool, use: Use = "cases") -> str | None:
        """Return the engine to open it on; None: the usual one.

        An engine that the user chose applies to the backends that the user named and that can run on it. It
        also applies to those whose usual engine it is.

        :param engine: the user's choice, if there is one
        :param named: whether the user named this backend
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
            case_openers={
                "wasmtime": "stackswitch.backends.wasmtime.cases.backend:open_asyncify",
                "node": "stackswitch.backends.node.cases.asyncify:open_asyncify",
            },
            guest_opener="stackswitch.backends.wasmtime.guests.module:open_asyncify",
            command_opener="stackswitch.backends.node.commands.instrumented:open_asyncify",
        ),
        BackendSpec(
            name="jspi",
            summary="JSPI on Node, in a child process",
            case_openers={"node": "stackswitch.backends.node.cases.jspi:open_jspi"},
            guest_opener="stackswitch.backends.node.guests.module:open_jspi",
            command_opener="stackswitch.backends.node.commands.runner:open_jspi",
        ),
        BackendSpec(
            name="fiber",
            summary="modules as they are on wasmtime's own stacks, in process: an oracle for lists",
            case_openers={"wasmtime": "stackswitch.backends.wasmtime.cases.backend:open_fiber"},
            guest_opener="stackswitch.backends.wasmtime.guests.module:open_fiber",
            default=False,
        ),
    )
}


def backend_spec(name: str) -> BackendSpec:
    """Return a backend's specification.

    :raises ConfigError: there is none of that name
    """
    if name not in BACKENDS:
        raise ConfigError(f"there is no backend {name!r}; there are {', '.join(BACKENDS)}")
    return BACKENDS[name]


def check_engine(
    engine: str, backends: Collection[str], *, uses: tuple[Use, ...] = ("cases",), every: bool = True
) -> None:
    """Check that an engine exists and that backends can use it. All commands and the library use this rule.

    :param engine: as the user wrote it
    :param backends: which are going to be opened
    :param uses: what they are opened for
    :param every: whether all of them must run on it; else one must
    :raises ConfigError: with the engines that are possible, and the nearest match
    """
    can = {
        each: tuple(dict.fromkeys(name for use in uses for name in backend_spec(each).engines(use)))
        for each in backends
    }
    usable = tuple(dict.fromkeys(each for engines in can.values() for each in engines))
    name = engine_name(engine)
    if name in usable or name not in RUNTIMES:
        spec = parse_engine(engine, usable or tuple(RUNTIMES))
        if RUNTIMES[spec.name].how == "library" and (spec.version or spec.path):
            raise ConfigError(
                f"the engine {engine!r} cannot be chosen: {spec.name} is the installed Python package;"
                f" write {spec.name}"
            )
    unfit = [each for each, engines in can.items() if name not in engines]
    if unfit and (every or len(unfit) == len(can)):
        raise ConfigError(
            f"{' and '.join(unfit)} cannot run on the engine {engine!r}: "
            + "; ".join(f"{each} runs on {' or '.join(can[each]) or 'none here'}" for each in unfit)
        )


async def open_backend(name: str, options: BackendOptions, progress: Progress | None = None) -> Backend:
    """Import a backend and start it, for cases.

    :raises ConfigError: there is none of that name
    :raises BackendUnavailableError: a package that it needs cannot be imported
    :raises StackswitchError: it does not start; the message says how to fix that
    """
    opener: Opener[Backend] = _imported(name, backend_spec(name).opener(options.engine))
    return await opener(options, progress)


def guest_opener(name: str) -> GuestOpener:
    """Import a backend and return its opener of guests.

    :raises ConfigError: there is none of that name
    :raises BackendUnavailableError: a package that it needs cannot be imported
    """
    opener: GuestOpener = _imported(name, backend_spec(name).guest_opener)
    return opener


async def open_command_backend(
    name: str, options: CommandOptions, progress: Progress | None = None
) -> CommandBackend:
    """Import a backend and start it, for commands; raises what ``open_backend`` does."""
    place = backend_spec(name).command_opener
    if not place:
        raise BackendUnavailableError(f"commands bring a JavaScript engine: the backend {name!r} runs none")
    opener: Opener[CommandBackend] = _imported(name, place)
    return await opener(options, progress)


async def open_instrumented_backend(
    options: CommandOptions, progress: Progress | None = None
) -> InstrumentedBackend:
    """Start the backend that runs commands on builds of ours; raises what ``open_backend`` does."""
    options = options.model_copy(update={"build": "instrumented"})
    return cast("InstrumentedBackend", await open_command_backend("asyncify", options, progress))


def _imported(backend: str, place: str) -> Any:
    """Import a backend's function, written ``module:function``."""
    module_name, _, function = place.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise BackendUnavailableError(
            f"the backend {backend!r} cannot be loaded: {error}; reinstall stackswitch to get its packages"
        ) from error
    return getattr(module, function)
