"""Malformed sections: each mistake is refused at its place, and the smallest right content is read."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.errors import WasmFormatError
from stackswitch.wasm import limits
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.reader import Reader
from stackswitch.wasm.sections import ConstantExpression, read_constant_expression, read_locals

from .test_sections_of_modules import BODY, EMPTY_FUNC, STRUCT, module

ONE_OF_EACH = {
    1: b"\x02" + EMPTY_FUNC + STRUCT,
    3: b"\x01\0",
    4: b"\x01\x70\0\0",
    5: b"\x01\0\0",
    6: b"\x01\x7f\0\x0b",
    10: b"\x01" + BODY,
}
ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]


def around(number: int, content: bytes) -> bytes:
    """A module with one of each, a type that is no function's, and a section."""
    sections = ONE_OF_EACH | {number: content}
    return module(*[(each, sections[each]) for each in ORDER if each in sections])


# What there are several of, in which section, and the fewest bytes that one takes.
SMALLEST = {
    "imports": (2, b"\0\0\0\0"),
    "tables": (4, b"\x70\0\0"),
    "globals": (6, b"\x7f\0\x0b"),
    "exports": (7, b"\0\0\0"),
    "element segments": (9, b"\x01\0\0"),
}


@pytest.mark.parametrize("what", list(SMALLEST))
def test_as_many_as_the_bytes_can_hold(what: str) -> None:
    number, one = SMALLEST[what]
    parse_module(around(number, b"\x01" + one))
    with pytest.raises(WasmFormatError, match=rf"\b2 {what} in {2 * len(one) - 1} bytes"):
        parse_module(around(number, b"\x02" + one + bytes(len(one) - 1)))


@pytest.mark.parametrize(
    ("number", "content", "says", "at"),
    [
        (2, b"\x01\x01a\x01b\x05\0", "unknown import kind 0x5", 5),
        (2, b"\x01\0\0\0\x01", "type 1 is not a function's", 4),
        (2, b"\x01\0\0\x20\x02", "type 2 does not exist", 4),
        (2, b"\x01\0\0\x04\x01\0", "unknown tag attribute", 4),
        (4, b"\x01\x40\x01\x70\0\0", "unknown table form", 2),
        (7, b"\x01\x01a\x05\0", "unknown export kind 0x5", 3),
        (7, b"\x01\x01a\0\x01", "func 1 does not exist: there are 1", 4),
        (7, b"\x01\x01a\x01\x01", "table 1 does not exist", 4),
        (7, b"\x01\x01a\x02\x01", "memory 1 does not exist", 4),
        (7, b"\x01\x01a\x03\x01", "global 1 does not exist", 4),
        (7, b"\x01\x01a\x04\0", "tag 0 does not exist", 4),
        (7, b"\x02\x01a\0\0\x01a\0\0", "two exports are named", 5),
        (9, b"\x01\x08\0\0", "unknown element segment form 8", 1),
        (9, b"\x01\x02\x01\x0b\0\0", "table 1 does not exist", 2),
        (9, b"\x01\x01\x01\0", "unknown element kind", 2),
        (9, b"\x01\x01\0\x02\0", "2 elements in 1 bytes", 3),
        (9, b"\x01\x01\0\x01\x01", "func 1 does not exist", 4),
        (9, b"\x01\x05\x7f\0", "elements of type i32", 2),
        (10, b"\x01\x02\0\0", "a body has to end in end", 2),
        (10, b"\x01\x01\x0b\0", "a body has to end in end", 2),
        (10, b"\x02\x02\0\x0b\x01\0", "2 function bodies in 5 bytes", 0),
    ],
)
def test_a_mistake_is_refused_at_its_place(number: int, content: bytes, says: str, at: int) -> None:
    data = around(number, content)
    with pytest.raises(WasmFormatError, match=says) as caught:
        parse_module(data)
    assert caught.value.offset == data.index(bytes([number, len(content)]) + content) + 2 + at


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\0\x0b\x01\0", ("active", "funcref", (0,), 0)),
        (b"\x01\0\x01\0", ("passive", "funcref", (0,), None)),
        (b"\x02\0\x0b\0\x01\0", ("active", "funcref", (0,), 0)),
        (b"\x03\0\x01\0", ("declarative", "funcref", (0,), None)),
        (b"\x04\x0b\x01\xd2\0\x0b", ("active", "funcref", (0,), 0)),
        (b"\x05\x6f\x01\xd0\x6f\x0b", ("passive", "externref", (None,), None)),
        (b"\x06\0\x0b\x70\x01\x23\0\x0b", ("active", "funcref", (None,), 0)),
        (b"\x07\x70\x02\xd2\0\x0b\xd2\0\xd2\0\x0b", ("declarative", "funcref", (0, None), None)),
    ],
)
def test_the_eight_forms_of_an_element_segment(content: bytes, expected: tuple[Any, ...]) -> None:
    (found,) = parse_module(around(9, b"\x01" + content)).elements
    assert (found.mode, found.type, found.functions, found.table) == expected
    assert (found.offset is None) == (found.mode != "active")


