"""A case's steps, taken in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from stackswitch.models.case import Case, Step
from stackswitch.models.expect import Expect
from stackswitch.models.result import StepObservation

from ..instance import ModuleInstance, ScriptError
from .session import CaseCall, CaseSession


class _Started:
    """The calls under one label."""

    def __init__(self, guest: ModuleInstance) -> None:
        self.guest = guest
        self.calls: list[tuple[CaseCall, asyncio.Task[tuple[str, ...]]]] = []


class Script:
    """Takes the steps.

    :param expected: of each step; what stands in memory and globals is read only where one looks
    :ivar steps: what was observed at each, so far
    """

    def __init__(self, case: Case, session: CaseSession, expected: Sequence[Expect]) -> None:
        self._case = case
        self._expected = expected
        self._session = session
        self._started: dict[str, _Started] = {}
        self.steps: list[StepObservation] = []

    async def run(self) -> None:
        """Take all steps; a trap does not end them.

        :raises TimeUpError: the guest was stopped because its time was up
        """
        try:
            for number, step in enumerate(self._case.script):
                await self._take(number, step)
        finally:
            await self._drop_all()

    async def _take(self, number: int, step: Step) -> None:
        session = self._session
        if step.call is not None:
            guest = session.guest(step.instance)
            running = session.calling(guest, step.call, step.args)
            await self._ended(number, guest, running, _begin(running))
        elif step.start is not None:
            await self._start(step)
            self.steps.append(StepObservation(step=number, ended="done"))
        elif step.finish is not None or step.cancel is not None:
            started = self._started.pop(step.finish or step.cancel or "", None)
            if started is None:
                raise ScriptError(f"step {number}: that call has ended already")
            # A call that has ended is not cancelled.
            cancelled = {task for _, task in started.calls if step.cancel is not None and not task.done()}
            for task in cancelled:
                task.cancel()
            for running, task in started.calls:
                await self._ended(number, started.guest, running, task, cancelled=task in cancelled)
        elif step.release is not None:
            session.host.release(step.release)
            await asyncio.sleep(0)
            self.steps.append(StepObservation(step=number, ended="done"))
        else:
            await asyncio.sleep((step.settle_ms or 0) / 1000)
            self.steps.append(StepObservation(step=number, ended="done"))

    async def _start(self, step: Step) -> None:
        guest = self._session.guest(step.instance)
        started = self._started[step.start or ""] = _Started(guest)
        for _ in range(step.copies):
            each = await self._session.fresh(step.instance) if step.fresh else guest
            running = self._session.calling(each, step.export or "", step.args)
            started.calls.append((running, _begin(running)))
        # The loop begins them all, in order, each up to its first wait.
        await asyncio.sleep(0)

    async def _ended(
        self,
        number: int,
        guest: ModuleInstance,
        running: CaseCall,
        task: asyncio.Task[tuple[str, ...]],
        *,
        cancelled: bool = False,
    ) -> None:
        seen: dict[str, Any]
        await asyncio.wait([task])
        if cancelled:
            with contextlib.suppress(BaseException):
                task.result()
            seen = {"ended": "cancelled"}
        else:
            try:
                seen = {"ended": "returned", "values": task.result()}
            except BaseException as error:  # noqa: BLE001 (explain raises errors that are not the guest's)
                trap = self._session.explain(guest, error)
                # A program that ends itself well has returned.
                exited = trap.kind == "exit" and trap.message == "exit status 0"
                seen = {"ended": "returned"} if exited else {"ended": "trapped", "trap": trap}
        expect = self._expected[number]
        self.steps.append(
            StepObservation(
                step=number,
                suspensions=running.suspensions,
                memory=tuple(_read(guest, each.at, len(each.hex) // 2) for each in expect.memory),
                globals={name: _global(guest, name) for name in expect.globals if guest.has(name, "global")},
                **seen,
            )
        )

    async def _drop_all(self) -> None:
        tasks: Sequence[asyncio.Task[Any]] = [
            task for each in self._started.values() for _, task in each.calls
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _begin(call: CaseCall) -> asyncio.Task[tuple[str, ...]]:
    task = asyncio.ensure_future(call.run())
    # asyncio complains of failures that nobody retrieves, and a script may end before it comes to this one.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


async def drop_tasks(grace_s: float) -> None:
    """Cancel all other tasks of the loop and await them: they may still use a store that is to be closed.

    :param grace_s: how long to wait; a guest that catches every failure may go on and on
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if not others:
        return
    await asyncio.wait(others, timeout=grace_s)


def _read(guest: ModuleInstance, at: int, size: int) -> str:
    try:
        return guest.read_memory(at, size).hex()
    except ScriptError:
        return ""


def _global(guest: ModuleInstance, name: str) -> str:
    return guest.get_global(name)
