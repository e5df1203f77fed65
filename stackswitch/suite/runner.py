"""Runs a suite on backends, several cases at a time, and judges each."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

from stackswitch.backends.base import Backend, CommandBackend, LoadedCase, LoadedCommand
from stackswitch.errors import StackswitchError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.case import MAIN
from stackswitch.models.result import CaseResult, CommandObservation, Observation, SuiteResult
from stackswitch.models.trace import Suspension, TraceStart, TraceSuspension
from stackswitch.observe.trace import Trace

from .command_expectations import judge_command
from .expectations import judge
from .loader import Suite
from .services import RunningServices, running

Result = TypeVar("Result")
OnResult = Callable[[CaseResult], None]
OnTrace = Callable[[str, BackendInfo, bytes], None]
"""Called with a case's id, the backend that ran it, and the content of its trace file."""


async def run_suite(
    suite: Suite,
    backends: Sequence[Backend],
    *,
    commands: Sequence[CommandBackend] = (),
    jobs: int = 1,
    timeout_s: float | None = None,
    on_result: OnResult | None = None,
    on_trace: OnTrace | None = None,
) -> SuiteResult:
    """Run every case on every backend; one result each, ordered by case, then by backend.

    :param commands: the backends for the suite's commands; its services run meanwhile
    :param jobs: how many cases run at a time, on each backend; of commands, in all
    :param timeout_s: the most that any case may take (seconds); None: as each case says
    :param on_result: called with each result at once
    :param on_trace: called with the trace of each case that was suspended
    :raises ToolError: the suite's services do not start
    """
    results: dict[tuple[str, int], CaseResult] = {}

    def done(result: CaseResult, at: int) -> None:
        results[result.case_id, at] = result
        if on_result is not None:
            on_result(result)

    async def work(todo: list[partial[Coroutine[Any, Any, None]]]) -> None:
        while todo:
            await todo.pop(0)()

    async def run_case_at(loaded: LoadedCase, at: int) -> None:
        info = backends[at].info
        observation = await observe_case(loaded, backends[at], timeout_s=timeout_s)
        if on_trace is not None and observation.suspensions:
            on_trace(loaded.case.id, info, trace_of(loaded, observation.suspensions, info))
        done(_judged(loaded, backends[at], observation), at)

    async def run_command_at(loaded: LoadedCommand, at: int, services: RunningServices) -> None:
        info = commands[at].info
        observation = await observe_command(loaded, commands[at], services, timeout_s=timeout_s)
        if on_trace is not None and observation.trace:
            on_trace(loaded.case.id, info, observation.trace)
        for other in commands:
            if other.needs_observations and info.name == "jspi":
                other.add_observations(observation.suspensions)
        done(judge_command(loaded.case, info, observation), at)

    queues = [[partial(run_case_at, loaded, at) for loaded in suite.cases] for at in range(len(backends))]
    await gather_all([work(queue) for queue in queues for _ in range(jobs)])
    if suite.commands and commands:
        async with running(suite.file.services, suite.folder) as services:
            for is_second in (False, True):
                queue = [
                    partial(run_command_at, loaded, at, services)
                    for loaded in suite.commands
                    for at, backend in enumerate(commands)
                    if backend.needs_observations == is_second
                ]
                await gather_all([work(queue) for _ in range(jobs)])
    return SuiteResult(results=tuple(results[key] for key in sorted(results)))


async def gather_all(tasks: Sequence[Awaitable[Result]]) -> list[Result]:
    """Wait for all. If one fails, the others are cancelled, and its error is raised."""
    begun = [asyncio.ensure_future(each) for each in tasks]
    try:
        return list(await asyncio.gather(*begun))
    finally:
        for each in begun:
            each.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


async def run_case(loaded: LoadedCase, backend: Backend, *, timeout_s: float | None = None) -> CaseResult:
    """Prepare, run and judge a case. An error with this case is its result; it is not raised."""
    return _judged(loaded, backend, await observe_case(loaded, backend, timeout_s=timeout_s))


def _judged(loaded: LoadedCase, backend: Backend, observation: Observation) -> CaseResult:
    module = _hash(loaded.main) if MAIN in loaded.modules else ""
    return judge(loaded.case, backend.info, observation).model_copy(update={"module": module})


def _hash(module: bytes) -> str:
    return f"sha256:{hashlib.sha256(module).hexdigest()}"


def trace_of(loaded: LoadedCase, suspensions: Sequence[Suspension], info: BackendInfo) -> bytes:
    """Return the suspensions of a case as a trace, as ``stackswitch trace`` writes those of programs.

    Modules are named by their hashes before any Asyncify.
    """
    hashes = {name: _hash(module) for name, module in loaded.modules.items()}
    start = TraceStart(process=os.getpid(), engine=info.engine, engine_version=info.engine_version)
    stacks = [
        TraceSuspension.model_validate({**vars(each), "module": hashes.get(each.module, each.module)})
        for each in suspensions
    ]
    return Trace(starts=[start], suspensions=stacks).to_jsonl()


async def observe_case(
    loaded: LoadedCase, backend: Backend, *, timeout_s: float | None = None
) -> Observation:
    """Prepare and run a case; return the observation, not judged."""
    started = time.perf_counter()
    observation = await _observe(loaded, backend, timeout_s or loaded.case.timeout_s)
    if observation.duration_ms:
        return observation
    return observation.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})


async def _observe(loaded: LoadedCase, backend: Backend, timeout_s: float) -> Observation:
    if loaded.problem is not None:
        return Observation(status="error", detail=loaded.problem)
    try:
        build = await backend.prepare(loaded)
        if build.unsupported is not None:
            return Observation(status="unsupported", unsupported=build.unsupported)
        if build.error is not None:
            return Observation(status="error", detail=build.error)
        observation = await backend.run(loaded, build, timeout_s=timeout_s)
        return observation.model_copy(update={"warnings": (*build.warnings, *observation.warnings)})
    except (StackswitchError, OSError) as error:
        return Observation(status="error", detail=str(error), problems=(str(error),))


async def observe_command(
    loaded: LoadedCommand,
    backend: CommandBackend,
    services: RunningServices,
    *,
    timeout_s: float | None = None,
) -> CommandObservation:
    """Run a command; return the observation, not judged. An error with this command is part of it."""
    problem = loaded.problem or services.problem
    if problem is not None:
        return CommandObservation(status="error", detail=problem)
    try:
        limit = timeout_s or loaded.case.timeout_s
        observation = await backend.run(loaded, services.env, timeout_s=limit)
        # Missing names are missing wherever it runs. All else may be due to others in the same process.
        doubtful = observation.shared and not observation.missing
        if doubtful and not judge_command(loaded.case, backend.info, observation).as_expected:
            observation = await backend.run(loaded, services.env, timeout_s=limit, alone=True)
    except (StackswitchError, OSError) as error:
        return CommandObservation(status="error", detail=str(error))
    return observation
