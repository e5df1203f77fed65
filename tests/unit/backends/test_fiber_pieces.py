"""What of the fiber backend needs no engine: values, what overlaps, which references frames hold."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from stackswitch.backends.wasmtime.fiber import capi as fiberapi
from stackswitch.backends.wasmtime.fiber.build import calls_overlap, kept_references
from stackswitch.backends.wasmtime.fiber.values import VAL, ValueArray
from stackswitch.errors import BackendUnavailableError
from stackswitch.models.case import Case

WIDTHS = {"i32": 32, "i64": 64, "f32": 32, "f64": 64, "v128": 128}


def array(*kinds: str) -> ValueArray:
    none: Any = None
    return ValueArray(kinds, none)


@given(st.lists(st.sampled_from(sorted(WIDTHS)), max_size=8), st.data())
def test_numbers_come_back_as_they_went(kinds: list[str], data: st.DataObject) -> None:
    values = tuple(data.draw(st.integers(0, (1 << WIDTHS[kind]) - 1)) for kind in kinds)
    buffer = ctypes.create_string_buffer(max(1, len(kinds)) * VAL)
    there = array(*kinds)
    there.write(ctypes.addressof(buffer), values)
    assert there.read(ctypes.addressof(buffer)) == values
    assert [buffer[each * VAL] for each in range(len(kinds))] == [
        bytes([["i32", "i64", "f32", "f64", "v128"].index(kind)]) for kind in kinds
    ]


@pytest.mark.parametrize("kinds", [("i32",), ("i32", "i64"), ()])
def test_as_many_values_as_places(kinds: tuple[str, ...]) -> None:
    buffer = ctypes.create_string_buffer(4 * VAL)
    with pytest.raises(TypeError, match="values are wanted"):
        array(*kinds).write(ctypes.addressof(buffer), (1, 2, 3))


@pytest.mark.parametrize("version", [(3, 14, 0), (3, 14, 1)])
def test_pythons_that_end_the_process_are_refused(version: tuple[int, ...]) -> None:
    with pytest.raises(BackendUnavailableError, match=r"3\.14\.2"):
        fiberapi.refuse_python(version)


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 13, 9), (3, 14, 2), (3, 15, 0)])
def test_other_pythons_are_not(version: tuple[int, ...]) -> None:
    fiberapi.refuse_python(version)


def test_a_call_is_noted_and_its_continuation_filled() -> None:
    callback = fiberapi.HostCallback()
    filled = fiberapi.Continuation()
    callback.function(3, 16, 32, 1, 48, 2, 64, ctypes.addressof(filled))
    arguments = callback.arguments
    seen = (
        arguments.number,
        arguments.caller,
        arguments.args,
        arguments.arg_count,
        arguments.results,
        arguments.trap,
    )
    assert seen == (3, 16, 32, 1, 48, 64)
    assert filled.callback
    assert ctypes.string_at(filled.argument) == b""
    assert not filled.finalizer


def test_a_flag_lets_one_wait_go_and_not_the_next() -> None:
    callback = fiberapi.HostCallback()
    first, second = fiberapi.Continuation(), fiberapi.Continuation()
    callback.function(1, 0, 0, 0, 0, 0, 0, ctypes.addressof(first))
    following = callback.go(0)
    callback.function(1, 0, 0, 0, 0, 0, 0, ctypes.addressof(second))
    assert ctypes.string_at(first.argument) == b"\1"
    assert ctypes.string_at(second.argument) == b""
    callback.stay(0)
    assert ctypes.string_at(first.argument) == b""
    assert callback.go(following) == 0


def case(**fields: Any) -> Case:
    return Case.model_validate({"id": "a", "why": "b", "source": "a.wat", **fields})


def test_calls_that_overlap() -> None:
    start, finish = {"start": "a", "export": "f"}, {"finish": "a"}
    assert calls_overlap(case(export="f")) is None
    assert calls_overlap(case(step=[start, finish, {"call": "f"}])) is None
    assert calls_overlap(case(step=[start, {"cancel": "a"}, {"call": "f"}])) is None
    assert "under way" in (calls_overlap(case(step=[start, {"call": "f"}, finish])) or "")
    assert "starts 5" in (calls_overlap(case(step=[{**start, "copies": 5}, finish])) or "")
    host = [{"import": "env.a", "calls": [{"export": "g"}]}]
    assert "env.a calls g" in (calls_overlap(case(export="f", host=host)) or "")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("(func (param i32) (local f64))", None),
        ("(table 1 funcref) (global funcref (ref.null func)) (func (local funcref))", None),
        ("(type $f (func)) (func (local (ref null $f)))", None),
        ("(func (local i31ref))", None),
        ("(func (export \"f\") (local externref))", "a local of type externref"),
        ("(func (param externref))", "a value of type externref"),
        ("(func (result anyref) (ref.null any))", "a value of type anyref"),
        ("(table 1 externref)", "a value of type externref"),
        ("(global externref (ref.null extern))", "a value of type externref"),
        ("(type $s (struct))", "a struct or an array"),
        ("(tag $e) (func (block $b (try_table (catch $e $b))))", None),
        (
            "(tag $e) (func (drop (block $b (result exnref) (try_table (catch_all_ref $b)) (return))))",
            "an exception caught",
        ),
    ],
)  # fmt: skip
def test_references_that_frames_may_hold(text: str, kept: str | None) -> None:
    found = kept_references(bytes(wasmtime.wat2wasm(f"(module {text})")))
    assert found is None if kept is None else kept in (found or "")
