"""Names as a hostile module may have them, in every kind of file: carried, replaced, or refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stackswitch.errors import ListFileError
from stackswitch.lists.files import find_lists, read_list
from stackswitch.lists.functions import Functions
from stackswitch.lists.ordering import merge
from tests.list_edits import edit_list, edit_list_with_wildcards

from .kinds import KINDS, SIGNATURES, Kind

PIECES = [
    *"\0\r\n\t\v\f\x1b\x7f \"'`\\$;,()[]{}<>#@%!?*&|~^=+-./:_a1é名\u2028\x85\ufeff\u2019\u201d",
    "$(touch x)",
    "`touch x`",
    "${{ github.token }}",
    "${x}",
    "$x",
    "%PATH%",
    "$<1:x>",
    "@x@",
    "\\n",
    "\\x41",
    "'''",
    '"""',
    "\\\n",
    "\r\n",
    "*/",
    "//",
    "<#",
    "$$",
    "{{",
    "}}",
    "--",
    ": ",
    " #",
    "- ",
    "\udcff",
    "FROM x",
    "EOF",
    "-sASYNCIFY_ONLY=x",
    "ASYNCIFY_ADD=y",
    "x" * 3000,
]
HOSTILE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
ANY = st.one_of(HOSTILE, HOSTILE, st.sampled_from(SIGNATURES))
NAMES = st.lists(ANY, min_size=1, max_size=4, unique=True)
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
OLD = ["main", "read_it", "zend_call"]


@EVERY
@given(new=NAMES)
@example(new=["a\0b"])
@example(new=["a\rb"])
@example(new=["a\nb"])
@example(new=["it's"])
@example(new=["$(touch x)"])
@example(new=["a;b c"])
@example(new=["\udcff"])
@settings(max_examples=25)
def test_a_hostile_name_is_carried_or_refused(kind: Kind, new: Sequence[str]) -> None:
    raw = kind.write(OLD).encode()
    # Two old names stay at the list's ends, so that what is outside of them must stay as it is.
    wanted = [OLD[0], OLD[1], *new, OLD[2]]
    functions = Functions.of([*OLD, *new])
    try:
        edited = edit_list(raw, wanted, path=kind.path, functions=functions)
    except ListFileError:
        return
    there = read_list(edited, path=kind.path, functions=functions).names
    assert list(there) == merge(OLD, wanted)
    assert edit_list(edited, wanted, path=kind.path, functions=functions) == edited
    others = [(each.variable, each.names) for each in find_lists(raw, path=kind.path, functions=functions)]
    now = [(each.variable, each.names) for each in find_lists(edited, path=kind.path, functions=functions)]
    assert [each for each in others if each[1] != tuple(OLD)] == [each for each in now if each[1] != there]
    assert edit_list(edited, OLD, path=kind.path, functions=functions) == raw


@EVERY
@given(new=NAMES)
@settings(max_examples=15)
def test_a_name_that_cannot_be_carried_gets_a_wildcard_for_it_alone(kind: Kind, new: Sequence[str]) -> None:
    raw = kind.write(OLD).encode()
    functions = Functions.of([*OLD, *new])
    try:
        edited = edit_list_with_wildcards(raw, [*OLD, *new], path=kind.path, functions=functions)
    except ListFileError:
        return
    there = read_list(edited.data, path=kind.path, functions=functions).names
    assert set(there) == {edited.wildcards.get(name, name) for name in [*OLD, *new]}
    for name, wildcard in edited.wildcards.items():
        assert [each for each in [*OLD, *new] if _matches(wildcard, each)] == [name]
    again = edit_list_with_wildcards(edited.data, [*OLD, *new], path=kind.path, functions=functions)
    assert again == edited


def _matches(entry: str, name: str) -> bool:
    return entry in Functions.of([name])


def test_without_a_wildcard_for_one_alone_the_name_is_refused() -> None:
    text = b"emcc -sASYNCIFY_ONLY=main a.c\n"
    functions = Functions.of(["main", "f.part.0", "f/part/0"])
    with pytest.raises(ListFileError, match=r"'f.part.0': emcc turns"):
        edit_list_with_wildcards(text, ["main", "f.part.0"], functions=functions)
    functions = Functions.of(["main", "f.part.0"])
    edited = edit_list_with_wildcards(text, ["main", "f.part.0"], functions=functions)
    assert (edited.data, edited.wildcards) == (
        b"emcc -sASYNCIFY_ONLY=main,'f*part*0' a.c\n",
        {"f.part.0": "f*part*0"},
    )


def test_one_bad_name_among_thousands_is_found() -> None:
    names = [f"function_{at}" for at in range(3000)]
    functions = Functions.of(["main", *names, "bad\0name"])
    edited = edit_list_with_wildcards(b"main\n", ["main", *names, "bad\0name"], functions=functions)
    assert edited.wildcards == {"bad\0name": "bad*name"}
    assert edited.data.count(b"\n") == 3002
