"""Binaryen, once for all tests of lists."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from stackswitch.binaryen.locate import find_wasm_opt, npm_wasm_opt
from stackswitch.binaryen.tool import Tool
from stackswitch.errors import DownloadError, ToolNotFoundError
from stackswitch.tools.progress import silent

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="package")
def wasm_opt(run: Run) -> Iterator[Tool]:
    async def find() -> Tool:
        return (await find_wasm_opt(await npm_wasm_opt(silent))).tool

    try:
        tool = run(find())
    except (DownloadError, ToolNotFoundError) as error:
        pytest.skip(str(error))
    yield tool
    run(tool.aclose())
