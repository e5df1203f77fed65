"""Commands under observation: each runs its own glue on an engine; its trace has what it waited for."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from stackswitch.backends.base import LoadedCommand
from stackswitch.backends.registry import CommandOptions
from stackswitch.engines.locate import Engine, find_engine
from stackswitch.errors import EngineError
from stackswitch.models.backend import BackendInfo, BuildKind
from stackswitch.models.command import BackendSettings
from stackswitch.models.expect import ListName
from stackswitch.models.result import CommandObservation, Unsupported
from stackswitch.models.trace import TraceSuspension
from stackswitch.observe.modules import ModuleStore
from stackswitch.observe.parts import MODULES
from stackswitch.observe.run import observed_environment, whole_trace
from stackswitch.observe.trace import Trace, merge_trace_parts
from stackswitch.tools import watchdog
from stackswitch.tools.processes import Ended, run_command, text_of
from stackswitch.tools.progress import Progress

from .workers import NODE, Workers, fits_a_worker

_MOST_MODULES = 4
"""Modules whose code stays for the next Worker: the newest."""


async def open_jspi(options: CommandOptions, progress: Progress | None = None) -> CommandRunner:
    """Make ``jspi`` ready for commands; raises what ``find_engine`` does."""
    engine = await asyncio.to_thread(find_engine, options.engine or options.settings.engine, progress)
    return CommandRunner("jspi", engine, options.settings)


class CommandRunner:
    """Runs commands; see ``backends.base.CommandBackend``.

    :param name: the backend's
    :param settings: how the suite wants commands run on it
    """

    _worker_stack_mb = 4
    """Node's default."""

    def __init__(
        self, name: str, engine: Engine, settings: BackendSettings, build: BuildKind | None = None
    ) -> None:
        self.needs_observations = False
        self.engine = engine
        self.settings = settings
        self._info = engine.backend_info(name).model_copy(update={"build": build})
        self._folder = Path(tempfile.mkdtemp(prefix="stackswitch-commands-"))
        watchdog.remove_at_end(self._folder)
        self.modules = self._folder / MODULES
        self.modules.mkdir()
        self.store = ModuleStore(self._folder)
        self._programs = self._folder / "bin"
        self._programs.mkdir()
        self._reading = asyncio.Lock()
        self._workers = Workers(self.node) if settings.workers and build != "own" else None
        # A ``node`` before all others in PATH: what a command starts runs on the engine too, with its flags.
        program = self._programs / NODE
        program.write_bytes(os.fsencode(f"#!/bin/sh\n{self._script()}"))
        program.chmod(0o755)

    @property
    def info(self) -> BackendInfo:
        """Name, engine, version, features, build."""
        return self._info

    @property
    def node(self) -> list[str]:
        """The engine, with its flags and the suite's."""
        return [str(self.engine.path), *self.engine.flags, *self.settings.node_args]

    def _script(self) -> str:
        return f'exec {shlex.join(self.node)} "$@"\n'

    async def run(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float, alone: bool = False
    ) -> CommandObservation:
        """Run a command and read its trace."""
        if lacking := next((each for each in loaded.case.needs if each not in self.info.features), None):
            where = f"the case needs it, and {self.info.engine} {self.info.engine_version} lacks it"
            return CommandObservation(
                status="unsupported", unsupported=Unsupported(feature=lacking, where=where)
            )
        own = {**loaded.case.env, **self.settings.env}
        if self._workers is not None and not alone and fits_a_worker(loaded.case, own, loaded.folder):
            seen = await self._observed(loaded, services, lambda env: self._shared(loaded, env, timeout_s))
            if seen is not None:
                return seen.model_copy(update={"shared": True})
        seen = await self._observed(loaded, services, lambda env: self._alone(loaded, env, timeout_s))
        assert seen is not None, "what runs alone ends somehow"
        return seen

    async def run_unobserved(
        self, loaded: LoadedCommand, services: Mapping[str, str], *, timeout_s: float
    ) -> CommandObservation:
        """Run a command unobserved."""
        started = time.perf_counter()
        try:
            ended = await self._alone(loaded, self._environment(loaded, services, None), timeout_s)
        except OSError as error:
            return _not_started(loaded, error)
        return _ended(ended).model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})

    async def _observed(
        self,
        loaded: LoadedCommand,
        services: Mapping[str, str],
        run: Callable[[dict[str, str]], Awaitable[Ended | None]],
    ) -> CommandObservation | None:
        """Run a command in some way and read its trace; None: that way does not do."""
        started = time.perf_counter()
        parts = Path(tempfile.mkdtemp(prefix="case-", dir=self._folder))
        try:
            # One copy of each module for all cases: the observer keeps what is not there yet.
            (parts / MODULES).symlink_to(self.modules)
            try:
                ended = await run(self._environment(loaded, services, parts))
            except OSError as error:
                return _not_started(loaded, error)
            if ended is None:
                return None
            duration_ms = (time.perf_counter() - started) * 1000
            async with self._reading:
                seen = await asyncio.to_thread(self._read, loaded, parts, ended)
            return seen.model_copy(update={"duration_ms": duration_ms})
        finally:
            shutil.rmtree(parts, ignore_errors=True)

    async def _alone(self, loaded: LoadedCommand, env: dict[str, str], timeout_s: float) -> Ended:
        argv = self._argv(loaded.case.command, env, loaded.folder)
        stdin = loaded.case.stdin.encode()
        return await run_command(argv, env, loaded.folder, stdin, timeout_s, self._patience())

    async def _shared(self, loaded: LoadedCommand, env: dict[str, str], timeout_s: float) -> Ended | None:
        assert self._workers is not None
        modules = sorted(self.modules.glob("*.wasm"), key=lambda path: path.stat().st_mtime)
        return await self._workers.run(
            loaded.case.command[1:],
            env,
            loaded.folder,
            timeout_s,
            modules=modules[-_MOST_MODULES:],
            reuse=self.settings.workers == "kept",
            stack_mb=self._worker_stack_mb,
            more=self._patience(),
        )

    def _patience(self) -> Callable[[], Awaitable[float]] | None:
        return None

    def _environment(
        self, loaded: LoadedCommand, services: Mapping[str, str], parts: Path | None
    ) -> dict[str, str]:
        env = {
            **os.environ,
            **services,
            **self.settings.env,
            **loaded.case.env,
            "STACKSWITCH_BACKEND": self.info.name,
            "STACKSWITCH_BUILD": self.info.build or "",
        }
        env["PATH"] = f"{self._programs}{os.pathsep}{env.get('PATH', os.defpath)}"
        return env if parts is None else observed_environment(env, parts)

    def _argv(self, command: tuple[str, ...], env: Mapping[str, str], folder: Path) -> list[str]:
        """The command with its program as a path: one with a slash in it is the folder's, others PATH's."""
        program, *args = command
        if program == NODE:
            return [str(self._programs / NODE), *args]
        if "/" in program:
            return [str((folder / program).absolute()), *args]
        return [shutil.which(program, path=env["PATH"]) or program, *args]

    def _read(self, loaded: LoadedCommand, parts: Path, ended: Ended) -> CommandObservation:
        try:
            trace = merge_trace_parts(parts, self.store)
        except (EngineError, OSError) as error:
            return CommandObservation(status="error", detail=f"its trace cannot be read: {error}")
        observed = bool(trace.starts)
        status = ended.status
        exit_status = None if status is None else 128 - status if status < 0 else status
        trace = whole_trace(loaded.case.command, exit_status, trace)
        seen = _ended(ended).model_copy(
            update={
                "module": _busiest(trace.suspensions),
                "suspensions": tuple(trace.suspensions),
                "suspension_count": trace.suspension_count,
                "traps": tuple(trace.traps),
                "missing": cast("dict[ListName, tuple[str, ...]]", trace.missing),
                "trace": trace.to_jsonl(),
            }
        )
        if seen.status == "error":
            return seen
        if status is None:
            return seen.model_copy(update={"detail": _waiting_for(trace)})
        if not observed:
            detail = (
                f"no Node program was observed: {loaded.case.command[0]} started none, or one that does not"
                f" heed NODE_OPTIONS (exit status {exit_status})"
            )
            return seen.model_copy(update={"status": "error", "detail": detail})
        return seen

    def add_observations(self, suspensions: Sequence[TraceSuspension]) -> None:
        """Take what other backends have seen; of no use here."""

    def module(self, sha256: str) -> bytes | None:
        """Return a module that a command has loaded, by its hash; None: it was not kept."""
        try:
            return self.store.path(sha256).read_bytes()
        except OSError:
            return None

    async def aclose(self) -> None:
        """Remove what was kept; a second call does nothing."""
        if self._workers is not None:
            await self._workers.aclose()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        watchdog.keep(self._folder)


