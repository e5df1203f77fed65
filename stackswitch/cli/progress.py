"""Progress on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import ExitStack

from rich.progress import BarColumn, MofNCompleteColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from stackswitch.models.result import CaseResult

from .console import Console, bar_shown

PLAIN_EVERY_S = 10.0
"""How often a log gets a line (seconds)."""


class _Count(MofNCompleteColumn):
    def render(self, task: Task) -> Text:
        """Show how many are done; nothing if the total is not known."""
        return Text() if task.total is None else super().render(task)


class Progress:
    """Shows the progress of a run; a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Bar | None = None
        self._shown = ExitStack()
        if console.is_terminal:
            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(),
                _Count(),
                TimeElapsedColumn(),
                console=console.rich,
                transient=True,
            )
            self._task = self._bar.add_task("starting", total=None)
        self._total = self._done = self._unexpected = 0
        self._last_line = time.monotonic()

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._shown.enter_context(bar_shown(self._bar))
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()

    def say(self, line: str) -> None:
        """Print a line about work that takes long."""
        self._console.message(line, style="dim")

    def expect(self, more: int) -> None:
        """Expect so many results in addition to earlier ones."""
        self._total += more
        if self._bar is not None:
            self._bar.update(self._task, total=self._total, description="running")

    def result(self, result: CaseResult) -> None:
        """Count a result."""
        self._done += 1
        self._unexpected += not result.as_expected
        failing = f", {self._unexpected} not as expected" if self._unexpected else ""
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, description=f"running{failing}")
        elif time.monotonic() - self._last_line > PLAIN_EVERY_S:
            self._last_line = time.monotonic()
            self._console.print(f"{self._done} of {self._total} done{failing}")
