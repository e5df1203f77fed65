"""A ``wasm-opt`` to compare with: what we say of its names, its builds and its refusals must be so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stackswitch.binaryen.locate import find_wasm_opt
from stackswitch.binaryen.tool import ToolRun
from stackswitch.errors import StackswitchError

FEATURES = [
    f"--enable-{name}"
    for name in (
        "bulk-memory",
        "exception-handling",
        "gc",
        "memory64",
        "multimemory",
        "multivalue",
        "mutable-globals",
        "reference-types",
        "simd",
        "tail-call",
    )
]

WasmOpt = Callable[..., ToolRun]


@pytest.fixture(scope="session")
def wasm_opt(run: Any) -> Iterator[WasmOpt]:
    """Call ``wasm_opt(module, *args, **files)``; the output is the run's file ``out.wasm``."""
    try:
        found = run(find_wasm_opt())
    except StackswitchError as error:
        pytest.skip(f"no wasm-opt: {error}")

    def call(module: bytes, *args: str, **files: bytes) -> ToolRun:
        given = {"in.wasm": module, **files}
        argv = ["in.wasm", *FEATURES, "-g", *args, "-o", "out.wasm"]
        done: ToolRun = run(found.tool.run(argv, given, ["out.wasm"], timeout_s=120.0))
        return done

    yield call
    run(found.tool.aclose())
