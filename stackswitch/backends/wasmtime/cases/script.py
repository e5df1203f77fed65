"""A case's steps, taken in order, whatever sets the guest aside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Protocol

from stackswitch.models.case import Case, Step
from stackswitch.models.expect import Expect
from stackswitch.models.result import StepObservation, Trap

from ..instance import ModuleInstance, ScriptError
from .host import Host


class Running(Protocol):
    """A call of an export, begun by ``run``."""

    @property
    def suspensions(self) -> int:
        """How often it was set aside so far."""
        ...

    async def run(self) -> tuple[str, ...]:
        """Take it to its end and return its results."""
        ...


class CaseSession(Protocol):
    """The instances of a case."""

    host: Host

    def guest(self, name: str) -> ModuleInstance:
        """Return an instance by name."""
        ...

    def fresh(self, name: str) -> ModuleInstance:
        """Make one more instance of that module."""
        ...

    def calling(self, guest: ModuleInstance, export: str, args: tuple[str, ...]) -> Running:
        """Return a call, not yet begun."""
        ...

    def explain(self, guest: ModuleInstance, error: BaseException) -> Trap:
        """Say why a call failed.

        :raises TimeUpError: the guest was stopped because its time was up
        """
        ...


class TimeUpError(Exception):
    """The guest ran until its time was up."""


class _Started:
    """The calls under one label."""

    def __init__(self, guest: ModuleInstance) -> None:
        self.guest = guest
        self.calls: list[tuple[Running, asyncio.Task[tuple[str, ...]]]] = []


class Script:
    """Takes the steps.

    :param expected: of each step; what stands in memory and globals is read only where one looks
    :ivar seen: what came of them, so far
    """

    def __init__(self, case: Case, world: CaseSession, expected: Sequence[Expect]) -> None:
        self._case = case
        self._expected = expected
        self._world = world
        self._started: dict[str, _Started] = {}
        self.seen: list[StepObservation] = []

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
        world = self._world
        if step.call is not None:
            guest = world.guest(step.instance)
            running = world.calling(guest, step.call, step.args)
            task = asyncio.ensure_future(running.run())
            await self._ended(number, guest, running, task)
        elif step.start is not None:
            await self._start(step)
            self.seen.append(StepObservation(step=number, ended="done"))
        elif step.finish is not None or step.cancel is not None:
            started = self._started.pop(step.finish or step.cancel or "", None)
            if started is None:
                raise ScriptError(f"step {number}: that call has ended already")
            # A call that has ended keeps its end: there is nothing to cancel.
            cancelled = {task for _, task in started.calls if step.cancel is not None and not task.done()}
            for task in cancelled:
                task.cancel()
            for running, task in started.calls:
                await self._ended(number, started.guest, running, task, cancelled=task in cancelled)
        elif step.release is not None:
            world.host.release(step.release)
            await asyncio.sleep(0)
            self.seen.append(StepObservation(step=number, ended="done"))
        else:
            await asyncio.sleep((step.settle_ms or 0) / 1000)
            self.seen.append(StepObservation(step=number, ended="done"))

    async def _start(self, step: Step) -> None:
        guest = self._world.guest(step.instance)
        started = self._started[step.start or ""] = _Started(guest)
        for _ in range(step.copies):
            each = self._world.fresh(step.instance) if step.fresh else guest
            running = self._world.calling(each, step.export or "", step.args)
            started.calls.append((running, asyncio.ensure_future(running.run())))
        # One turn of the loop begins them all, in order, each up to its first wait.
        await asyncio.sleep(0)

    async def _ended(
        self,
        number: int,
        guest: ModuleInstance,
        running: Running,
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
            except BaseException as error:  # noqa: BLE001 (explain raises what is none of the guest's)
                trap = self._world.explain(guest, error)
                # A program that ends itself well has returned.
                exited = trap.kind == "exit" and trap.message == "exit status 0"
                seen = {"ended": "returned"} if exited else {"ended": "trapped", "trap": trap}
        expect = self._expected[number]
        self.seen.append(
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
        # Those that have failed are asked too, so that nobody complains that they were not.
        await asyncio.gather(*tasks, return_exceptions=True)


async def drop_tasks(grace_s: float) -> None:
    """Cancel all other tasks of the loop and await them: they may still use a store that is to be closed.

    :param grace_s: how long to wait; a guest that catches every failure may go on and on
    """
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if not others:
        return
    done, _ = await asyncio.wait(others, timeout=grace_s)
    for task in done:
        if not task.cancelled():
            task.exception()  # asked for, so that nobody complains that it was not


def _read(guest: ModuleInstance, at: int, size: int) -> str:
    try:
        return guest.read_memory(at, size).hex()
    except ScriptError:
        return ""


def _global(guest: ModuleInstance, name: str) -> str:
    return guest.get_global(name)
