"""Editing lists where they live: the same promises for every kind of file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.errors import ListFileError
from stackswitch.lists import files
from stackswitch.lists.files import find_lists, read_list
from stackswitch.lists.functions import Functions
from stackswitch.lists.ordering import merge

from . import kinds
from .kinds import KINDS, Kind

PLAIN = st.from_regex(r"[A-Za-z_$][A-Za-z0-9_$]{0,12}", fullmatch=True)
SIGNATURES = st.sampled_from(kinds.SIGNATURES)
NAMES = st.lists(st.one_of(PLAIN, SIGNATURES), unique=True, max_size=12)
WORDS = st.lists(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True), unique=True, max_size=12)


def edit_list(data: bytes, names: Sequence[str], *, path: str = "", of: Sequence[str] = ()) -> bytes:
    """Edit a list for a module that has the functions ``of`` and the new ones."""
    return files.edit_list(data, names, path=path, functions=Functions.of([*of, *names])).data


def names_for(kind: Kind) -> st.SearchStrategy[list[str]]:
    if kind.words:
        return WORDS
    # A line with two words is no name, unless the module has one like it.
    return NAMES.filter(lambda names: "a b" not in names) if kind is KINDS["a name a line"] else NAMES


EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@EVERY
@given(data=st.data(), crlf=st.booleans())
@settings(max_examples=25)
def test_what_was_edited_in_is_read_back(kind: Kind, data: st.DataObject, crlf: bool) -> None:
    before = data.draw(names_for(kind), "before")
    after = data.draw(
        st.lists(st.one_of(st.sampled_from(before), PLAIN, SIGNATURES) if before else PLAIN, unique=True)
    )
    text = kind.write(before)
    if crlf:
        text = text.replace("\n", "\r\n")
    raw = text.encode()
    if list(read_list(raw, path=kind.path).names) != before:
        # A quote inside a name keeps a list from being JSON, and then emcc doubles backslashes and spoils
        # names with commas: it does not read what was meant, and neither do we.
        assert any(set(name) & set('\\"') for name in before)
        return
    if not all(name.isidentifier() for name in after):
        # Not every name can be said in every file; what must not be is a list that says something else.
        with suppress(ListFileError):
            edited = edit_list(raw, after, path=kind.path, of=before)
            assert list(read_list(edited, path=kind.path).names) == merge(before, after)
        return
    edited = edit_list(raw, after, path=kind.path, of=before)
    assert list(read_list(edited, path=kind.path).names) == merge(before, after)
    if set(after) == set(before):
        assert edited == raw
    if crlf:
        assert b"\n" not in edited.replace(b"\r\n", b"")


@EVERY
@given(data=st.data())
@settings(max_examples=15)
def test_a_name_added_and_removed_leaves_the_file_as_it_was(kind: Kind, data: st.DataObject) -> None:
    before = data.draw(names_for(kind).filter(bool), "before")
    raw = kind.write(before).encode()
    if list(read_list(raw, path=kind.path).names) != before:
        return
    more = edit_list(raw, [*before, "zz_new", "aa_new"], path=kind.path)
    assert set(read_list(more, path=kind.path).names) == {*before, "zz_new", "aa_new"}
    assert edit_list(more, before, path=kind.path) == raw


DAMAGE = st.sampled_from(
    [
        "'",
        '"',
        "\\",
        "\n",
        "\r\n",
        ",",
        "[",
        "]",
        "$",
        "$(",
        "${",
        "`",
        "#",
        "\\\n",
        " ",
        "=",
        "@",
        "(",
        ")",
        "\t",
        "{",
        "é",
        "",
    ]
)


@EVERY
@given(data=st.data())
@settings(max_examples=25)
def test_a_damaged_file_is_refused_or_edited_right(kind: Kind, data: st.DataObject) -> None:
    text = kind.write(data.draw(names_for(kind)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(DAMAGE) + text[at + data.draw(st.integers(0, 3)) :]
    raw = text.encode()
    try:
        found = find_lists(raw, path=kind.path)
        before = read_list(raw, path=kind.path).names
        edited = edit_list(raw, [*before, "zz_added"], path=kind.path)
    except ListFileError:
        return
    assert found
    assert list(read_list(edited, path=kind.path).names) == merge(before, [*before, "zz_added"])
    assert edit_list(raw, before, path=kind.path) == raw


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(ListFileError):
        find_lists(raw)


def calls_made(work: Callable[[], object]) -> int:
    """How many functions are called, Python's and C's: what a piece of work costs, on whatever machine."""
    count = 0

    def note(frame: object, event: str, what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "kind",
    [
        "dockerfile, plain line ends",
        "make variable",
        "package.json",
        "json list",
        "toml",
        "a name a line",
        "yaml, block sequence",
        "yaml, run",
        "meson",
        "python",
        "javascript",
        "rust",
        "powershell",
    ],
)
def test_a_list_four_times_as_long_takes_four_times_the_work(kind: str) -> None:
    path = KINDS[kind].path
    work = []
    for count in (200, 800):
        names = [f"function_number_{at}(int, char)" for at in range(count)]
        raw = KINDS[kind].write(names).encode()
        edited = b""

        def edit(raw: bytes = raw, names: list[str] = names) -> None:
            nonlocal edited
            edited = edit_list(raw, [*names[::2], "new"], path=path)

        work.append(calls_made(edit))
        assert len(read_list(edited, path=path).names) == count // 2 + 1
    assert work[1] < 6 * work[0]


@pytest.mark.parametrize(
    "line", ["ASYNCIFY_ONLY " + "a " * 10_000, "x" * 100_000 + " -sASYNCIFY_ONLY=a", "$(" * 10_000]
)
def test_hostile_lines_do_not_stall(line: str) -> None:
    """Were one read in more than linear time, this would not end within any patience."""
    for path in ("Makefile", "CMakeLists.txt", "x.sh", "Dockerfile", ""):
        with suppress(ListFileError):
            find_lists(f"FROM x\nASYNCIFY_ONLY\n{line}\n".encode(), path=path)
