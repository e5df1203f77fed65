"""The console: one line stays one line, words stay whole, and tables fit or become lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from stackswitch.cli.console import Console, TableCell, wrapped
from tests.hostile import NAMES


def test_a_name_with_line_breaks_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.print("  + a\n::error::x\nb")
    console.print("\nNext:")
    console.block("one\n::error::x", indent=2)
    assert capsys.readouterr().out.split("\n") == [
        *(r"  + a\u{a}::error::x\u{a}b", "", "Next:", "  one", r"  \u{3a}:error::x", "")
    ]


def test_names_like_markup_are_shown_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console()
    console.print("[bold]x[/bold] [/] :warning: [link=y]z")
    assert capsys.readouterr().out == "[bold]x[/bold] [/] :warning: [link=y]z\n"


def test_no_line_is_wrapped_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    line = "word " * 500
    console.print(line)
    console.table(["case", "b" * 90], [[TableCell("c" * 300), TableCell("✓ returned")]])
    out = capsys.readouterr().out.split("\n")
    assert out[0] == line
    assert out[1:] == [f"{'case':<100}  {'b' * 90}", f"{'c' * 300}  ✓ returned", ""]


def test_a_table_of_any_names_has_a_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    texts = [each.decode("utf-8", "surrogateescape") for each in NAMES]
    Console().table(["name", "again"], [[TableCell(each), TableCell(each)] for each in texts])
    assert len(capsys.readouterr().out.splitlines()) == len(NAMES) + 1


@given(
    st.text("abc de漢-", max_size=200),
    st.integers(10, 90),
    st.sampled_from(["", "  ", "  - ", "  --json FILE   "]),
)
def test_words_stay_whole(text: str, width: int, before: str) -> None:
    lines = wrapped(before + text, width)
    assert " ".join(lines).split() == (before + text).split()
    for line in lines:
        assert cell_len(line) <= width or len(line.split()) <= 1 + len(before.split())


def test_what_follows_stands_under_the_text() -> None:
    assert wrapped("  --json FILE  Write the results as JSON.", 30) == [
        "  --json FILE  Write the",
        "               results as",
        "               JSON.",
    ]
    assert wrapped("  + some_function seen in a case", 20) == ["  + some_function", "    seen in a case"]
