"""Names exchanged in a list, and everything else left as it is."""

from __future__ import annotations

import re

import pytest

from stackswitch.lists.elements import Element, ListInFile, rewrite


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
        ("n a b c", LINES.replace("  a,", "  n,\n  a,")),
        ("a c", LINES.replace("  b,\n", "")),
        ("a b", "L = [  # the list\n  # about a\n  a, # to a\n  b,\n\n  # about c\n] # end\n"),
        ("c", "L = [  # the list\n  # about a\n  \n  # about c\n  c, # to c\n] # end\n"),
        ("n", "L = [  # the list\n  # about a\n  \n  # about c\n  n,\n] # end\n"),
        ("", "L = [  # the list\n  # about a\n  \n  # about c\n] # end\n"),
    ],
)
def test_names_on_lines_with_remarks(names: str, expected: str) -> None:
    assert rewritten(LINES, names, remarks=True) == expected


def test_the_same_names_are_no_change() -> None:
    source = "L = [b,  a ]"
    assert rewritten(source, "b a") == source


def test_a_first_name_is_put_where_the_list_begins() -> None:
    assert rewritten("L = []", "a b", gap=", ", tail=";") == "L = [a, b;]"
    assert rewritten("L = []", "", tail=";") == "L = []"


def test_a_list_that_cannot_be_empty_is_replaced() -> None:
    assert rewritten("L = [a, b] x", "", emptied=(0, 10, "none")) == "none x"
    assert rewritten("L = [a, b] x", "b", emptied=(0, 10, "none")) == "L = [b] x"


def test_a_new_name_is_spelled_as_its_neighbour() -> None:
    assert rewritten("L = [a, B]", "a n") == "L = [a, n]"
    assert rewritten("L = [A, b]", "A n b") == "L = [A, N, b]"
    assert rewritten("L = [A, b]", "n b") == "L = [n, b]"
    assert rewritten("L = [a, B]", "n B") == "L = [N, B]"
    assert rewritten("L = [A]", "n") == "L = [N]"


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
    ],
)
def test_lines_keep_their_form(source: str, names: str, expected: str, line_end: str) -> None:
    got = rewritten(source.replace("\n", line_end), names)
    assert got == expected.replace("\n", line_end)