def _not_started(loaded: LoadedCommand, error: OSError) -> CommandObservation:
    detail = f"{loaded.case.command[0]} does not start: {error.strerror or error}"
    return CommandObservation(status="error", detail=detail)


def _ended(ended: Ended) -> CommandObservation:
    """How it ended and what it printed."""
    status = ended.status
    seen = CommandObservation(
        status="finished" if status is not None else "hung",
        exit_code=status if status is not None and status >= 0 else None,
        signal=-status if status is not None and status < 0 else None,
        stdout=text_of(ended.stdout),
        stderr=text_of(ended.stderr),
    )
    if ended.too_much:
        return seen.model_copy(update={"status": "error", "detail": "it prints without end", "stdout": ""})
    return seen


def _busiest(suspensions: Sequence[TraceSuspension]) -> str:
    """The hash of the module that waited most often, empty if none has."""
    waits: Counter[str] = Counter()
    for each in suspensions:
        waits[each.module.removeprefix("sha256:")] += each.count
    return waits.most_common(1)[0][0] if waits else ""


def _waiting_for(trace: Trace) -> str:
    """What is known of a command that was killed for taking too long."""
    if not trace.suspensions:
        return "nothing in it has waited"
    last = trace.suspensions[-1]
    return f"the last new stack waited in {last.import_} below {last.export}"
