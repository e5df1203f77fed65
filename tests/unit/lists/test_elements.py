"""Names exchanged in a list, and everything else left as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from stackswitch.lists.elements import Element, ListInFile, array_list, rewrite


def place(source: str, **options: object) -> ListInFile:
    """The words of a text between brackets, as the list ``L``."""
    start, end = source.index("[") + 1, source.index("]")
    bare = re.sub(r"#.*", lambda found: " " * len(found[0]), source)
    words = re.finditer(r"\w+", bare[:end])
    elements = tuple(Element(each[0], each.start(), each.end()) for each in words if each.start() >= start)
    return ListInFile(
        "L",
        1,
        elements,
        "binaryen",
        start,
        end,
        start,
        lambda name, near: name if near is None or near.name.islower() else name.upper(),
        **options,  # type: ignore[arg-type]
    )


def rewritten(source: str, names: str, **options: object) -> str:
    return rewrite(source, place(source, **options), names.split())


ONE_LINE = "L = [a, b, c] # end"
LINES = """L = [  # the list
  # about a
  a, # to a
  b,

  # about c
  c, # to c
] # end
"""


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("a b c", "L = [a, b, c] # end"),
        ("a c", "L = [a, c] # end"),
        ("b c", "L = [b, c] # end"),
        ("a b", "L = [a, b] # end"),
        ("b", "L = [b] # end"),
        ("", "L = [] # end"),
        ("a b c d", "L = [a, b, c, d] # end"),
        ("n a b c", "L = [n, a, b, c] # end"),
        ("a n b c", "L = [a, n, b, c] # end"),
        ("x y", "L = [x, y] # end"),
        ("c b a", "L = [c, b, a] # end"),
        ("b a c", "L = [b, a, c] # end"),
        ("a a b", "L = [a, a, b] # end"),
        ("x b y", "L = [x, b, y] # end"),
    ],
)
def test_names_on_one_line(names: str, expected: str) -> None:
    assert rewritten(ONE_LINE, names) == expected


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        ("L = [a, b,] # end", "a b c", "L = [a, b, c,] # end"),
        ("L = [a, b,] # end", "a", "L = [a,] # end"),
        ("L = [a, b ,] # end", "b", "L = [b ,] # end"),
        ("L = [a,b]", "b n", "L = [b,n]"),
        ("L = [a b]", "a n", "L = [a n]"),
        ("L = [a]", "a n", "L = [a,n]"),
        ("L = [a]", "n", "L = [n]"),
        ("L = [a,b, c, d]", "a b c d e", "L = [a,b, c, d, e]"),
        ("L = [a,b,c, d]", "a b c d e", "L = [a,b,c, d,e]"),
        ("L = [a,b, c]", "a c", "L = [a,c]"),
        ("L = [a,  b, c, d]", "n b c d", "L = [n,  b, c, d]"),
        ("L = [a, b,\n  c]", "a n b c", "L = [a, n, b,\n  c]"),
        ("L = [a, b,\n  c]", "a b n c", "L = [a, b,\n  n,\n  c]"),
        ("L = [\n  a,\n  b,\n  c, d]", "a b c n d", "L = [\n  a,\n  b,\n  c, n, d]"),
    ],
)
def test_separators_are_those_of_the_neighbours(source: str, names: str, expected: str) -> None:
    assert rewritten(source, names) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("a b c", LINES),
        ("a b n c", LINES.replace("  b,\n", "  b,\n  n,\n")),
        ("a b c n", LINES.replace("  c, # to c\n", "  c, # to c\n  n,\n")),
        ("a n b c", LINES.replace("  b,\n", "  n,\n  b,\n")),
        ("a n m b c", LINES.replace("  b,\n", "  n,\n  m,\n  b,\n")),
        ("n a b c", LINES.replace("  a,", "  n,\n  a,")),
        ("n b c", LINES.replace("  a, # to a\n", "  n,\n")),
        ("n c", LINES.replace("  a, # to a\n  b,\n", "  n,\n")),
        ("a c", LINES.replace("  b,\n", "")),
        ("a b", "L = [  # the list\n  # about a\n  a, # to a\n  b,\n\n  # about c\n] # end\n"),
        ("c", "L = [  # the list\n  # about a\n  \n  # about c\n  c, # to c\n] # end\n"),
        ("n", "L = [  # the list\n  # about a\n  \n  # about c\n  n,\n] # end\n"),
        ("", "L = [  # the list\n  # about a\n  \n  # about c\n] # end\n"),
    ],
)
def test_names_on_lines_with_remarks(names: str, expected: str) -> None:
    assert rewritten(LINES, names, remarks=True) == expected
    windows = [each.replace("\n", "\r\n") for each in (LINES, expected)]
    assert rewritten(windows[0], names, remarks=True) == windows[1]


REMARKS = "L = [\n  a, # x\n  b, # y\n]\n"


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        (REMARKS, "a n b", REMARKS.replace("  b", "  n,\n  b")),
        (REMARKS, "n b", REMARKS.replace("a, # x", "n,")),
        (REMARKS, "a n", REMARKS.replace("b, # y", "n,")),
        ("L = [a, # x\n  b, c]", "n b c", "L = [n,\n  b, c]"),
        ("L = [a, # x\n  b, c]", "a n b c", "L = [a, # x\n  n,\n  b, c]"),
        ("L = [a, b, # y\n  c]", "a n c", "L = [a, # y\n  n,\n  c]"),
    ],
)
def test_a_remark_goes_with_its_name(source: str, names: str, expected: str) -> None:
    assert rewritten(source, names, remarks=True, gap=", ") == expected


def test_a_comment_that_is_about_no_name_stays() -> None:
    source = "L = [\n  a, # x\n  b,\n]\n"
    assert rewritten(source, "n b") == source.replace("a", "n")
    assert rewritten(source, "a n b") == source.replace("  b", "  n,\n  b")


def test_the_same_names_are_no_change() -> None:
    source = "L = [b,  a ]"
    assert rewritten(source, "b a") == source


def test_a_first_name_is_put_where_the_list_begins() -> None:
    assert rewritten("L = []", "a b", gap=", ", tail=";") == "L = [a, b;]"
    assert rewritten("L = []", "", tail=";") == "L = []"


def test_a_second_name_goes_as_the_only_one_stands() -> None:
    """On a line of its own it has the indentation of that line, unless the format sets a line's end."""
    assert rewritten("L = [\n  a\n]", "a n", gap=", ") == "L = [\n  a,\n  n\n]"
    assert rewritten("L = [\n  a\n]", "a n", gap="\n") == "L = [\n  a\nn\n]"
    alone = ListInFile("", 1, (Element("a", 0, 1),), "binaryen", 0, 1, 0, lambda name, _: name)
    assert rewrite("a", alone, ["a", "n"]) == "a,n"
    assert alone.format == ""  # the table of formats knows it


