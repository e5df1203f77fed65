"""``fix`` over a suite of commands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from stackswitch.analysis.trace_lines import TraceFile, read_trace
from stackswitch.backends.registry import (
    BackendOptions,
    CommandOptions,
    check_engine,
    open_command_backend,
    open_instrumented_backend,
)
from stackswitch.errors import ConfigError
from stackswitch.fix.commands import CommandFixer, Proof
from stackswitch.suite.loader import Suite
from stackswitch.suite.services import RunningServices, running

from .console import Console
from .ending import run_async
from .fix_work import FixAsked, Fixed
from .inputs import read_input, read_module
from .progress import Progress

SUFFIX = ".jsonl"


@dataclass(frozen=True)
class Traced:
    """What traces of a suite's commands have shown, by case, and the modules that they are of."""

    found: dict[str, TraceFile]
    modules: tuple[bytes, ...]


def read_traced(paths: Sequence[Path], modules: Sequence[Path], suite: Suite) -> Traced:
    """Read traces that ``test --traces`` has kept: a folder of them, or files that have a case's name.

    :raises ConfigError: one cannot be read or is none; none is of a case of the suite
    """
    found: dict[str, TraceFile] = {}
    for path in paths:
        files = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        for file in files:
            inside = file.relative_to(path) if path.is_dir() else Path(file.name)
            case = inside.as_posix().removesuffix(SUFFIX)
            found[case] = read_trace(read_input(file, "trace"), str(file))
    known = {case: lines for case, lines in found.items() if case in suite.ids}
    if not known:
        told = ", ".join([*found][:3]) or "none"
        raise ConfigError(
            f"--trace: of no case of {suite.folder}: there is {told}; give the folder where `test --traces`"
            " has put those of jspi"
        )
    return Traced(known, tuple(read_module(each).data for each in modules))


PROOFS: tuple[Proof, ...] = get_args(Proof)


def fix_commands(
    asked: FixAsked,
    suite: Suite,
    options: BackendOptions,
    timeout_s: float | None,
    proves: Proof,
    traced: Traced | None = None,
) -> Fixed:
    """Run a suite's commands on JSPI, draw the list, and prove it on builds of ours.

    :param traced: what a run has shown already
    :raises ConfigError: there is no list to fix, or something is asked for that commands do not have
    """
    source = asked.shared
    if source is None:
        raise ConfigError("commands have no lists of their own: say --list FILE")
    if suite.cases:
        raise ConfigError(
            f"{suite.folder}: has commands ({suite.commands[0].case.id}, …) and cases that call exports"
            f" ({suite.cases[0].case.id}, …): fix one kind at a time, with -k"
        )
    for value, name in ((asked.build, "--build"), (asked.symbols, "--symbols")):
        if value is not None:
            raise ConfigError(f"{name} does not go with commands: their builds are made by stackswitch")

    def wanted(name: str) -> CommandOptions:
        settings = suite.file.settings(name)
        # Asked for is where JSPI runs; the suite says where the build is proved.
        first, second = options.engine, settings.engine
        if name != "jspi":
            first, second = second, first
        engine = first if first is not None else second
        if engine is not None:
            check_engine(engine, [name], uses=("commands",))
        return CommandOptions(**{**dict(options), "engine": engine}, settings=settings)

    async def work() -> Fixed:
        with Progress(Console(stderr=True)) as progress:
            async with AsyncExitStack() as opened:
                observer = None
                if traced is None:
                    observer = await open_command_backend("jspi", wanted("jspi"), progress.say)
                    opened.push_async_callback(observer.aclose)
                proof = await open_instrumented_backend(wanted("asyncify"), progress.say)
                opened.push_async_callback(proof.aclose)
                services = asyncio.ensure_future(
                    opened.enter_async_context(running(suite.file.services, suite.folder))
                )
                opened.push_async_callback(_stopped, services)
                fixer = CommandFixer(
                    suite,
                    source,
                    proof,
                    services,
                    policy=asked.policy,
                    assertions=asked.assertions,
                    minimise=asked.minimise,
                    proves=proves,
                    jobs=options.jobs,
                    timeout_s=timeout_s,
                    on_result=progress.result,
                    on_more=progress.expect,
                    say=progress.say,
                )
                if observer is not None:
                    await fixer.observe(observer)
                elif traced is not None:
                    await asyncio.to_thread(fixer.take, traced.found, traced.modules)
                report = await (fixer.check() if asked.check else fixer.fix(asked.rounds))
                return [fixer.source], report

    return run_async(work())


async def _stopped(starting: asyncio.Future[RunningServices]) -> None:
    """Start no more of what nobody has waited for."""
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
