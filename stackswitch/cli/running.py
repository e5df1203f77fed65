"""A run of a suite by the command line: backends opened, or skipped, and traces kept."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from stackswitch.backends.base import Backend, CommandBackend
from stackswitch.backends.registry import CommandOptions, backend_spec, open_backend, open_command_backend
from stackswitch.errors import BackendUnavailableError, ConfigError, OutputError, StackswitchError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.result import SuiteResult
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import run_suite

from .console import Console
from .ending import run_async
from .output import write_output
from .progress import Progress


@dataclass(frozen=True)
class SuiteRun:
    """What to run.

    :ivar names: the backends
    :ivar asked: those that were named
    :ivar required: those that must not be skipped
    :ivar traces: the folder for the commands' traces
    """

    suite: Suite
    names: tuple[str, ...]
    asked: Collection[str]
    required: Collection[str]
    options: CommandOptions
    timeout_s: float | None = None
    traces: Path | None = None


def run(plan: SuiteRun, stderr: Console) -> tuple[SuiteResult, dict[str, str]]:
    """Run it; return the results, and why backends were skipped, by name."""
    return run_async(_run(plan, stderr))


async def _run(plan: SuiteRun, stderr: Console) -> tuple[SuiteResult, dict[str, str]]:
    """Open the backends, run, close; a backend that cannot be had is skipped unless it is required."""
    backends: list[Backend] = []
    commands: list[CommandBackend] = []
    skipped: dict[str, str] = {}
    suite = plan.suite
    with Progress(stderr) as progress:
        async with AsyncExitStack() as opened:
            for name in plan.names:
                try:
                    if suite.cases:
                        engine = backend_spec(name).engine_meant(
                            plan.options.engine, named=name in plan.asked
                        )
                        options = plan.options.model_copy(update={"engine": engine})
                        backends.append(await open_backend(name, options, progress.say))
                        opened.push_async_callback(backends[-1].aclose)
                    if suite.commands and backend_spec(name).commands:
                        commands.append(await open_command_backend(name, _options(plan, name), progress.say))
                        opened.push_async_callback(commands[-1].aclose)
                except StackswitchError as error:
                    if name in plan.required:
                        raise
                    skipped[name] = str(error)
            if not backends and not commands:
                raise BackendUnavailableError(_none(skipped))
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
    return result, skipped


def _options(plan: SuiteRun, name: str) -> CommandOptions:
    """What opens a backend for commands. The suite's engine goes before one asked for without the backend."""
    settings = plan.suite.file.settings(name)
    engine = plan.options.engine
    if settings.engine is not None and name not in plan.asked:
        engine = settings.engine
    return plan.options.model_copy(update={"engine": engine, "settings": settings})


def _none(skipped: dict[str, str]) -> str:
    if not skipped:
        return "none of the backends runs commands, and the suite has nothing else: asyncify and jspi do"
    return "no backend can run here\n" + "\n".join(f"{name}: {reason}" for name, reason in skipped.items())


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
