from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.errors import EngineError
from stackswitch.observe.parts import PART_VERSION, read_part

START = {"kind": "start", "part_version": PART_VERSION, "process": 7, "thread": 1, "engine": "node"}
STACK = {
    "kind": "stack",
    "id": 1,
    "how": "jspi",
    "import": "env.wait",
    "frames": [0, 1, 63],
    "gaps": [],
    "truncated": False,
}


def lines(*objects: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


def test_a_part_is_read_with_the_last_count_of_each_stack() -> None:
    part = read_part(
        lines(
            START,
            {"kind": "module", "sha256": "sha256:ab", "size": 9, "how": "compile", "kept": True},
            {"kind": "url", "id": 0, "url": "wasm://wasm/1"},
            STACK,
            {"kind": "count", "id": 1, "count": 2},
            {"kind": "count", "id": 1, "count": 3},
            {"kind": "promising", "index": 4},
            {"kind": "end", "status": 0, "suspensions": 3, "taken": 3, "left_out": 0},
        )
    )
    assert (part.process, part.thread, part.modules, part.promising) == (7, 1, {"sha256:ab": 9}, {4})
    assert part.stacks[1].count == 3
    assert part.end is not None
    assert part.errors == []


def test_a_torn_end_costs_only_the_torn_line() -> None:
    whole = lines(START, STACK, {"kind": "count", "id": 1, "count": 2})
    for cut in range(len(lines(START, STACK)) + 1, len(whole)):
        part = read_part(whole[:cut])
        assert part.stacks[1].count == 1
        assert part.errors == ["the part ends in the middle of a line"]


def test_another_version_is_refused() -> None:
    with pytest.raises(EngineError, match="version 99"):
        read_part(lines({**START, "part_version": 99}))


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "new"},
        {"kind": "count", "id": 5, "count": 2},
        {**STACK, "frames": [1, 2]},
        {**STACK, "frames": ["a", "b", "c"]},
        {"kind": "stack"},
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_passed_over(line: dict[str, Any]) -> None:
    part = read_part(lines(START, line, STACK))
    assert len(part.errors) == 1
    assert part.errors[0].startswith("line 2 ")
    assert list(part.stacks) == [1]


@given(st.binary())
def test_whatever_stands_there_is_read(data: bytes) -> None:
    assert read_part(data).stacks == {}


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_frames_that_are_none_are_told(frames: object) -> None:
    part = read_part(lines({**STACK, "frames": frames}))
    assert len(part.stacks) + len(part.errors) == 1


@given(st.sampled_from([*lines(START, STACK).split(b"\n")]), st.integers(0, 200), st.binary(max_size=3))
def test_damage_within_a_line_stays_within_it(line: bytes, at: int, damage: bytes) -> None:
    broken = (line[:at] + damage + line[at + len(damage) :]).replace(b"\n", b" ")
    try:
        part = read_part(broken + b"\n" + lines(STACK))
    except EngineError:
        return
    assert 1 in part.stacks
