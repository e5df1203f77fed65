"""The pieces of the wasmtime backend that are plain bytes in and out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.backends.wasmtime.engine import without_custom_sections
from stackswitch.backends.wasmtime.stacks import frames_of_profile, without_clock
from stackswitch.binaryen.stack_memory import EXPORT_NAME, with_stack_memory
from stackswitch.wasm.module import parse_module

EMPTY = b"\0asm\x01\0\0\0"


def section(number: int, content: bytes) -> bytes:
    return bytes([number, len(content)]) + content


MEMORY = section(5, b"\x01\x00\x01")
EXPORT = section(7, b"\x01\x06memory\x02\x00")
NAME = section(0, b"\x04name\x00\x00")


def profile(frames: list[tuple[int, int]]) -> bytes:
    """What wasmtime writes for one sample, root first."""
    functions = sorted(set(frames))
    return json.dumps(
        {
            "libs": [{"name": "0"}, {"name": "1"}],
            "threads": [
                {
                    "samples": {"stack": [len(frames) - 1] if frames else []},
                    "stringArray": [f"<wasm function {index}>" for _, index in functions],
                    "funcTable": {
                        "name": list(range(len(functions))),
                        "resource": [module for module, _ in functions],
                    },
                    "resourceTable": {"lib": [0, 1]},
                    "frameTable": {"func": list(range(len(functions)))},
                    "stackTable": {
                        "prefix": [None, *range(len(frames) - 1)][: len(frames)],
                        "frame": [functions.index(each) for each in frames],
                    },
                }
            ],
        }
    ).encode()


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), max_size=30))
def test_a_profile_is_read_innermost_first(frames: list[tuple[int, int]]) -> None:
    assert frames_of_profile(profile(frames)) == tuple(reversed(frames))


def test_an_own_memory_stands_behind_the_guests() -> None:
    module = parse_module(with_stack_memory(parse_module(EMPTY + NAME + MEMORY + EXPORT)))
    assert [(each.name, each.index) for each in module.exports] == [("memory", 0), (EXPORT_NAME, 1)]
    assert len(module.memories) == 2


def test_a_module_without_memory_or_exports_gets_both() -> None:
    for data in (EMPTY, EMPTY + NAME, EMPTY + section(1, b"\x00"), EMPTY + section(10, b"\x00") + NAME):
        module = parse_module(with_stack_memory(parse_module(data)))
        assert [(each.name, each.index) for each in module.exports] == [(EXPORT_NAME, 0)]
        assert len(module.memories) == 1


def test_custom_sections_are_left_out() -> None:
    assert without_custom_sections(EMPTY + NAME + MEMORY + NAME + EXPORT) == EMPTY + MEMORY + EXPORT


def written(
    stack: int = 1, frame: str = "[0,1]", name: str = "<wasm function 0>", clock: str = "1.5"
) -> bytes:
    """A profile with its parts in wasmtime's order."""
    return (
        f'{{"meta":{{"startTime":{clock}}},"libs":[{{"name":"0"}}],"threads":[{{"frameTable":{{"func":[0,1]}},'
        f'"funcTable":{{"name":[1,2],"resource":[0,0]}},"pid":"0","processShutdownTime":{clock},'
        f'"registerTime":{clock},"resourceTable":{{"lib":[0]}},"samples":{{"stack":[{stack}],'
        f'"timeDeltas":[{clock}],"weight":[1]}},"stackTable":{{"prefix":[null,0],"frame":{frame}}},'
        f'"stringArray":["0","<wasm function 1>","{name}"],"tid":"0","unregisterTime":{clock}}}]}}'
    ).encode()


def test_equal_stacks_have_equal_keys_whatever_the_clock_says() -> None:
    assert without_clock(written())
    assert without_clock(written()) == without_clock(written(clock="22.75"))


@pytest.mark.parametrize("other", [{"stack": 0}, {"frame": "[1,0]"}, {"name": "<wasm function 2>"}])
def test_stacks_that_differ_have_keys_that_differ(other: dict[str, Any]) -> None:
    assert frames_of_profile(written()) != frames_of_profile(written(**other))
    assert without_clock(written()) != without_clock(written(**other))


def test_a_profile_laid_out_otherwise_has_no_key() -> None:
    assert without_clock(profile([(0, 1)])) == b""
    assert without_clock(written().replace(b'"stackTable":', b'"stacks":')) == b""
    # Its clock would be taken for a part of the stack, or the other way round.
    text = written()
    moved = text.replace(b'"unregisterTime":1.5', b'"end":0').replace(
        b'{"meta"', b'{"unregisterTime":1.5,"meta"'
    )
    assert without_clock(moved) == b""
