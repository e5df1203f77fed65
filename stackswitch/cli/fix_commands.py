"""``fix`` over a suite of commands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from stackswitch.backends.base import CommandBackend
from stackswitch.backends.registry import (
    BackendOptions,
    CommandOptions,
    check_engine,
    open_command_backend,
    open_instrumented_backend,
)
from stackswitch.errors import ConfigError
from stackswitch.fix.command_evidence import CommandEvidence, CommandRequest, Proof, RecordedTraces
from stackswitch.fix.evidence import RunOptions
from stackswitch.fix.loop import Fixed, fix_lists
from stackswitch.suite.loader import Suite
from stackswitch.suite.services import RunningServices, running

from .console import Console
from .ending import run_async
from .fix_work import FixInputs
from .inputs import read_module, read_traces
from .progress import Progress


def read_traced(paths: Sequence[Path], modules: Sequence[Path], suite: Suite) -> RecordedTraces:
    """Read traces that ``test --traces`` has written: a folder of them, or files that have a case's name.

    :raises ConfigError: a file cannot be read or is no trace; none is of a case of the suite
    """
    found = dict(read_traces(paths))
    known = {case: lines for case, lines in found.items() if case in suite.ids}
    if not known:
        cases = ", ".join([*found][:3])
        raise ConfigError(
            f"--trace: no trace is of a case of {suite.folder} (there are: {cases}); give the folder in which"
            " `test --traces` wrote those of jspi"
        )
    return RecordedTraces(known, tuple(read_module(each).data for each in modules))


def fix_commands(
    inputs: FixInputs,
    suite: Suite,
    options: BackendOptions,
    timeout_s: float | None,
    proof: Proof,
    traces: RecordedTraces | None = None,
) -> Fixed:
    """Run a suite's commands on JSPI, compute the list, and verify it on builds of ours.

    :param traces: what a run has shown already
    :raises ConfigError: there is no list to fix, or an option does not go with commands
    """
    source = inputs.shared
    if source is None:
        raise ConfigError("commands have no lists of their own: say --list FILE")
    if suite.cases:
        raise ConfigError(
            f"{suite.folder}: has commands ({suite.commands[0].case.id}, …) and cases that call exports"
            f" ({suite.cases[0].case.id}, …): fix one kind at a time, with -k"
        )
    for value, name in ((inputs.build, "--build"), (inputs.symbols, "--symbols")):
        if value is not None:
            raise ConfigError(f"{name} does not go with commands: their builds are made by stackswitch")

    def options_of(name: str) -> CommandOptions:
        settings = suite.file.settings(name)
        # --engine says where JSPI runs, and the suite where the build is verified.
        first, second = options.engine, settings.engine
        if name != "jspi":
            first, second = second, first
        engine = first if first is not None else second
        if engine is not None:
            check_engine(engine, [name], uses=("commands",))
        return CommandOptions(**{**dict(options), "engine": engine}, settings=settings)

    async def work() -> Fixed:
        async with AsyncExitStack() as opened:
            progress = opened.enter_context(Progress(Console(stderr=True)))
            origin: CommandBackend | RecordedTraces
            if traces is None:
                origin = await open_command_backend("jspi", options_of("jspi"), progress.say)
                opened.push_async_callback(origin.aclose)
            else:
                origin = traces
            asyncify = await open_instrumented_backend(options_of("asyncify"), progress.say)
            opened.push_async_callback(asyncify.aclose)
            services = asyncio.ensure_future(
                opened.enter_async_context(running(suite.file.services, suite.folder))
            )
            opened.push_async_callback(_stopped, services)
            run = RunOptions(options.jobs, timeout_s, progress.result, progress.expect, progress.say)
            request = CommandRequest(suite, source, origin, asyncify, services, proof, run)
            return await fix_lists(CommandEvidence(request), inputs.request, progress.say)

    return run_async(work())


async def _stopped(starting: asyncio.Future[RunningServices]) -> None:
    """End a start that nobody has waited for."""
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
