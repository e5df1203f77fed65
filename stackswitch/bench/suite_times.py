"""How long the cases of a suite take on both backends, in alternating rounds on one engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

from stackswitch.backends.base import Backend, CommandBackend, LoadedCase, LoadedCommand
from stackswitch.backends.registry import CommandOptions, open_backend, open_command_backend
from stackswitch.engines.locate import find_engine
from stackswitch.engines.measure import compared
from stackswitch.errors import SuiteError
from stackswitch.models.readiness import Measure
from stackswitch.models.result import CaseResult
from stackswitch.suite.command_expectations import judge_command
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import run_case
from stackswitch.suite.services import running

from .rounds import Timing, Work, alternate, clocks

BACKENDS = ("jspi", "asyncify")


async def time_cases(suite: Suite, *, rounds: int, say: Callable[[str], None]) -> tuple[Measure, ...]:
    """Time each case: a call of an export with compiling, a command as a whole and without observation.

    Both backends run on one engine, unless ``suite.toml`` says otherwise.

    :param say: called with a line of text before each case
    :raises SuiteError: a case did not return as expected
    :raises StackswitchError: a backend cannot run
    """
    async with AsyncExitStack() as opened:
        cases: dict[str, Backend] = {}
        commands: dict[str, CommandBackend] = {}
        same = f"node:{(await asyncio.to_thread(find_engine, None, say)).path}"
        for name in BACKENDS:
            settings = suite.file.settings(name)
            options = CommandOptions(engine=settings.engine or same, settings=settings)
            if suite.cases:
                cases[name] = await open_backend(name, options, say)
                opened.push_async_callback(cases[name].aclose)
            if suite.commands:
                commands[name] = await open_command_backend(name, options, say)
                opened.push_async_callback(commands[name].aclose)
        services = await opened.enter_async_context(running(suite.file.services, suite.folder))
        found = []
        for case in suite.cases:
            hosts = {name: partial(_time_case, case, backend) for name, backend in cases.items()}
            found.append(await _measure(case, cases, hosts, rounds, say))
        for command in suite.commands:
            works = {
                name: partial(_time_command, command, each, services.env) for name, each in commands.items()
            }
            found.append(await _measure(command, commands, works, rounds, say))
    return tuple(each for each in found if each is not None)


async def _measure(
    loaded: LoadedCase | LoadedCommand,
    backends: Mapping[str, Backend | CommandBackend],
    hosts: Mapping[str, Work],
    rounds: int,
    say: Callable[[str], None],
) -> Measure | None:
    case = loaded.case
    say(f"timing {case.id}")
    times = clocks(await alternate(hosts, rounds))
    pairs = list(zip(*(times[name] for name in BACKENDS), strict=True))
    engines = dict.fromkeys(f"{each.info.engine} {each.info.engine_version}" for each in backends.values())
    note = f"{case.why} By the clock, {len(pairs)} alternating runs on {' and '.join(engines)}."
    return compared(f"time:{case.id}", f"time of {case.id}", "ms", pairs, note)


async def _time_case(case: LoadedCase, backend: Backend) -> Timing:
    return _checked(await run_case(case, backend))


async def _time_command(
    command: LoadedCommand, backend: CommandBackend, services: Mapping[str, str]
) -> Timing:
    observation = await backend.run_unobserved(command, services, timeout_s=command.case.timeout_s)
    return _checked(judge_command(command.case, backend.info, observation))


def _checked(result: CaseResult) -> Timing:
    """Return how long it took by the clock (ms). The CPU time of a child is not known here."""
    if result.outcome != "returned" or not result.as_expected:
        raise SuiteError(
            f"{result.case_id} is to be timed, and did not return as it should on {result.backend}:"
            f" {result.outcome}: {result.detail}"
        )
    return Timing(result.duration_ms, 0.0)
