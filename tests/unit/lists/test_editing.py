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
from stackswitch.lists.emscripten import FILE_ADVICE
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
    assert str(caught.value) == (
        "app.x:2: 1 of the names cannot be given here (small):\n"
        "  'bang!': it cannot be written here so that it is read back the same\n"
        f"  instead: {FILE_ADVICE}"
    )
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


def test_a_bad_name_is_found_where_old_names_must_stay() -> None:
    def change(found: list[ListInFile]) -> list[ListInFile]:
        return [each for each in found if each.variable != "ASYNCIFY_ONLY" or "a" in each.names]

    with pytest.raises(ListFileError, match="1 of the names"):
        spoiled(change).edit(["a", "b", "bang!"], None)


def test_no_more_than_twenty_names_are_told() -> None:
    names = [f"n{at:02}!" for at in range(25)]
    with pytest.raises(ListFileError) as caught:
        editor(SOURCE).edit(names, None)
    first, *lines, more, _advice = str(caught.value).splitlines()
    assert "25 of the names" in first
    assert lines == [
        f"  'n{at:02}!': it cannot be written here so that it is read back the same" for at in range(20)
    ]
    assert more == "  and 5 more"
    with pytest.raises(ListFileError) as caught:
        editor(SOURCE).edit(names[:20], None)
    assert "more" not in str(caught.value)


def test_a_search_that_ends_before_its_end_says_so() -> None:
    def told(count: int) -> str:
        with pytest.raises(ListFileError) as caught:
            editor(SOURCE).edit(["a", "b", *(f"n{at}!" for at in range(count))], None)
        return str(caught.value).splitlines()[0]

    assert told(499).endswith(": 499 of the names cannot be given here (small):")
    assert told(510).endswith(": at least 500 of the names cannot be given here (small):")


def spoiled(change: Any) -> Editor:
    return Editor(SmallFile(SOURCE, "app.x", change=change), "ASYNCIFY_ONLY")


@pytest.mark.parametrize(
    "change",
    [
        lambda found: read(SOURCE.replace("a, b", "a, b, x")),  # other names
        lambda found: [*found, found[0]],  # one list more
        lambda found: [found[2], found[1], found[0]],  # other lists
        lambda found: read(SOURCE.replace("[z]", "[zz]").replace("a, b", "a, b, c")),  # moved
        lambda found: [found[1], found[0], found[2]],  # found before the other one
    ],
    ids=["names", "more", "others", "moved", "order"],
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


def test_a_double_keeps_the_spelling_that_emcc_rewrites() -> None:
    source = "ASYNCIFY_ONLY = [f(int?.x), z, f(int?.x), m#n]"
    text, _ = editor(source, spelling="emscripten").edit(["f(int, x)", "z", "m&n", "new"], None)
    assert text == source.replace("m#n", "m#n, new")


def test_entries_that_emcc_takes_for_one_name_are_refused() -> None:
    source = "OTHER = [z]\n\nASYNCIFY_ONLY = [first second; third, other]"
    file = SmallFile(source, "app.x", options={"spelling": "emscripten"})
    with pytest.raises(ListFileError) as caught:
        Editor(file, "ASYNCIFY_ONLY")
    assert str(caught.value) == (
        "app.x:3: ASYNCIFY_ONLY has 'first second; third', which emcc takes for one name: separate names by "
        "commas"
    )
    with pytest.raises(ListFileError, match="separate names by commas"):
        Editor(replace(file, functions=Functions.of(["first", "second"])), "ASYNCIFY_ONLY")
    # A module's function of this name is one name. Binaryen splits a list as it is written.
    for fine in (
        replace(file, functions=Functions.of(["first second; third"])),
        SmallFile(source, "app.x"),
        SmallFile(source.replace("first", "operator"), "app.x", options={"spelling": "emscripten"}),
    ):
        assert Editor(fine, "ASYNCIFY_ONLY").edit(["other"], None)[0].endswith("[other]")


def test_names_that_are_put_in_count_as_known() -> None:
    functions = Functions.of(["a", "b"])
    file = TextFile("a\nb\n", "list.txt", functions=functions)
    assert Editor(file, "").edit(["new(int)"], None)[0] == "new(int)\n"


def test_a_name_whose_wildcards_cannot_be_written_either_is_refused() -> None:
    """The wildcards are ``bang*!`` and ``bang*``. Where a list rejects both, nothing is changed."""
    functions = Functions.of(["a", "b", "bang.!"])

    def refuse(what: str) -> Callable[[list[ListInFile]], list[ListInFile]]:
        return lambda found: [each for each in found if not any(what in name for name in each.names)]

    with pytest.raises(ListFileError, match=r"1 of the names .*\n  'bang\.!': it cannot be written"):
        spoiled(refuse("bang")).edit(["a", "b", "bang.!"], functions)
    text, wildcards = spoiled(refuse("!")).edit(["a", "b", "bang.!"], functions)
    assert (text, wildcards) == (SOURCE.replace("a, b", "a, b, bang*"), {"bang.!": "bang*"})


def test_a_wildcard_must_get_to_binaryen_too() -> None:
    """emcc turns ``.`` into a blank, so the name needs a wildcard. An argument split on commas takes it."""
    functions = Functions.of(["a", "b", "f.part.0", "g<"])
    text, wildcards = edited("a b f.part.0", functions, spelling="emscripten")
    assert (text, wildcards) == (SOURCE.replace("a, b", "a, b, f*part*0"), {"f.part.0": "f*part*0"})
    assert edited("a b f.part.0", functions) == (SOURCE.replace("a, b", "a, b, f.part.0"), {})
    with pytest.raises(ListFileError, match=r"emcc turns \. in it into something else; 'f\*part\*0' would"):
        edited("a b f.part.0", spelling="emscripten")


def test_edits_that_only_fail_together_change_nothing() -> None:
    """Each of two names can be written, but not both."""

    def change(found: list[ListInFile]) -> list[ListInFile]:
        return [each for each in found if not {"x*1", "y*1"} <= set(each.names)]

    functions = Functions.of(["a", "b", "x!1", "y!1"])
    with pytest.raises(ListFileError, match="would not be read back as meant"):
        spoiled(change).edit(["a", "b", "x!1", "y!1"], functions)


def test_the_advice_is_for_the_reader_of_the_list() -> None:
    for form, advice in (("small", FILE_ADVICE), (ARGUMENT, "put the names into a file, a name a line, and")):
        with pytest.raises(ListFileError, match=re.escape(f"instead: {advice}")):
            edited("a b bang!", format=form, gap="\n")


def test_an_entry_without_a_star_stands_for_no_other_name() -> None:
    functions = Functions.of(["a", "b", "c"])
    assert edited("b c", functions) == (SOURCE.replace("a, b", "b, c"), {})
    # A function may be called ``fir*``. Then the entry is its name.
    star = Functions.of(["fir*", "second"])
    one = editor("ASYNCIFY_ONLY = [fir*, other]")
    assert one.edit(["fir*"], star) == ("ASYNCIFY_ONLY = [fir*]", {})
    # What is asked for is written, also beside a wildcard that is asked for.
    functions = Functions.of(["first", "second"])
    assert one.edit(["fir*", "first"], functions) == ("ASYNCIFY_ONLY = [fir*, first]", {})


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        # Quotes that stood before the first name, or behind the last one, are that name's.
        ('A="a,b"; x\n', "b", 'A="b"; x\n'),
        ('A="a,b"; x\n', "a", 'A="a"; x\n'),
        ("A=a,b; x\n", "a f(x)", "A=a,'f(x)'; x\n"),
        ("A=a,b; x\n", "", "A=; x\n"),
        ('A=$\'"a","b"\'; x\n', "b", "A=$'\"b\"'; x\n"),
        ('A=$\'"a","b"\'; x\n', "b c", 'A=$\'"b","c"\'; x\n'),
    ],
)
def test_a_list_stands_where_it_stood(source: str, names: str, expected: str) -> None:
    source, expected = (each.replace("A=", "ASYNCIFY_ONLY=") for each in (source, expected))
    assert Editor(TextFile(source, "a.sh"), "ASYNCIFY_ONLY").edit(names.split(), None)[0] == expected


