"""Lists edited and read again, in a small format of the test's own: ``NAME = [a, b]`` on each line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from stackswitch.errors import ListFileError
from stackswitch.lists.editing import Editor
from stackswitch.lists.elements import Element, ListInFile
from stackswitch.lists.formats.values import OPTION_FORMAT as ARGUMENT
from stackswitch.lists.functions import Functions
from stackswitch.lists.list_file import TextFile


def read(source: str, **options: Any) -> list[ListInFile]:
    """Find the lists; a name with ``!`` in it is a mistake."""
    found = []
    for line in re.finditer(r"(\w+) = \[(.*)\]", source):
        start, end = line.span(2)
        if "!" in line[2]:
            raise ListFileError("!", path="x", line=1)
        words = re.finditer(r"[^, ][^,]*", source[start:end])
        elements = tuple(Element(each[0], start + each.start(), start + each.end()) for each in words)
        fields: dict[str, Any] = {"format": "small", "spelling": "binaryen", "gap": ", "} | options
        found.append(
            ListInFile(
                variable=line[1],
                line=source.count("\n", 0, start) + 1,
                elements=elements,
                start=start,
                end=end,
                at=start,
                render=lambda name, _: name,
                **fields,
            )
        )
    return found


@dataclass(frozen=True)
class SmallFile(TextFile):
    """A file in the small format.

    :ivar options: fields of its lists
    :ivar change: what is found instead of the lists of an edited text
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    change: Callable[[list[ListInFile]], list[ListInFile]] = lambda found: found

    def lists(self) -> list[ListInFile]:
        found = read(self.source, **self.options)
        return found if self.source == SOURCE else self.change(found)


def editor(source: str, variable: str = "ASYNCIFY_ONLY", **options: Any) -> Editor:
    return Editor(SmallFile(source, "app.x", options=options), variable)


SOURCE = "OTHER = [z]\nASYNCIFY_ONLY = [a, b]\nLAST = [y]\n"


def edited(names: str, functions: Functions | None = None, **options: Any) -> tuple[str, dict[str, str]]:
    return editor(SOURCE, **options).edit(names.split(), functions)


def test_names_are_added_and_removed() -> None:
    assert edited("a b") == (SOURCE, {})
    assert edited("b a") == (SOURCE, {})
    assert edited("a b c") == (SOURCE.replace("a, b", "a, b, c"), {})
    assert edited("b") == (SOURCE.replace("a, b", "b"), {})
    assert edited("b b") == (SOURCE.replace("a, b", "b"), {})


def test_a_wildcard_that_stands_for_a_name_alone_stays() -> None:
    functions = Functions.of(["first", "second", "third"])
    one = editor("ASYNCIFY_ONLY = [fir*, second]")
    assert one.edit(["first", "second"], functions) == ("ASYNCIFY_ONLY = [fir*, second]", {"first": "fir*"})
    assert one.edit(["first", "second"], None) == ("ASYNCIFY_ONLY = [first, second]", {})
    several = editor("ASYNCIFY_ONLY = [*ir*, second]")
    assert several.edit(["first", "second"], functions) == ("ASYNCIFY_ONLY = [first, second]", {})


def test_a_name_that_cannot_be_written_becomes_a_wildcard_or_is_refused() -> None:
    functions = Functions.of(["a", "b", "bang!", "other"])
    text, wildcards = edited("a b bang!", functions)
    (wildcard,) = wildcards.values()
    assert wildcards == {"bang!": wildcard}
    assert functions.sole_match(wildcard) == "bang!"
    assert text == SOURCE.replace("a, b", f"a, b, {wildcard}")
    with pytest.raises(ListFileError) as caught:
        edited("a b bang!")
    told = str(caught.value)
    assert "1 of the names cannot be given here (small):" in told
    assert "'bang!': it cannot be written here so that it is read back the same" in told
    assert caught.value.line == 2
    with pytest.raises(ListFileError, match="1 of the names"):
        edited("a b new!", functions)


