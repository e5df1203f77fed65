"""Commands written for JSPI, on Asyncify: the module that they load is instrumented by us, and swapped in.

Their glue runs unchanged over the polyfill, on an engine that need not have JSPI. So a list is proved
without building the program anew.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from stackswitch.backends.base import LoadedCommand
from stackswitch.backends.registry import CommandOptions
from stackswitch.binaryen.asyncify import Binaryen, open_binaryen
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.models.expect import ListName
from stackswitch.models.result import CommandObservation
from stackswitch.models.trace import TraceSuspension
from stackswitch.observe.run import quoted
from stackswitch.tools.paths import node_shim_dir
from stackswitch.tools.progress import Progress, silent

from .builds import Builds, observed_lists
from .runner import CommandRunner
from .startup_flags import flags_of

_SYSTEM_STACK_KB = 65_536
_ENGINE_STACK_KB = 60_000
_OTHERWISE_KB = 3_900
"""The engine's own stack (kB): deep ones need more of it, for the build's functions have grown. Node has 984;
where the system's limit of 8 MiB cannot be raised, it gets what fits into that.
"""
STACK_BYTES = 16 << 20
"""Room for one saved stack: some 40,000 frames of a large interpreter. What is not touched costs nothing."""


async def open_asyncify(options: CommandOptions, progress: Progress | None = None) -> CommandRunner:
    """Make ``asyncify`` ready for commands, with builds of ours or of the program.

    :raises StackswitchError: see ``find_engine`` and ``open_binaryen``
    """
    settings = options.settings
    engine = await asyncio.to_thread(find_engine, options.engine or settings.engine, progress, "asyncify")
    build = options.build or settings.build
    if build != "instrumented":
        return CommandRunner("asyncify", engine, settings, build)
    binaryen = await open_binaryen(wasm_opt=options.wasm_opt, progress=progress)
    many = settings.workers == "kept"
    flags = await asyncio.to_thread(flags_of, engine.path, settings.node_args, many=many)
    return InstrumentedRunner(engine, options, binaryen, progress or silent, flags)


class InstrumentedRunner(CommandRunner):
    """See ``backends.base.CommandBackend``.

    :param options: without lists, it instruments what was observed (``add_observations``)
    :param flags: for the engine, before the suite's own
    """

    _worker_stack_mb = 60

    def __init__(
        self,
        engine: Engine,
        options: CommandOptions,
        binaryen: Binaryen,
        progress: Progress,
        flags: Sequence[str],
    ) -> None:
        self._flags = flags
        settings = options.settings
        super().__init__("asyncify", engine, settings, "instrumented")
        folder = self._folder / "builds"
        folder.mkdir()
        self.needs_observations = not options.lists
        self._observed_names: set[str] = set()
        self._is_outdated = False
        lists = options.lists or observed_lists(())
        self.builds = Builds(folder, binaryen, lists, settings.optimize_level, progress)

    def add_observations(self, suspensions: Sequence[TraceSuspension]) -> None:
        """Add the functions on stacks of JSPI to the lists of the next builds."""
        before = len(self._observed_names)
        for each in suspensions:
            self._observed_names |= {name for _, _, name in each.frames}
        self._is_outdated |= len(self._observed_names) != before

    def use(self, lists: Mapping[ListName, tuple[str, ...]]) -> None:
        """Make builds by these lists from now on."""
        self.builds.use(lists)

    def prefetch(self, module: bytes) -> None:
        """Begin to build a module that commands are going to load."""
        self.builds.prefetch(module)

    async def run(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float, alone: bool = False
    ) -> CommandObservation:
        """Run a command; what it takes to make builds does not count as its time."""
        if self.needs_observations and self._is_outdated:
            self._is_outdated = False
            self.use(observed_lists(self._observed_names))
        self.builds.start()
        seen = await super().run(loaded, services, timeout_s=timeout_s, alone=alone)
        source = self.builds.made_of.get(seen.module, seen.module)
        seen = seen.model_copy(update={"module": source})
        refused = list(self.builds.refused.values())
        # Where something was suspended, the module that matters has a build.
        ended_badly = seen.status == "finished" and (seen.exit_code or seen.traps)
        if refused and ended_badly and not seen.suspensions:
            detail = f"a module that it loads has no build: {refused[0]}"
            return seen.model_copy(update={"status": "error", "detail": detail})
        return seen.model_copy(update={"warnings": self.builds.take_warnings()})

    @property
    def node(self) -> list[str]:
        """The engine, with its flags, ours for short runs, and the suite's."""
        return [str(self.engine.path), *self.engine.flags, *self._flags, *self.settings.node_args]

    def _script(self) -> str:
        """Give the engine's own stack more room, as far as the system goes; what the suite says wins."""
        if any(each.replace("_", "-").startswith("--stack-size") for each in self.settings.node_args):
            return super()._script()
        return (
            f"size={_OTHERWISE_KB}\n"
            f"if ulimit -s {_SYSTEM_STACK_KB} 2>/dev/null; then size={_ENGINE_STACK_KB}; fi\n"
            f'exec {shlex.join(self.node)} "--stack-size=$size" "$@"\n'
        )

    def _patience(self) -> Callable[[], Awaitable[float]]:
        """Say, when its time is up, how long a command has waited for builds: it gets that on top."""
        counted = self.builds.spent_s

        async def more() -> float:
            nonlocal counted
            await self.builds.idle()
            spent, counted = self.builds.spent_s - counted, self.builds.spent_s
            return spent

        return more

    def _environment(
        self, loaded: LoadedCommand, services: Mapping[str, str], parts: Path | None
    ) -> dict[str, str]:
        env = super()._environment(loaded, services, parts)
        preload = (node_shim_dir() / "bin" / "instrumented.mjs").as_uri()
        return {
            **env,
            "NODE_OPTIONS": f"{env.get('NODE_OPTIONS', '')} --import {quoted(preload)}",
            "STACKSWITCH_BUILDS": str(self.builds.folder),
            "STACKSWITCH_STACK_BYTES": str(self.settings.stack_bytes or STACK_BYTES),
        }

    async def aclose(self) -> None:
        """End what was started; a second call does nothing."""
        await self.builds.aclose()
        await super().aclose()
