from __future__ import annotations

from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.backends.node.cases.observation import observation
from stackswitch.errors import EngineError
from stackswitch.wasm.module import parse_module

MAIN = parse_module(
    bytes(wat2wasm('(module (import "env" "w" (func $w)) (func $leaf call $w) (func $top (nop) call $leaf))'))
)
OTHER = parse_module(
    bytes(wat2wasm("(module (func $one) (func $two (nop) (nop) (nop) (nop)) (func $mid nop nop call $two))"))
)


def call_of(module: Any, index: int) -> int:
    """The offset of the last instruction but `end`: a call with a one-byte index."""
    return int(module.body_range(index)[1]) - 3


def seen(**fields: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "status": "finished",
        "detail": "",
        "unsupported": None,
        "steps": [],
        "suspensions": [],
        "owners": {},
        "suspension_count": 0,
        "log": [],
        "stdout": "",
        "stderr": "",
        "problems": [],
        "missing": {"JSPI_EXPORTS": [], "JSPI_IMPORTS": []},
        "warnings": [],
    }
    return nothing | fields


def test_a_function_is_found_by_an_offset_in_its_body() -> None:
    start, end = MAIN.body_range(1)
    assert [MAIN.function_at(at) for at in (0, start, end - 1, len(MAIN.data))] == [None, 1, 1, None]
    assert MAIN.function_at(MAIN.body_range(2)[0]) == 2


def test_frames_get_their_names_from_the_module_by_index() -> None:
    flat = [0, 1, call_of(MAIN, 1), 0, 2, call_of(MAIN, 2)]
    one = {"instance": "main", "import": "env.w", "export": "top", "frames": flat, "count": 3}
    got = observation(seen(suspensions=[one], owners={"0": "main"}, suspension_count=3), {"main": MAIN})
    (suspension,) = got.suspensions
    assert suspension.frames == ((1, call_of(MAIN, 1), "leaf"), (2, call_of(MAIN, 2), "top"))
    assert (suspension.import_, suspension.export, suspension.count) == ("env.w", "top", 3)
    assert suspension.module == MAIN.sha256


def test_frames_of_another_module_are_told_apart() -> None:
    flat = [7, 1, call_of(MAIN, 1), 3, 2, call_of(OTHER, 2), 7, 2, call_of(MAIN, 2)]
    one = {"instance": "main", "import": "env.w", "export": "top", "frames": flat, "count": 1}
    modules = {"lib": OTHER, "main": MAIN}
    got = observation(seen(suspensions=[one], owners={"7": "main"}), modules)
    assert [name for _, _, name in got.suspensions[0].frames] == ["leaf", "lib!mid", "top"]


def test_a_trap_carries_its_frames_and_values_their_bits() -> None:
    trap = {"kind": "host-error", "message": "no", "error": "no", "frames": [0, 1, 40]}
    step = {
        "step": 0,
        "ended": "trapped",
        "values": [],
        "trap": trap,
        "memory": ["00"],
        "globals": {"g": "f32:0x7fa00001"},
        "suspensions": 1,
    }
    (got,) = observation(seen(steps=[step]), {"main": MAIN}).steps
    assert got.trap is not None
    assert got.trap.frames == ("leaf (function 1, offset 0x28)",)
    assert got.globals == {"g": "f32:nan:0x200001"}


def test_only_lists_that_lack_something_are_told() -> None:
    got = observation(seen(missing={"JSPI_EXPORTS": ["f"], "JSPI_IMPORTS": []}), {"main": MAIN})
    assert got.missing == {"JSPI_EXPORTS": ("f",)}


@pytest.mark.parametrize(
    "broken",
    [{}, {"status": "finished"}, seen(steps=[{}]), seen(owners=5), seen(status="odd"), seen(steps=3)],
)
def test_an_answer_that_is_not_as_agreed_is_an_engine_error(broken: dict[str, Any]) -> None:
    with pytest.raises(EngineError, match="malformed"):
        observation(broken, {"main": MAIN})
