from __future__ import annotations

import pytest

from stackswitch.binaryen.stack_memory import ADDED_EXPORT_NAME, with_reachable_memory
from stackswitch.errors import ConfigError
from stackswitch.wasm.module import Module, parse_module

HEADER = b"\0asm\1\0\0\0"
CUSTOM = b"\x00\x03\x01aX"
TYPES = b"\x01\x04\x01\x60\x00\x00"
FUNCTIONS = b"\x03\x02\x01\x00"
MEMORY = b"\x05\x03\x01\x00\x02"
TWO_MEMORIES = b"\x05\x05\x02\x00\x02\x00\x03"
CODE = b"\x0a\x04\x01\x02\x00\x0b"


def exports(*entries: tuple[bytes, int, int]) -> bytes:
    body = bytes([len(entries)]) + b"".join(
        bytes([len(name)]) + name + bytes([kind, index]) for name, kind, index in entries
    )
    return b"\x07" + bytes([len(body)]) + body


def made(*sections: bytes) -> Module:
    return parse_module(HEADER + b"".join(sections))


def memory_exports(data: bytes) -> list[tuple[str, int]]:
    return [(export.name, export.index) for export in parse_module(data).exports if export.kind == "memory"]


def test_an_exported_memory_serves_as_it_is() -> None:
    module = made(TYPES, FUNCTIONS, TWO_MEMORIES, exports((b"f", 0, 0), (b"m", 2, 1), (b"n", 2, 0)), CODE)
    assert with_reachable_memory(module) == (module.data, "m")
    assert with_reachable_memory(module, "n") == (module.data, "n")


def test_a_private_memory_is_exported() -> None:
    module = made(CUSTOM, TYPES, FUNCTIONS, MEMORY, exports((b"f", 0, 0)), CODE, CUSTOM)
    data, name = with_reachable_memory(module)
    assert memory_exports(data) == [(name, 0)] == [(ADDED_EXPORT_NAME, 0)]
    assert parse_module(data).memories == module.memories
    assert [export.name for export in parse_module(data).exports] == ["f", ADDED_EXPORT_NAME]
    assert data.startswith(HEADER + CUSTOM)
    assert data.endswith(CODE + CUSTOM)


def test_sections_that_are_absent_are_made_in_their_place() -> None:
    data, name = with_reachable_memory(made(TYPES, FUNCTIONS, CODE))
    module = parse_module(data)
    assert memory_exports(data) == [(name, 0)]
    assert (module.memories[0].minimum, module.memories[0].maximum) == (1, None)


def test_an_empty_module_gets_both() -> None:
    data, name = with_reachable_memory(made())
    assert memory_exports(data) == [(name, 0)]


def test_the_name_is_not_taken_twice() -> None:
    module = made(TYPES, FUNCTIONS, MEMORY, exports((ADDED_EXPORT_NAME.encode(), 0, 0)), CODE)
    assert with_reachable_memory(module)[1] == f"{ADDED_EXPORT_NAME}_"


def test_a_wanted_memory_must_be_exported() -> None:
    with pytest.raises(ConfigError, match="no memory 'x'"):
        with_reachable_memory(made(TYPES, FUNCTIONS, MEMORY, CODE), "x")
