"""The Markdown, rendered as GitHub renders it: its tables are tables, and nobody's name is markup."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import wheel_node

from .conftest import NASTY, ROOT

HERE = Path(__file__).parent
OURS = {"h2", "h3", "p", "br", "sub", "details", "summary", "strong", "em", "code", "pre", "input"} | {
    *("ol", "ul", "li", "table", "thead", "tbody", "tr", "th", "td")
}
VOID = {"input", "br"}
COMMENT, SUMMARY = 65_536, 1 << 20
"""Characters of a comment, bytes of a job summary. Source: GitHub's documentation."""


class Page(HTMLParser):
    """What is on the rendered page: elements, rows of tables by their number of cells, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: dict[str, int] = {}
        self.tables: list[list[int]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append(0)
        elif tag in ("td", "th"):
            self.tables[-1][-1] += 1

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(*files: Path) -> list[Page]:
    argv = [str(wheel_node()), str(HERE / "gfm.mjs"), str(npm_packages(HERE)), *map(str, files)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return [Page(json.loads(line)) for line in done.stdout.splitlines()]


def holds(page: Page, markdown: str) -> None:
    assert page.open == []
    assert set(page.seen) <= OURS, "an element that is not ours"
    assert all(len(set(table)) == 1 for table in page.tables), "a row with more or fewer cells"
    assert "|---" not in page.text, "a table that is none"
    assert "**" not in page.text
    assert page.seen.get("input", 0) == markdown.count(". [ ] **")
    assert len(markdown) <= COMMENT
    assert len(markdown.encode()) <= SUMMARY


def test_a_report_of_nasty_names_is_rendered_as_it_is_meant(everything: Path) -> None:
    file = everything / "report.md"
    (page,) = rendered(file)
    holds(page, file.read_text("utf-8"))
    told = " ".join(NASTY.replace("\u202e", "\\u{202e}").replace("\x07", "\\u{7}").split())
    assert told in page.text
    assert page.seen["details"] >= 2


@pytest.mark.parametrize("name", ["lua", "sqlite", "php"])
def test_the_reports_that_the_docs_link_to_are_rendered(name: str) -> None:
    file = ROOT / "docs" / "reports" / f"{name}.md"
    (page,) = rendered(file)
    holds(page, file.read_text("utf-8"))
