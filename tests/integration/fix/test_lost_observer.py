"""``fix`` where the backend on which stacks are observed breaks down during the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackswitch.backends.base import Backend, Build, LoadedCase
from stackswitch.backends.registry import BackendOptions, open_backend
from stackswitch.errors import EngineError
from stackswitch.models.backend import BackendInfo
from stackswitch.models.result import Observation
from stackswitch.suite.loader import load_suite

from .conftest import fix_suite

WAT = """(module (import "env" "wait" (func $wait (result i32)))
  (func $main (export "main") (result i32) (call $wait)))"""
CASE = """why = "One wait."
source = "case.wat"
export = "main"
host = [{ import = "env.wait", returns = "i32:41", delay_ms = 1 }]
[asyncify]
only = ["main"]
[expect]
values = ["i32:41"]
"""


class Dying:
    """The real backend; its engine is gone for all but so many cases."""

    def __init__(self, backend: Backend, lives: int) -> None:
        self._backend = backend
        self._lives = lives

    @property
    def info(self) -> BackendInfo:
        return self._backend.info

    async def prepare(self, loaded: LoadedCase) -> Build:
        return await self._backend.prepare(loaded)

    async def run(self, loaded: LoadedCase, build: Build, *, timeout_s: float) -> Observation:
        if self._lives == 0:
            raise EngineError("3 children in turn died before they began a case")
        self._lives -= 1
        return await self._backend.run(loaded, build, timeout_s=timeout_s)

    async def aclose(self) -> None:
        await self._backend.aclose()


@pytest.mark.parametrize("lives", [0, 1])
def test_a_list_is_not_verified_by_a_backend_that_was_lost(
    lives: int, tmp_path: Path, run: Callable[[Any], Any]
) -> None:
    (tmp_path / "case.wat").write_text(WAT)
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(CASE)

    async def check() -> Any:
        asyncify = await open_backend("asyncify", BackendOptions())
        dying = Dying(await open_backend("fiber", BackendOptions()), lives)
        try:
            return (await fix_suite(load_suite(tmp_path), None, asyncify, dying, check=True)).report
        finally:
            await asyncify.aclose()
            await dying.aclose()

    if lives == 0:
        with pytest.raises(EngineError, match="no case could be observed on fiber\n  a: 3 children"):
            run(check())
        return
    report = run(check())
    assert report.verdict == "verified"
    assert report.notes[0].startswith("1 of 2 cases could not be observed on fiber: b: 3 children")
