"""The section of a build that says which functions are instrumented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.encoding import CUSTOM, name, section
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.report_section import (
    SECTION,
    _ranges,
    find_instrumented,
    read_report_section,
    with_report_section,
)

BUILD = bytes(wat2wasm((Path(__file__).parent / "asyncified" / "instrumented.wat").read_text("utf-8")))
INSTRUMENTED = instrumented_functions(parse_module(BUILD))


def plain(text: str) -> Module:
    return parse_module(bytes(wat2wasm(f"(module {text})")))


def with_section(content: bytes, number: int = CUSTOM, called: str = SECTION) -> Module:
    return parse_module(BUILD + section(number, name(called) + content))


def report(**changes: object) -> bytes:
    given = {"schema_version": 1, "module": "ab", "functions": parse_module(BUILD).function_count}
    return json.dumps({**given, "instrumented": [[1, 3], [5, 5]], "imports": ["e.f"], **changes}).encode()


def test_a_build_says_what_it_has_instrumented() -> None:
    build = parse_module(BUILD)
    assert INSTRUMENTED
    made = parse_module(with_report_section(BUILD, build, ["env.wait", "env.sleep"]))
    found = read_report_section(made)
    assert found is not None
    assert found.indexes() == INSTRUMENTED == find_instrumented(made)
    assert (found.schema_version, found.functions, found.imports) == (
        1,
        build.function_count,
        ("env.wait", "env.sleep"),
    )
    assert made.data.startswith(BUILD)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('(import "e" "f" (func $f)) (func $a)', True),
        ('(import "e" "f" (func $f)) (func $x)', False),
        ("(func $f) (func $a)", False),
    ],
)
def test_the_module_is_the_original_where_its_functions_keep_their_numbers(text: str, *, same: bool) -> None:
    build, original = plain('(import "e" "f" (func $f)) (func $a) (func $added)'), plain(text)
    found = read_report_section(parse_module(with_report_section(build.data, original, [])))
    assert found is not None
    assert found.module == (original if same else build).sha256


def test_the_name_that_hooks_look_for() -> None:
    """``node_shim/report.mjs`` reads it."""
    assert SECTION == "stackswitch.instrumented"


def test_neighbours_are_one_range() -> None:
    assert _ranges([8, 5, 1, 2, 3, 7]) == [(1, 3), (5, 5), (7, 8)]
    assert _ranges([]) == []


def test_ranges_count_both_ends() -> None:
    found = read_report_section(with_section(report()))
    assert found is not None
    assert found.indexes() == {1, 2, 3, 5}
    assert find_instrumented(with_section(report())) == {1, 2, 3, 5}


@pytest.mark.parametrize(
    "module",
    [
        parse_module(BUILD),
        with_section(report(), called="stackswitch.other"),
        with_section(report(functions=1)),  # of another build
        with_section(b"{"),
        with_section(report(imports=7)),
    ],
    ids=["none", "other", "stale", "no JSON", "other form"],
)
def test_without_a_section_that_fits_the_code_is_read(module: Module) -> None:
    assert read_report_section(module) is None
    assert find_instrumented(module) == INSTRUMENTED


def test_what_a_later_version_adds_is_passed_over() -> None:
    found = read_report_section(with_section(report(more=1)))
    assert found is not None
    assert found.functions == parse_module(BUILD).function_count
