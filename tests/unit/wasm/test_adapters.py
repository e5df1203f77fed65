"""Adapters are well-formed modules with what a host looks for, and are made only where types allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.wasm.adapters import FIRST_EXPORT, MODULE_NAME, adapter_module, has_plain_types, is_adaptable
from stackswitch.wasm.encoding import HEADER, section, signed, unsigned, vector
from stackswitch.wasm.module import FuncType, parse_module
from stackswitch.wasm.reader import Reader

NUMBERS = st.lists(st.sampled_from(["i32", "i64", "f32", "f64", "v128"]), max_size=5).map(tuple)
TYPES = st.builds(FuncType, NUMBERS, NUMBERS)


@given(st.lists(TYPES, max_size=4).map(tuple), st.lists(TYPES, max_size=4, unique=True).map(tuple))
def test_an_adapter_has_a_function_for_each_signature(
    waiting: tuple[FuncType, ...], called: tuple[FuncType, ...]
) -> None:
    module = parse_module(adapter_module(waiting, called))
    kinds = {each.name: each for each in module.exports}
    assert [f"{each.module}.{each.name}" for each in module.imports] == [
        "host.memory",
        *(f"host.{at}" for at in range(len(waiting))),
    ]
    for at, type_ in enumerate(waiting):
        assert module.function_type(kinds[f"i{at}"].index) == type_
        assert module.function_type(module.function_imports()[at].index) == FuncType((), ())
    for at in range(len(called)):
        assert module.function_type(kinds[f"call{at}"].index) == FuncType(("i32",), ())
        assert module.function_type(kinds[f"resume{at}"].index) == FuncType(("i32", "i32"), ())
    assert kinds["table"].kind == "table"
    assert module.tables[0].minimum == FIRST_EXPORT
    assert set(kinds) == {
        "bind",
        "table",
        *(f"i{at}" for at in range(len(waiting))),
        *(f"{name}{at}" for at in range(len(called)) for name in ("call", "resume")),
    }


def test_an_adapter_is_named_so_that_its_frames_can_be_told() -> None:
    module = parse_module(adapter_module((), ()))
    section_ = module.custom_section("name")
    assert section_ is not None
    assert (section_.u8(), section_.u32(), section_.name()) == (0, len(MODULE_NAME) + 1, MODULE_NAME)


@pytest.mark.parametrize("reference", ["externref", "funcref", "(ref null 0)", "i31ref"])
def test_references_are_not_adapted(reference: str) -> None:
    for type_ in (FuncType((reference,), ()), FuncType((), ("i32", reference))):
        assert not is_adaptable(type_)
        with pytest.raises(ValueError, match="numbers"):
            adapter_module((type_,), ())
        with pytest.raises(ValueError, match="numbers"):
            adapter_module((), (type_,))


FUNC = b"\x60\0\0"


@pytest.mark.parametrize(
    ("types", "plain"),
    [
        ([], True),
        ([FUNC, b"\x60\1\x7f\1\x7b"], True),
        ([b"\x4e" + vector([FUNC, FUNC])], False),
        ([b"\x50\0" + FUNC], False),
        ([FUNC, b"\x4f\0" + FUNC], False),
    ],
    ids=["none", "functions", "group", "may have subtypes", "final, in the long form"],
)
@pytest.mark.parametrize("after", [b"", section(0, b"\1n" + b"\x4e" * 76)], ids=["alone", "then 0x4e bytes"])
def test_types_of_groups_and_with_subtypes_are_not_plain(
    types: list[bytes], after: bytes, *, plain: bool
) -> None:
    data = HEADER + section(1, vector(types)) + after
    # What follows is no type, whatever numbers it holds.
    assert has_plain_types(parse_module(data)) == plain


def test_a_module_without_types_is_plain() -> None:
    assert has_plain_types(parse_module(HEADER))


@given(st.integers(-(2**33), 2**33))
def test_numbers_are_read_as_they_were_written(number: int) -> None:
    assert Reader(signed(number)).signed(64) == number
    if 0 <= number < 2**32:
        assert Reader(unsigned(number)).u32() == number