def test_an_array_of_strings() -> None:
    source = "x\ny = [a\n,b] // c\n"
    elements = [Element("a", 7, 8), Element("b", 10, 11)]
    options: dict[str, Any] = {"spelling": "binaryen", "comment": "//", "format_": "JavaScript"}

    def render(name: str, _: Element | None) -> str:
        return name

    found = array_list(source, "Y", elements, (7, 11), render, **options)
    assert found == ListInFile(
        variable="Y",
        line=2,
        elements=tuple(elements),
        spelling="binaryen",
        start=7,
        end=11,
        at=7,
        render=render,
        format="JavaScript",
        gap=", ",
        remarks=True,
        comment="//",
    )
    composed = array_list(source, "Y", elements, (7, 11), render, expansions=("$X",), **options)
    assert composed == replace(found, elements=(), expansions=("$X",))
    usual = array_list(source, "Y", elements, (7, 11), render)
    assert usual == replace(found, spelling="emscripten", comment="#", format="")


def test_a_list_that_cannot_be_empty_is_replaced() -> None:
    assert rewritten("L = [a, b] x", "", emptied=(0, 10, "none")) == "none x"
    assert rewritten("L = [a, b] x", "b", emptied=(0, 10, "none")) == "L = [b] x"


def test_a_new_name_is_spelled_as_its_neighbour() -> None:
    assert rewritten("L = [a, B]", "a n") == "L = [a, n]"
    assert rewritten("L = [A, b]", "A n b") == "L = [A, N, b]"
    assert rewritten("L = [A, b]", "n b") == "L = [n, b]"
    assert rewritten("L = [a, B]", "n B") == "L = [N, B]"
    assert rewritten("L = [A]", "n") == "L = [N]"
    assert rewritten("L = [a, B]", "a B n") == "L = [a, B, N]"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        ("L = [\n  a\n]", "a n", "L = [\n  a,\n  n\n]"),
        ("L = [\n  a,\n]", "a n", "L = [\n  a,\n  n,\n]"),
        ("L = [\n  a,\n]\n", "", "L = [\n]\n"),
        ("L = [\n  a,\n  b\n]\n", "a", "L = [\n  a\n]\n"),
        ("L = [\n  a, b,\n  c]\n", "a c", "L = [\n  a,\n  c]\n"),
        ("L = [\n  a, b,\n  c]\n", "b c", "L = [\n  b,\n  c]\n"),
        ("L = [\n  a,\n  # to go\n  b,\n  c\n]\n", "a c", "L = [\n  a,\n  # to go\n  c\n]\n"),
        ("L = [\n  a, # x\n  # y\n  b\n]\n", "a", "L = [\n  a # x\n  # y\n]\n"),
        ("L = [\n  a, # x\n  # y\n  b,\n]\n", "a", "L = [\n  a, # x\n  # y\n]\n"),
        ("L = [\n  a, # x\n  b,\n]\n", "a", "L = [\n  a,\n]\n"),
        ("L = [a, # x\n  # y\n  b]\n", "", "L = [ # x\n  # y\n]\n"),
        ("L = [a,\n  b, # y\n  # z\n  c]\n", "a n", "L = [a,\n  # z\n  n]\n"),
        ("L = [\n  a,\n  b ]\n", "", "L = [\n   ]\n"),
        ("L = [\n  a, b,\n  c,\n  d\n]\n", "a n d", "L = [\n  a,\n  n,\n  d\n]\n"),
        ("L = [a, # x\n  # y\n  b]\n", "b", "L = [ # x\n  # y\n  b]\n"),
        ("L = [a, # x, y\n  # z\n  b]\n", "b", "L = [ # x, y\n  # z\n  b]\n"),
        ("L = [a, # x\n  # y\n  b,\n  c]\n", "b c", "L = [\n  # y\n  b,\n  c]\n"),
        ("L = [\n  a,\n  # y\n  b]\n", "a", "L = [\n  a\n  # y\n]\n"),
        ("L = [\n  a,\n  # y\n  b ]\n", "a", "L = [\n  a\n  # y\n]\n"),
        ("L = [\n  a,\n  # y\n  b\n]\n", "b", "L = [\n  # y\n  b\n]\n"),
        ("L = [\n\ta,\n\t# y\n\tb\n]\n", "b", "L = [\n\t# y\n\tb\n]\n"),
        ("L = [a\n]\n", "", "L = [\n]\n"),
        ("L = [\n  a,\n  # y\n  b\n]\n", "", "L = [\n  # y\n]\n"),
        ("L = [\na,\n  # y\nb\n]\n", "", "L = [\n  # y\n]\n"),
    ],
)
def test_lines_keep_their_form(source: str, names: str, expected: str, line_end: str) -> None:
    got = rewritten(source.replace("\n", line_end), names)
    assert got == expected.replace("\n", line_end)