def test_few_bad_names_among_many_are_found() -> None:
    names = [f"n{at:02}" for at in range(40)]
    bad = {names[3], names[17], names[39]}
    names = [f"{each}!" if each in bad else each for each in names]
    with pytest.raises(ListFileError) as caught:
        editor(SOURCE).edit(["a", "b", *names], None)
    told = str(caught.value)
    assert "3 of the names" in told
    assert [f"'{each}!'" in told for each in sorted(bad)] == [True] * 3
    assert "'n04'" not in told


def test_no_more_than_twenty_names_are_told() -> None:
    names = [f"n{at:02}!" for at in range(25)]
    with pytest.raises(ListFileError) as caught:
        editor(SOURCE).edit(names, None)
    told = str(caught.value)
    assert "25 of the names" in told
    assert told.count(": it cannot be written") == 20
    assert "and 5 more" in told
    with pytest.raises(ListFileError) as caught:
        editor(SOURCE).edit(names[:20], None)
    assert "more" not in str(caught.value)


def spoiled(change: Any) -> Editor:
    return Editor(SmallFile(SOURCE, "app.x", change=change), "ASYNCIFY_ONLY")


@pytest.mark.parametrize(
    "change",
    [
        lambda found: read(SOURCE.replace("a, b", "a, b, x")),  # other names
        lambda found: [*found, found[0]],  # one list more
        lambda found: [found[2], found[1], found[0]],  # other lists
        lambda found: read(SOURCE.replace("[z]", "[zz]").replace("a, b", "a, b, c")),  # moved
    ],
    ids=["names", "more", "others", "moved"],
)
def test_an_edit_that_is_not_read_back_as_meant_changes_nothing(change: Any) -> None:
    with pytest.raises(ListFileError, match="would not be read back as meant") as caught:
        spoiled(change).edit(["a", "b", "c"], None)
    assert caught.value.line == 2
    assert spoiled(lambda found: found).edit(["a", "b", "c"], None)[0] == SOURCE.replace("a, b", "a, b, c")


def test_an_edit_that_changes_the_format_changes_nothing() -> None:
    def change(found: list[ListInFile]) -> list[ListInFile]:
        return [replace(each, format="other") for each in found]

    other = spoiled(change)
    with pytest.raises(ListFileError, match="read back"):
        other.edit(["a"], None)


def test_names_that_are_no_text_are_refused() -> None:
    with pytest.raises(ListFileError, match="1 of the names"):
        editor(SOURCE).edit(["a", "b", "\udc80"], None)
    with pytest.raises(ListFileError, match="1 of the names"):
        editor(SOURCE).edit(["a", "b", "nul\0"], None)


def test_what_is_about_the_list_is_read_as_emcc_reads_it() -> None:
    (place,) = read("ASYNCIFY_ONLY = [f(char const*?.int)]", spelling="emscripten")
    assert place.names != place.written
    for variable in ("JSPI_EXPORTS", "ASYNCIFY_IMPORTS"):
        (place,) = read(f"{variable} = [f(char const*?.int)]", spelling="emscripten")
        assert place.names == place.written
    (place,) = read("ASYNCIFY_ONLY = [f(char const*?.int)]")
    assert place.names == place.written


def test_an_argument_s_names_must_suit_a_list_joined_by_commas() -> None:
    with pytest.raises(ListFileError, match="its brackets do not come out even") as caught:
        edited("a b operator<", format=ARGUMENT, gap=",")
    assert "@@FILE" in str(caught.value)
    assert edited("a b operator<", gap=",")[0] == SOURCE.replace("a, b", "a, b, operator<")
    assert edited("a b operator<", format=ARGUMENT, gap="\n")[0]


def test_doubles_keep_each_its_spelling() -> None:
    source = "ASYNCIFY_ONLY = [a, b, a]"
    assert editor(source).edit(["a", "b", "c"], None)[0] == "ASYNCIFY_ONLY = [a, b, a, c]"
