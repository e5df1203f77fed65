"""A case's steps, taken in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stackswitch.models.case import Case, Step
from stackswitch.models.expect import Expect
from stackswitch.models.result import StepObservation

from ..errors import is_over
from ..instance import ModuleInstance, ScriptError
from .call import CaseCall, CaseCallContext, InstanceHandle
from .outcome import TimeUpError, trap_of
from .session import CaseSession


@dataclass(eq=False)
class _Running:
    """A call that was begun and the task that runs it."""

    handle: InstanceHandle
    call: CaseCall
    task: asyncio.Task[tuple[str, ...]]


class Script:
    """Takes the steps.

    :param expected: of each step; what stands in memory and globals is read only where one looks
    :ivar steps: what was observed at each, so far
    """

    def __init__(self, case: Case, session: CaseSession, expected: Sequence[Expect]) -> None:
        self._case = case
        self._expected = expected
        self._session = session
        self._started: dict[str, list[_Running]] = {}
        self.steps: list[StepObservation] = []

    async def run(self) -> None:
        """Take all steps; a trap does not end them.

        :raises TimeUpError: the guest was stopped because its time was up
        """
        try:
            for number, step in enumerate(self._case.script):
                await self._take(number, step)
        finally:
            left = [each.task for started in self._started.values() for each in started]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _take(self, number: int, step: Step) -> None:
        if step.call is not None:
            await self._ended(number, self._begin(self._session.instances[step.instance], step.call, step))
        elif step.start is not None:
            await self._start(step)
            self.steps.append(StepObservation(step=number, ended="done"))
        elif step.finish is not None or step.cancel is not None:
            started = self._started.pop(step.finish or step.cancel or "", None)
            if started is None:
                raise ScriptError(f"step {number}: that call has ended already")
            # A call that has ended is not cancelled.
            cancelled = [each for each in started if step.cancel is not None and not each.task.done()]
            for each in cancelled:
                each.task.cancel()
            for each in started:
                await self._ended(number, each, cancelled=each in cancelled)
        else:
            if step.release is not None:
                self._session.host.gate(step.release).set()
            await asyncio.sleep((step.settle_ms or 0) / 1000)
            self.steps.append(StepObservation(step=number, ended="done"))

    async def _start(self, step: Step) -> None:
        handle = self._session.instances[step.instance]
        started = self._started[step.start or ""] = []
        for _ in range(step.copies):
            each = await self._session.make(step.instance) if step.fresh else handle
            started.append(self._begin(each, step.export or "", step))
        # The loop begins them all, in order, each up to its first wait.
        await asyncio.sleep(0)

    @staticmethod
    def _begin(handle: InstanceHandle, export: str, step: Step) -> _Running:
        call = CaseCall(handle, step.args, CaseCallContext(export=export))
        task = asyncio.ensure_future(call.run())
        # asyncio logs failures that are never retrieved, and a script may end before it comes to this one.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return _Running(handle, call, task)

    async def _ended(self, number: int, running: _Running, *, cancelled: bool = False) -> None:
        seen: dict[str, Any]
        handle, task = running.handle, running.task
        await asyncio.wait([task])
        if cancelled:
            with contextlib.suppress(BaseException):
                task.result()
            seen = {"ended": "cancelled"}
        else:
            try:
                seen = {"ended": "returned", "values": task.result()}
            except BaseException as error:
                if is_over(error):
                    raise TimeUpError(str(error)) from error
                trap = trap_of(error, handle.module.function_name)
                # A program that ends itself well has returned.
                exited = trap.kind == "exit" and trap.message == "exit status 0"
                seen = {"ended": "returned"} if exited else {"ended": "trapped", "trap": trap}
        expect, instance = self._expected[number], handle.instance
        self.steps.append(
            StepObservation(
                step=number,
                suspensions=running.call.suspensions,
                memory=tuple(_read(instance, each.at, len(each.hex) // 2) for each in expect.memory),
                globals={
                    name: instance.get_global(name) for name in expect.globals if instance.has(name, "global")
                },
                **seen,
            )
        )


async def drop_tasks(grace_s: float) -> None:
    """Cancel all other tasks of the loop and await them: they may still use a store that is to be closed.

    :param grace_s: how long to wait; a guest that catches every failure may never end
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if not others:
        return
    await asyncio.wait(others, timeout=grace_s)


def _read(instance: ModuleInstance, at: int, size: int) -> str:
    try:
        return instance.read_memory(at, size).hex()
    except ScriptError:
        return ""
