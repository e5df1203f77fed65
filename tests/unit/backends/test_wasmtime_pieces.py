"""The pieces of the wasmtime backend that are plain bytes in and out."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.backends.wasmtime.engine import without_custom_sections
from stackswitch.backends.wasmtime.stacks import frames_of_profile
from stackswitch.binaryen.ownmemory import EXPORT_NAME, with_own_memory
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
    module = parse_module(with_own_memory(parse_module(EMPTY + NAME + MEMORY + EXPORT)))
    assert [(each.name, each.index) for each in module.exports] == [("memory", 0), (EXPORT_NAME, 1)]
    assert len(module.memories) == 2


def test_a_module_without_memory_or_exports_gets_both() -> None:
    for data in (EMPTY, EMPTY + NAME, EMPTY + section(1, b"\x00"), EMPTY + section(10, b"\x00") + NAME):
        module = parse_module(with_own_memory(parse_module(data)))
        assert [(each.name, each.index) for each in module.exports] == [(EXPORT_NAME, 0)]
        assert len(module.memories) == 1


def test_custom_sections_are_left_out() -> None:
    assert without_custom_sections(EMPTY + NAME + MEMORY + NAME + EXPORT) == EMPTY + MEMORY + EXPORT
