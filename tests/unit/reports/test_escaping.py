"""Names and messages from outside, in every form of the report: shown as text, and nothing else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stackswitch.models.readiness import Report
from stackswitch.models.result import CaseResult
from stackswitch.models.trace import Suspension
from stackswitch.readiness.call_tree import Instrumented, call_tree
from stackswitch.readiness.verdict import judge
from stackswitch.readiness.verdict_inputs import VerdictInputs
from stackswitch.reports.annotations import annotation_lines, report_annotations
from stackswitch.reports.escape import markdown, markdown_code, script_json, visible
from stackswitch.reports.page import report_page
from stackswitch.reports.readiness_markdown import readiness_markdown

NASTY = (
    *("<script>alert(1)</script>", "</script>", "</title>", "<!--", "-->", "]]>", "&lt;", "&", '"', "'"),
    *(
        "|",
        "\\|",
        "`",
        "```",
        "\n",
        "\r\n",
        "\t",
        "**",
        "_",
        "~~",
        "# ",
        "- [ ] ",
        "](javascript:x)",
        "@user",
        "#1",
    ),
    *(
        "\0",
        "\x07",
        "\x1b[2J",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202e",
        "\u2066",
        "\u200f",
        "\ufeff",
        "\U000e0041",
    ),
    *("{{ 7 * 7 }}", "{% raw %}", "::error ::x", "%0A", "%", ":", ",", "$x$", "https://a.test"),
)
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
names = (
    st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=4)), min_size=1, max_size=6)
    .map("".join)
    .filter(lambda name: bool(name.strip()))
)
torn = st.text(st.characters(), max_size=20)
"""With halves of surrogate pairs, which no model takes, and bytes of a name may still come to."""


def report_of(name: str) -> Report:
    """A report in which a name stands everywhere that one from outside can."""
    frames = tuple((number, -1, each) for number, each in enumerate((name, "main")))
    stack = Suspension(module="ab" * 32, backend="jspi", import_=f"env.{name}", export=name, frames=frames)
    common: dict[str, Any] = {"engine": "node", "engine_version": "26.1.0", "duration_ms": 1.0}
    lacking = {"missing": {"ASYNCIFY_ONLY": (name,)}, "detail": name, "as_expected": False}
    results = (
        CaseResult(case_id=name, backend="jspi", outcome="returned", as_expected=True, **common),
        CaseResult(case_id=name, backend="asyncify", outcome="needs-list-fix", **lacking, **common),
        CaseResult(
            case_id="the other", backend="jspi", outcome="trapped", detail=name, as_expected=False, **common
        ),
        CaseResult(case_id="the other", backend="asyncify", outcome="returned", as_expected=True, **common),
    )
    picture = call_tree({name: (stack,)}, Instrumented(missing=(name,)))
    return judge(
        VerdictInputs(
            name, results=results, picture=picture, suspensions={name: (stack,)}, silence={"fibers": name}
        )
    )


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and what its scripts hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and self.scripts:
            self.scripts[-1] += data


HARMLESS = report_of("harmless")
ELEMENTS = Skeleton(report_page(HARMLESS)).elements


@settings(max_examples=60)
@given(names)
def test_the_page_has_no_element_or_attribute_of_others(name: str) -> None:
    page = report_page(report_of(name))
    found = Skeleton(page)
    assert found.elements == ELEMENTS
    assert len(found.scripts) == 2
    assert json.loads(found.scripts[0])["cases"][0][0] == visible(name)
    assert not UNSEEN.search(page)


def shape(markdown: str) -> list[int]:
    """The cells of each line: how many bars there are that are not escaped."""
    return [len(re.findall(r"(?<!\\)\|", line)) for line in _without_blocks(markdown).splitlines()]


@settings(max_examples=100)
@given(names)
def test_markdown_keeps_its_lines_and_cells(name: str) -> None:
    # A step's list of names is a block of code, in which each line of a name is a line: taken as it is.
    text = readiness_markdown(report_of(" ".join(name.split())))
    assert shape(text) == shape(readiness_markdown(HARMLESS))
    assert not UNSEEN.search(text)
    assert not re.search(r"<(?!/?(details|summary|sub)\b)", _without_code(text))


def _without_blocks(text: str) -> str:
    return re.sub(r"^ +(`{3,})[a-z]*\n.*?^ +\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def _without_code(text: str) -> str:
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", _without_blocks(text))


@settings(max_examples=60)
@given(names)
def test_annotations_stay_one_line_each(name: str) -> None:
    lines = annotation_lines(report_annotations(report_of(name), name)).split("\n")
    assert len(lines) == len(annotation_lines(report_annotations(HARMLESS, "harmless")).split("\n"))
    for line in lines[:-1]:
        match = re.fullmatch(r"::(error|warning|notice) file=([^,:]*),line=1,title=([^,:]*)::(.*)", line)
        assert match is not None
        assert not UNSEEN.search(line)
        assert "\r" not in line


@given(torn)
def test_halves_of_pairs_are_shown_as_their_numbers(text: str) -> None:
    for shown in (visible(text), markdown(text), markdown_code(text), script_json([visible(text)])):
        assert not UNSEEN.search(shown)
        shown.encode("utf-8")
