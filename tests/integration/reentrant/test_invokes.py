"""C++ exceptions in JavaScript and longjmp: calls below ``invoke_*`` may wait after the transform."""

from __future__ import annotations

import shutil

import pytest

from .conftest import Compile, Node, Transform

pytestmark = pytest.mark.emscripten
NAMES = (
    "virtual_call", "wide_numbers", "in_catch", "thrown_again", "foreign", "rejected", "through_javascript",
    "jump", "ends",
)  # fmt: skip
RIGHT = {
    "virtual_call(4)": 16,
    "virtual_call(-4)": -1,
    "wide_numbers(2)": 9,
    "wide_numbers(3)": -5,
    "in_catch(6)": 6,
    "thrown_again(5)": 5,
    "foreign(0)": 1,
    "foreign(3)": "TypeError: foreign 3",
    "rejected(901)": "TypeError: rejected 901",
    "rejected(1)": 1,
    "through_javascript(4)": 4,
    "through_javascript(9)": 1009,
    "jump(0)": 6,
    "jump(7)": 76,
    "destroyed": 105,
    "overlapping": [
        [1, -1, 9, -1, 25],
        ["TypeError: rejected 902", 3, "TypeError: rejected 903"],
        [8, -5, 9],
    ],
    "moved": 0,
    "ends(3)": "ExitStatus: Program terminated with exit(3)",
}


@pytest.mark.parametrize(
    "options", [("-O1", "-g2"), ("-O1", "-g2", "-sWASM_BIGINT")], ids=["halves", "bigint"]
)
def test_exceptions_and_longjmp_may_wait(
    emcc: Compile, transform: Transform, node: Node, options: tuple[str, ...]
) -> None:
    module = emcc("exceptions.cpp", "-fexceptions", "-sALLOW_MEMORY_GROWTH", *options)
    before = node("exceptions.cjs", module.with_suffix(".js"))
    assert before["virtual_call(4)"] == "SuspendError: trying to suspend JS frames"
    lists = ["--suspend", "pause_for", *(f"--promise={each}" for each in NAMES)]
    shutil.copyfile(transform(module, "--invokes", *lists), module)
    found = node("exceptions.cjs", module.with_suffix(".js"))
    catching = found.pop("catching")
    assert found == RIGHT
    for results, values in zip(catching, ([9, 2, 5, 13], [3, 1, 2]), strict=True):
        for result, value in zip(results, values, strict=True):
            assert result in (value, "RuntimeError: unreachable")
