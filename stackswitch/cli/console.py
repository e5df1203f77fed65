"""The console: the only way from the command line to a terminal or a log; it escapes all text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console as RichConsole
from rich.segment import Segment, Segments

from stackswitch.errors import OutputError
from stackswitch.reports.escape import on_one_line, terminal

if TYPE_CHECKING:
    from rich.progress import Progress

_WIDEST_COLUMN = 100
"""Columns of a table are padded to at most so many cells; longer text is not cut."""
_LIST_COLUMN = re.compile(r"(\s*\S+(?: \S+)*  +)\S")
"""The left column of a definition list, with the blanks after it."""
_RIGHT_COLUMN = 20
"""A line that is indented so far continues the right column of a definition list."""


_bars: list[Progress] = []
"""The progress bars on the terminal, which standard output and standard error may share."""


@contextmanager
def bar_shown(bar: Progress) -> Iterator[None]:
    """Show a bar; lines that any console prints meanwhile appear above it."""
    bar.start()
    _bars.append(bar)
    try:
        yield
    finally:
        _bars.remove(bar)
        bar.stop()


@contextmanager
def _above_bars(console: RichConsole) -> Iterator[None]:
    """Hide the bars of other consoles while a line is printed; rich hides those of the console itself."""
    others = [bar for bar in _bars if bar.console is not console] if console.is_terminal else []
    for bar in others:
        bar.stop()
    try:
        yield
    finally:
        for bar in others:
            bar.start()


@dataclass(frozen=True)
class TableCell:
    """A text in a table, with its style."""

    text: str
    style: str = ""


class _Rich(RichConsole):
    def on_broken_pipe(self) -> None:
        """Raise, since the caller decides what a closed pipe means."""
        raise BrokenPipeError


class Console:
    """Writes lines to standard output, or to standard error.

    Text is escaped for a terminal. Into a pipe or a file no line is wrapped; on a terminal lines are wrapped
    between words, and never within one.

    :param stderr: write to standard error; a failure to write there is ignored
    """

    def __init__(self, *, stderr: bool = False) -> None:
        self.rich = _Rich(stderr=stderr, highlight=False, markup=False, emoji=False)
        self._stderr = stderr

    @property
    def is_terminal(self) -> bool:
        """Whether the stream is a terminal."""
        return self.rich.is_terminal

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None: it is no terminal, and lines may have any length."""
        return self.rich.width if self.is_terminal else None

    def print(self, text: str = "", *, style: str | None = None, wrap: bool = True) -> None:
        """Print one line; a line break within it is escaped, those at its start are empty lines before it.

        :param wrap: whether a terminal may get it in several lines
        :raises OutputError: standard output cannot be written
        """
        bare = text.lstrip("\n")
        for _ in range(len(text) - len(bare)):
            self._put([])
        self._line(bare.replace("\n", "\\u{a}"), style, wrap=wrap)

    def message(self, text: str, *, indent: int = 0, style: str | None = None) -> None:
        """Print a message that may have several lines; all but the first are indented further.

        :raises OutputError: standard output cannot be written
        """
        first, *others = text.split("\n")
        self._line(" " * indent + first, style)
        for line in others:
            further = indent + (0 if line.startswith("  ") else 2)
            self._line(" " * further + line, style)

    def block(self, text: str, *, indent: int = 0) -> None:
        """Print text of several lines, indented.

        :raises OutputError: standard output cannot be written
        """
        for line in text.split("\n"):
            self._line(" " * indent + line, None)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[TableCell]]) -> None:
        """Print a table; where a terminal is too narrow, a list: per row its first cell, the others below it.

        :raises OutputError: standard output cannot be written
        """
        lines = list(rows)
        columns = list(zip(*([TableCell(each) for each in head], *lines), strict=True))
        sizes = [[cell_len(on_one_line(each.text)) for each in column] for column in columns]
        widths = [min(_WIDEST_COLUMN, max(each)) for each in sizes]
        if self.is_terminal and sum(widths) + 2 * (len(widths) - 1) > self.rich.width:
            for row in lines:
                self.print(row[0].text, style=row[0].style)
                for name, cell in zip(head[1:], row[1:], strict=True):
                    self.print(f"  {name}: {cell.text}", style=cell.style)
            return
        self._row([TableCell(each, "bold") for each in head], widths)
        for row in lines:
            self._row(row, widths)

    def _row(self, row: Sequence[TableCell], widths: Sequence[int]) -> None:
        parts = []
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            text = terminal(on_one_line(cell.text))
            style = self.rich.get_style(cell.style or "none")
            parts.append(Segment(text, style))
            if number < len(row) - 1:
                parts.append(Segment(" " * (max(0, width - cell_len(text)) + 2)))
        self._put(parts)

    def _line(self, text: str, style: str | None, *, wrap: bool = True) -> None:
        safe = terminal(text)
        for piece in wrapped(safe, self.rich.width) if wrap and self.is_terminal else [safe]:
            self._put([Segment(piece, self.rich.get_style(style or "none"))])

    def _put(self, parts: Sequence[Segment]) -> None:
        if sys.stdout is None and not self._stderr:
            raise OutputError("standard output is closed")
        try:
            with _above_bars(self.rich):
                self.rich.print(Segments([*parts, Segment.line()]), end="", crop=False, soft_wrap=True)
        except BrokenPipeError:
            if not self._stderr:
                raise
        except OSError as error:
            if not self._stderr:
                raise OutputError(f"standard output could not be written: {error.strerror}") from None


def wrapped(line: str, width: int) -> list[str]:
    """Break a line between words; a word that is wider than the terminal stays whole.

    What follows is indented as the text is: in a definition list, to its right column.
    """
    if cell_len(line) <= width:
        return [line]
    column = _LIST_COLUMN.match(line)
    own = len(line) - len(line.lstrip(" "))
    further = 0 if own >= _RIGHT_COLUMN else 2
    hanging = cell_len(column[1]) if column is not None else own + further
    indent = " " * (hanging if hanging <= width // 2 else own + further)
    lines, current, used = [], "", 0
    for blank, word in re.findall(r"( *)([^ ]+)", line):
        size = cell_len(blank) + cell_len(word)
        if current.strip() and used + size > width:
            lines.append(current)
            current, used = indent + word, len(indent) + cell_len(word)
        else:
            current, used = current + blank + word, used + size
    return [*lines, current]
