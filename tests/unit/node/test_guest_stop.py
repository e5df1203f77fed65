"""Where a guest computed when its time was up: the look at its thread and the end of its call race."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest

from stackswitch.backends.node.guests.stop import note_stopped

NOWHERE: dict[str, Any] = {"frames": []}


def stopped(found: dict[str, Any], ended: str, *, slow: bool) -> SimpleNamespace:
    """Return the call's state after a look that finds ``found``.

    :param ended: when the call's end is known: ``before`` the look, ``after`` it, or ``never``
    :param slow: the look itself takes a while
    """

    async def main() -> SimpleNamespace:
        async def stack() -> dict[str, Any]:
            await asyncio.sleep(0.05 if slow else 0)
            return found

        end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if ended != "never":
            asyncio.get_running_loop().call_later(0.02, end.set_result, [(0, 7)])
        running = SimpleNamespace(
            data=b"12345678", function_at={3: 0}.get, imported_function_count=0, bodies=()
        )
        prepared = SimpleNamespace(request=SimpleNamespace(stacks=True), frames=tuple, running=running)
        state = SimpleNamespace(ends=time.monotonic(), waiting=None, stopped=(), stopped_problem="")
        await note_stopped(SimpleNamespace(broken=None, stack=stack), state, prepared, end)  # type: ignore[arg-type]
        return state

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("found", "ended", "slow", "frames"),
    [
        pytest.param({"frames": [(8, 3)]}, "never", False, ((0, 3),), id="found"),
        pytest.param(NOWHERE, "before", True, ((0, 7),), id="the call ended first"),
        pytest.param(NOWHERE, "after", False, ((0, 7),), id="found on its way out"),
        pytest.param({"problem": "gone"}, "after", False, ((0, 7),), id="a problem, and the call ended"),
    ],
)
def test_frames(found: dict[str, Any], ended: str, slow: bool, frames: tuple[tuple[int, int], ...]) -> None:
    state = stopped(found, ended, slow=slow)
    assert (state.stopped, state.stopped_problem) == (frames, "")


@pytest.mark.parametrize(
    ("found", "problem"),
    [(NOWHERE, "its thread was in no function of the module"), ({"problem": "it is gone"}, "it is gone")],
)
def test_frames_that_are_not_known_have_a_reason(found: dict[str, Any], problem: str) -> None:
    state = stopped(found, "never", slow=False)
    assert (state.stopped, state.stopped_problem) == ((), f"where it computed is not known: {problem}")
