"""What all tests share: one event loop, settings of hypothesis, the rule for engines that are not there."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import BACKENDS, BackendOptions, open_backend
from stackswitch.errors import StackswitchError

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]
# A test says what is right, not how fast: machines of CI are slow, and busy.
settings.register_profile("stackswitch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stackswitch")
# Tests send signals to what they start. A shell may have them ignored (nohup, a job in the background).
for _signal, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _handler)
LEFT_OUT = {"browser", "compiler", "corpus", "emscripten", "network", "php", "slow", "toolchain"}
"""Markers that a plain ``pytest`` leaves out; CI has a step for each."""
REQUIRED = {name for name in os.environ.get("STACKSWITCH_REQUIRE", "").split(",") if name}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test with two of the markers that are left out by default: two steps of CI would run it."""
    for item in items:
        markers = {mark.name for mark in item.iter_markers()} & LEFT_OUT
        assert len(markers) <= 1, f"{item.nodeid} has the markers {sorted(markers)}: keep the heaviest"


@pytest.fixture(scope="session")
def run() -> Iterator[Run[Any]]:
    """Run a coroutine on the session's event loop, where the session's backends live."""
    loop = asyncio.new_event_loop()
    yield loop.run_until_complete
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture(scope="session", params=list(BACKENDS))
def backend(request: pytest.FixtureRequest, run: Run[Any]) -> Iterator[Backend]:
    """Each backend in turn; one that cannot be had is skipped, or fails where it is required."""
    try:
        opened = run(open_backend(request.param, BackendOptions(jobs=1)))
    except StackswitchError as error:
        if request.param in REQUIRED:
            raise
        pytest.skip(f"{request.param}: {error}")
    yield opened
    run(opened.aclose())
