"""Runs a suite: opens the backends, skips the cases of those not available, writes traces."""

from __future__ import annotations

import errno
from collections.abc import Collection
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
from stackswitch.tools.progress import Progress as Callback

from .console import Console
from .output import write_output
from .progress import Progress
from .signals import run_async

_UNAVAILABLE = (StackswitchError, OSError)
"""What opening a backend raises where it is not available; ``OSError``: no descriptors, no memory."""
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)


@dataclass(frozen=True)
class RunRequest:
    """A run to make.

    :ivar names: the backends
    :ivar named: those that the user named
    :ivar allowed: those that may be skipped where they are not available
    :ivar traces: the folder for the commands' traces
    """

    suite: Suite
    names: tuple[str, ...]
    named: Collection[str]
    allowed: Collection[str]
    options: CommandOptions
    timeout_s: float | None = None
    traces: Path | None = None


def run_request(request: RunRequest, stderr: Console) -> SuiteResult:
    """Run a suite. The cases of a backend that is not available are among the results, as skipped.

    :raises EngineError: this process has no descriptors or no memory left to run anything
    """
    try:
        return run_async(_run(request, stderr))
    except OSError as error:
        if error.errno in _EXHAUSTED:
            raise EngineError(f"no case can be run here: {error.strerror}") from error
        raise


async def _run(request: RunRequest, stderr: Console) -> SuiteResult:
    """Open the backends, run, close."""
    suite = request.suite
    with Progress(stderr) as progress:
        async with AsyncExitStack() as stack:
            opened = await _open_backends(request, stack, progress.say)
            backends, commands = opened.backends, opened.commands
            progress.expect(len(suite.cases) * len(backends) + len(suite.commands) * len(commands))
            traces = _TraceWriter(request.traces, several=max(len(commands), len(backends)) > 1)
            result = await run_suite(
                suite,
                backends,
                commands=commands,
                jobs=request.options.jobs,
                timeout_s=request.timeout_s,
                on_result=progress.result,
                on_trace=traces.write,
            )
    return with_skipped(result, opened.skipped, request.names)


@dataclass
class _OpenedBackends:
    """The backends that are available, and the results of those that are not."""

    backends: list[Backend] = field(default_factory=list)
    commands: list[CommandBackend] = field(default_factory=list)
    skipped: list[CaseResult] = field(default_factory=list)


async def _open_backends(request: RunRequest, stack: AsyncExitStack, progress: Callback) -> _OpenedBackends:
    """Open each backend for the cases and for the commands that the suite has."""
    opened, suite = _OpenedBackends(), request.suite
    for name in request.names:
        spec = backend_spec(name)
        engine = spec.engine_meant(request.options.engine, named=name in request.named)
        options = request.options.model_copy(update={"engine": engine})
        try:
            if suite.cases:
                opened.backends.append(await open_backend(name, options, progress))
                stack.push_async_callback(opened.backends[-1].aclose)
        except _UNAVAILABLE as error:
            opened.skipped += _skipped(request, name, engine or spec.engine, error).results(suite.cases)
        if not suite.commands:
            continue
        options = _command_options(request, name)
        try:
            opened.commands.append(await open_command_backend(name, options, progress))
            stack.push_async_callback(opened.commands[-1].aclose)
        except _UNAVAILABLE as error:
            wanted = options.engine or next(iter(spec.engines("commands")), spec.engine)
            build = (options.build or options.settings.build or "own") if name == "asyncify" else None
            opened.skipped += _skipped(request, name, wanted, error, build).results(suite.commands)
    return opened


def _skipped(
    request: RunRequest, name: str, engine: str, error: Exception, build: BuildKind | None = None
) -> SkippedBackend:
    """Return which backend is not available, and why."""
    if isinstance(error, ConfigError):
        raise error  # a usage error, which a skip would hide
    wanted = parse_engine(engine, RUNTIMES)
    return SkippedBackend(
        name=name,
        engine=wanted.name,
        engine_version=wanted.version or "",
        reason=str(error),
        allowed=name in request.allowed,
        build=build,
    )


def _command_options(request: RunRequest, name: str) -> CommandOptions:
    """Return the options that open a backend for commands.

    The suite's engine has priority over one that is requested without naming the backend.
    """
    settings = request.suite.file.settings(name)
    engine = request.options.engine
    if engine is not None and engine_name(engine) not in backend_spec(name).engines("commands"):
        engine = None
    if settings.engine is not None:
        try:
            check_engine(settings.engine, [name], uses=("commands",))
        except ConfigError as error:
            raise ConfigError(
                f"{request.suite.folder / SUITE_NAME}: [backend.{name}] engine: {error}"
            ) from None
        if engine is None or name not in request.named:
            engine = settings.engine
    return request.options.model_copy(update={"engine": engine, "settings": settings})


class _TraceWriter:
    """Writes the traces of a run, those of several backends in a folder each."""

    def __init__(self, folder: Path | None, *, several: bool) -> None:
        self._folder = folder
        self._several = several
        if folder is not None and folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder}: is no folder; traces are written into one, a file for each case")

    def write(self, case_id: str, info: BackendInfo, trace: bytes) -> None:
        if self._folder is None:
            return
        path = self._folder / (info.name if self._several else "") / f"{case_id}.jsonl"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{path.parent}: could not be made: {error.strerror}") from None
        write_output(str(path), trace)