def test_element_segments_share_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    two = b"\x02" + b"\x01\0\x02\0\0" * 2
    monkeypatch.setattr(limits, "SEGMENT_ENTRIES", 4)
    assert len(parse_module(around(9, two)).elements) == 2
    monkeypatch.setattr(limits, "SEGMENT_ENTRIES", 3)
    with pytest.raises(WasmFormatError, match="2 elements: at most 1 are allowed"):
        parse_module(around(9, two))


def test_an_import_of_each_kind() -> None:
    kinds = (b"\x01\x70\0\x05", b"\x02\0\x06", b"\x03\x7e\x01", b"\x04\0\0", b"\0\0")
    content = b"\x05" + b"".join(b"\x01a\x01b" + each for each in kinds)
    parsed = parse_module(around(2, content))
    assert [(each.kind, each.index) for each in parsed.imports] == [
        (kind, 0) for kind in ("table", "memory", "global", "tag", "func")
    ]
    assert (parsed.tables[0].minimum, parsed.memories[0].minimum) == (5, 6)
    assert (parsed.globals[0].type, parsed.globals[0].mutable) == ("i64", True)


def test_a_table_with_an_initialiser() -> None:
    parsed = parse_module(around(4, b"\x02\x70\0\x01\x40\0\x70\0\x02\xd2\0\x0b"))
    assert [each.minimum for each in parsed.tables] == [1, 2]
    assert [each.functions for each in parsed.table_initialisers] == [(0,)]


def test_an_import_of_exactly_a_type_is_a_function() -> None:
    """Custom descriptors: kind 0x20."""
    parsed = parse_module(around(2, b"\x01\x01a\x01b\x20\0"))
    assert [(each.kind, each.index, each.type_index) for each in parsed.imports] == [("func", 0, 0)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"\x41\x07\x0b", (7, None, ())),
        (b"\x42\x79\x0b", (-7, None, ())),
        (b"\x23\x05\x0b", (None, 5, ())),
        (b"\xd2\x05\x0b", (None, None, (5,))),
        (b"\x0b", (None, None, ())),
        (b"\x41\x07\x41\x01\x6a\x0b", (None, None, ())),  # a sum
        (b"\x23\0\x23\0\x6a\x0b", (None, None, ())),
        (b"\x43\0\0\0\0\x0b", (None, None, ())),
    ],
)
def test_an_initialiser(code: bytes, expected: tuple[Any, ...]) -> None:
    assert read_constant_expression(Reader(code + b"\x0b")) == ConstantExpression(0, len(code), *expected)


def test_locals_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOCALS", 4)
    assert read_locals(Reader(b"\x02\x01\x7f\x03\x7e")) == ((1, "i32"), (3, "i64"))
    with pytest.raises(WasmFormatError, match="more than 4 locals") as caught:
        read_locals(Reader(b"\x02\x02\x7f\x03\x7e"))
    assert caught.value.offset == 3
    assert read_locals(Reader(b"\0")) == ()
    with pytest.raises(WasmFormatError, match="2 runs of locals in 3 bytes"):
        read_locals(Reader(b"\x02\x01\x7f\x01"))
