"""The protocols of backends that run cases, and of those that run commands. Both return observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from stackswitch.models.backend import BackendInfo
from stackswitch.models.base import Frozen
from stackswitch.models.case import MAIN, Case
from stackswitch.models.command import CommandCase
from stackswitch.models.expect import ListName
from stackswitch.models.result import CommandObservation, Observation, Unsupported
from stackswitch.models.trace import TraceSuspension


class LoadedCase(Frozen):
    """A case with its modules as plain wasm, by instance name.

    :ivar modules: in the order in which they are instantiated; ``main`` is last
    :ivar problem: why the case cannot run at all (a broken module, an import that nothing provides). The
        suite then reports it, and no backend runs it.
    """

    case: Case
    modules: dict[str, bytes]
    problem: str | None = None

    @property
    def main(self) -> bytes:
        """The module under test."""
        return self.modules[MAIN]


class Build(Frozen):
    """A case's modules, prepared for a backend: plain, or asyncified.

    :ivar unsupported: why the modules cannot run on this backend; ``modules`` is then empty
    :ivar error: why they could not be prepared
    :ivar warnings: of the Asyncify pass, a line each
    """

    modules: dict[str, bytes]
    unsupported: Unsupported | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()


class _OpenBackend(Protocol):
    """A backend that has been opened."""

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features, build."""
        ...

    async def aclose(self) -> None:
        """End what was started. A second call does nothing."""
        ...


class Backend(_OpenBackend, Protocol):
    """One way of switching stacks, on one engine. Safe for several cases at a time."""

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Prepare the modules. Why that failed is in the build, not raised.

        :raises ToolError: a tool that makes builds failed
        """
        ...

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case's script. A trap, a hang and a dead engine are observations, not errors.

        :param timeout_s: of the whole script (seconds)
        """
        ...


class LoadedCommand(Frozen):
    """A command case and where it runs. The standard output that it expects has been read from its file.

    :ivar folder: of the case's file, which is the command's working directory
    :ivar problem: why it cannot run at all
    """

    case: CommandCase
    folder: Path
    problem: str | None = None


class CommandBackend(_OpenBackend, Protocol):
    """One way of switching stacks, for commands that bring their own glue. Safe for several at a time."""

    @property
    def needs_observations(self) -> bool:
        """Whether it runs after the other backends, and gets their suspensions (``add_observations``)."""
        ...

    def add_observations(self, suspensions: Sequence[TraceSuspension]) -> None:
        """Add suspensions that a backend without instrumentation has observed."""
        ...

    def module(self, sha256: str) -> bytes | None:
        """Return a module that a command has loaded, by its hash (``sha256:…``); None: it is unknown."""
        ...

    async def run(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float, alone: bool = False
    ) -> CommandObservation:
        """Run the command under observation. A trap, a hang and a dead engine are observations, not errors.

        :param services: variables of the environment that the suite's services have set
        :param timeout_s: of the command (seconds)
        :param alone: use a process of its own, whatever the suite says
        """
        ...

    async def run_unobserved(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float
    ) -> CommandObservation:
        """Run the command without observation, in a process of its own, for its end and its duration."""
        ...


class InstrumentedBackend(CommandBackend, Protocol):
    """Runs commands on builds that it instruments by lists."""

    def use(self, lists: Mapping[ListName, tuple[str, ...]]) -> None:
        """Use these lists for all further builds."""
        ...

    def prefetch(self, module: bytes) -> None:
        """Begin to build a module that commands are going to load."""
        ...
