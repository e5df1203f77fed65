"""Run a suite on backends, so many cases at a time, and judge each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from stackswitch.backends.base import Backend, LoadedCase
from stackswitch.errors import StackswitchError
from stackswitch.models.result import CaseResult, Observation, SuiteResult

from .expectations import judge
from .loader import Suite

OnResult = Callable[[CaseResult], None]


async def run_suite(
    suite: Suite,
    backends: Sequence[Backend],
    *,
    jobs: int = 1,
    timeout_s: float | None = None,
    on_result: OnResult | None = None,
) -> SuiteResult:
    """Run every case on every backend; one result each, ordered by case, then by backend.

    :param jobs: cases at a time, per backend
    :param timeout_s: the longest any case may take (seconds); None: as each case says
    :param on_result: told each result as it comes
    """
    order = {(each.case.id, at): None for each in suite.cases for at in range(len(backends))}
    results: dict[tuple[str, int], CaseResult] = {}

    async def worker(queue: asyncio.Queue[LoadedCase], at: int) -> None:
        while True:
            try:
                loaded = queue.get_nowait()
            except asyncio.QueueEmpty:
                return
            result = await run_case(loaded, backends[at], timeout_s=timeout_s)
            results[loaded.case.id, at] = result
            if on_result is not None:
                on_result(result)

    workers = []
    for at in range(len(backends)):
        queue: asyncio.Queue[LoadedCase] = asyncio.Queue()
        for loaded in suite.cases:
            queue.put_nowait(loaded)
        workers += [worker(queue, at) for _ in range(jobs)]
    await asyncio.gather(*workers)
    return SuiteResult(results=tuple(results[key] for key in order))


async def run_case(loaded: LoadedCase, backend: Backend, *, timeout_s: float | None = None) -> CaseResult:
    """Make a case ready, run it, judge it. Trouble with this one case is its result, not an exception."""
    return judge(loaded.case, backend.info, await observe_case(loaded, backend, timeout_s=timeout_s))


async def observe_case(
    loaded: LoadedCase, backend: Backend, *, timeout_s: float | None = None
) -> Observation:
    """Make a case ready and run it; tell what was seen and leave the judging to others."""
    started = time.perf_counter()
    seen = await _observe(loaded, backend, timeout_s or loaded.case.timeout_s)
    if seen.duration_ms:
        return seen
    return seen.model_copy(update={"duration_ms": (time.perf_counter() - started) * 1000})


async def _observe(loaded: LoadedCase, backend: Backend, timeout_s: float) -> Observation:
    if loaded.problem is not None:
        return Observation(status="error", detail=loaded.problem)
    try:
        build = await backend.prepare(loaded)
        if build.unsupported is not None:
            return Observation(status="unsupported", unsupported=build.unsupported)
        if build.error is not None:
            return Observation(status="error", detail=build.error)
        seen = await backend.run(loaded, build, timeout_s=timeout_s)
        return seen.model_copy(update={"warnings": build.warnings})
    except StackswitchError as error:
        return Observation(status="error", detail=str(error))