@dataclass(frozen=True)
class Quoted(TextFile):
    """A text with one list, whose names stand between two double quotes.

    :ivar emptied: what an edit writes for a list of no names, and between which offsets
    :ivar wide: how many characters an edited list begins early, and ends late
    """

    emptied: tuple[int, int, str] | None = None
    wide: tuple[int, int] = (0, 0)

    def lists(self) -> list[ListInFile]:
        start, end = self.source.index('"') + 1, self.source.rindex('"')
        words = re.finditer(r"\w+", self.source[start:end])
        elements = tuple(Element(each[0], start + each.start(), start + each.end()) for each in words)
        early, late = self.wide if len(elements) < 2 else (0, 0)
        found = ListInFile(
            variable="",
            line=1,
            elements=elements,
            spelling="binaryen",
            start=start - early,
            end=max(start, end) + late,
            at=start,
            render=lambda name, _: name,
            emptied=self.emptied,
        )
        return [found]


@pytest.mark.parametrize(
    "emptied",
    [
        (1, 6, 'x""'),  # something is put before the list
        (2, 7, '"x>'),  # something is put behind it
        (1, 6, '"'),  # a quote goes, and the other one stands for both
    ],
)
def test_an_edit_that_changes_what_is_outside_is_refused(emptied: tuple[int, int, str]) -> None:
    source = '<"a,b">'
    assert Editor(Quoted(source), "").edit([], None)[0] == '<"">'
    with pytest.raises(ListFileError, match="would not be read back as meant"):
        Editor(Quoted(source, emptied=emptied), "").edit([], None)


@pytest.mark.parametrize(
    ("wide", "refused"), [((1, 0), False), ((0, 1), False), ((2, 0), True), ((0, 2), True)]
)
def test_a_list_grows_by_quotes_alone(wide: tuple[int, int], *, refused: bool) -> None:
    one = Editor(Quoted('<"a,b">', wide=wide), "")
    if refused:
        with pytest.raises(ListFileError, match="would not be read back as meant"):
            one.edit(["a"], None)
    else:
        assert one.edit(["a"], None)[0] == '<"a">'
