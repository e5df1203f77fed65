"""What every backend is to the rest: make a case ready, run it, tell what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from stackswitch.models.backend import BackendInfo
from stackswitch.models.base import Frozen
from stackswitch.models.case import MAIN, Case
from stackswitch.models.command import CommandCase
from stackswitch.models.expect import ListName
from stackswitch.models.result import CommandSeen, Observation, Unsupported
from stackswitch.models.trace import TraceSuspension


class LoadedCase(Frozen):
    """A case with its modules as plain wasm, by instance name in the order of their making; ``main`` is last.

    ``problem`` says why the case cannot be run at all (a broken module, an import that nothing
    provides); the suite then reports it, and no backend is asked.
    """

    case: Case
    modules: dict[str, bytes]
    problem: str | None = None

    @property
    def main(self) -> bytes:
        """The module under test."""
        return self.modules[MAIN]


class Build(Frozen):
    """A case's modules made ready for a backend: plain, or asyncified.

    ``unsupported`` says why the case cannot be run on this backend, found by looking at the modules;
    ``modules`` is then empty. ``missing`` are names already known to be wanting (a list entry that the
    pass says matched nothing does not count); ``warnings`` is what the pass said, a finding a line.
    """

    modules: dict[str, bytes]
    unsupported: Unsupported | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()


class Backend(Protocol):
    """One way of switching stacks, on one engine. Safe for several cases at a time."""

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features."""
        ...

    async def prepare(self, loaded: LoadedCase) -> Build:
        """Make the modules ready; what cannot be is told in the build, not raised.

        :raises ToolError: a tool that makes builds broke down
        """
        ...

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        """Run the case's script and tell what was seen; traps, hangs and dead engines are told too."""
        ...

    async def aclose(self) -> None:
        """End what was started; a second call does nothing."""
        ...


class LoadedCommand(Frozen):
    """A command case and where it runs; what it expects of standard output has been read from its file.

    :ivar folder: that of the case's file, the command's working directory
    :ivar problem: why it cannot be run at all
    """

    case: CommandCase
    folder: Path
    problem: str | None = None


class CommandBackend(Protocol):
    """One way of switching stacks, for commands that bring their own glue. Safe for several at a time."""

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features, build."""
        ...

    @property
    def learns(self) -> bool:
        """Whether it is to run after the others, and ``learn`` from them."""
        ...

    def learn(self, suspensions: Sequence[TraceSuspension]) -> None:
        """Take what a backend that rewrites nothing has seen."""
        ...

    def module(self, sha256: str) -> bytes | None:
        """Return a module that a command has loaded, by its hash (``sha256:…``); None: it was not kept."""
        ...

    async def run(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float, alone: bool = False
    ) -> CommandSeen:
        """Run the command under observation; traps, hangs and dead engines are told, not raised.

        :param services: what the suite's services have given for the environment
        :param alone: in a process of its own, whatever the suite says
        """
        ...

    async def timed(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float
    ) -> CommandSeen:
        """Run the command unobserved, in a process of its own: how it ended and how long it took, no more."""
        ...

    async def aclose(self) -> None:
        """End what was started; a second call does nothing."""
        ...


class InstrumentedBackend(CommandBackend, Protocol):
    """Runs commands on builds that it makes by lists."""

    def use(self, lists: Mapping[ListName, tuple[str, ...]]) -> None:
        """Make builds by these lists from now on."""
        ...

    def ahead(self, module: bytes) -> None:
        """Begin with the build of a module that commands are going to load."""
        ...
