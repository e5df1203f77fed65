"""A run of a suite by the command line: backends opened, or their cases skipped, and traces kept."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from stackswitch.backends.base import Backend, CommandBackend
from stackswitch.backends.registry import (
    CommandOptions,
    backend_spec,
    check_engine,
    open_backend,
    open_command_backend,
)
from stackswitch.engines.runtimes import RUNTIMES
from stackswitch.engines.spec import engine_name, parse_engine
from stackswitch.errors import ConfigError, EngineError, OutputError, StackswitchError
from stackswitch.models.backend import BackendInfo, BuildKind
from stackswitch.models.result import CaseResult, SuiteResult
from stackswitch.suite.loader import SUITE_NAME, Suite
from stackswitch.suite.runner import run_suite
from stackswitch.suite.skipping import SkippedBackend, with_skipped

from .console import Console
from .ending import run_async
from .output import write_output
from .progress import Progress

Say = Callable[[str], None]
_NOT_HAD = (StackswitchError, OSError)
"""What opening a backend ends with where it cannot be had; ``OSError``: no descriptors, no memory."""
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)


@dataclass(frozen=True)
class SuiteRun:
    """What to run.

    :ivar names: the backends
    :ivar asked: those that were named
    :ivar allowed: those that may be skipped where they cannot be had
    :ivar traces: the folder for the commands' traces
    """

    suite: Suite
    names: tuple[str, ...]
    asked: Collection[str]
    allowed: Collection[str]
    options: CommandOptions
    timeout_s: float | None = None
    traces: Path | None = None


def run(plan: SuiteRun, stderr: Console) -> SuiteResult:
    """Run it; the cases of a backend that cannot be had are among the results, as skipped.

    :raises EngineError: this process has no descriptors or no memory left to run anything
    """
    try:
        return run_async(_run(plan, stderr))
    except OSError as error:
        if error.errno in _EXHAUSTED:
            raise EngineError(f"no case can be run here: {error.strerror}") from error
        raise


async def _run(plan: SuiteRun, stderr: Console) -> SuiteResult:
    """Open the backends, run, close."""
    suite = plan.suite
    with Progress(stderr) as progress:
        async with AsyncExitStack() as stack:
            opened = await _opened(plan, stack, progress.say)
            backends, commands = opened.backends, opened.commands
            progress.expect(len(suite.cases) * len(backends) + len(suite.commands) * len(commands))
            traces = _Traces(plan.traces, several=max(len(commands), len(backends)) > 1)
            result = await run_suite(
                suite,
                backends,
                commands=commands,
                jobs=plan.options.jobs,
                timeout_s=plan.timeout_s,
                on_result=progress.result,
                on_trace=traces.keep,
            )
    return with_skipped(result, opened.skipped, plan.names)


@dataclass
class _Opened:
    """The backends that could be had, and the results of those that could not."""

    backends: list[Backend] = field(default_factory=list)
    commands: list[CommandBackend] = field(default_factory=list)
    skipped: list[CaseResult] = field(default_factory=list)


async def _opened(plan: SuiteRun, stack: AsyncExitStack, say: Say) -> _Opened:
    """Open each backend for the cases and for the commands that the suite has.

    :raises ConfigError: an engine is none, or is of no use there
    """
    opened = _Opened()
    for name in plan.names:
        spec = backend_spec(name)
        if plan.suite.cases:
            engine = spec.engine_meant(plan.options.engine, named=name in plan.asked)
            options = plan.options.model_copy(update={"engine": engine})
            try:
                opened.backends.append(await open_backend(name, options, say))
                stack.push_async_callback(opened.backends[-1].aclose)
            except _NOT_HAD as error:
                opened.skipped += _skipped(plan, name, engine or spec.engine, error).results(plan.suite.cases)
        if plan.suite.commands:
            command_options = _options(plan, name)
            try:
                opened.commands.append(await open_command_backend(name, command_options, say))
                stack.push_async_callback(opened.commands[-1].aclose)
            except _NOT_HAD as error:
                wanted = command_options.engine or next(iter(spec.engines("commands")), spec.engine)
                skipped = _skipped(plan, name, wanted, error, _build(name, command_options))
                opened.skipped += skipped.results(plan.suite.commands)
    return opened


def _skipped(
    plan: SuiteRun, name: str, engine: str, error: Exception, build: BuildKind | None = None
) -> SkippedBackend:
    """Say which backend cannot be had, and why.

    :raises ConfigError: it was called wrongly: to go on without it would hide that
    """
    if isinstance(error, ConfigError):
        raise error
    wanted = parse_engine(engine, RUNTIMES)
    return SkippedBackend(
        name=name,
        engine=wanted.name,
        engine_version=wanted.version or "",
        reason=str(error),
        allowed=name in plan.allowed,
        build=build,
    )


def _build(name: str, options: CommandOptions) -> BuildKind | None:
    return (options.build or options.settings.build or "own") if name == "asyncify" else None


def _options(plan: SuiteRun, name: str) -> CommandOptions:
    """What opens a backend for commands. The suite's engine goes before one asked for without the backend.

    :raises ConfigError: the suite's engine is none
    """
    settings = plan.suite.file.settings(name)
    engine = plan.options.engine
    if engine is not None and engine_name(engine) not in backend_spec(name).engines("commands"):
        engine = None
    if settings.engine is not None:
        try:
            check_engine(settings.engine, [name], uses=("commands",))
        except ConfigError as error:
            raise ConfigError(f"{plan.suite.folder / SUITE_NAME}: [backend.{name}] engine: {error}") from None
        if engine is None or name not in plan.asked:
            engine = settings.engine
    return plan.options.model_copy(update={"engine": engine, "settings": settings})


class _Traces:
    """Keeps the traces of a run, those of several backends in a folder each."""

    def __init__(self, folder: Path | None, *, several: bool) -> None:
        self._folder = folder
        self._several = several
        if folder is not None and folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder}: is no folder; traces are kept in one, a file for each case")

    def keep(self, case_id: str, info: BackendInfo, trace: bytes) -> None:
        if self._folder is None:
            return
        path = self._folder / (info.name if self._several else "") / f"{case_id}.jsonl"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: could not be made: {error.strerror}") from None
        write_output(str(path), trace)
