"""How much of each trace was used, on the console."""

from __future__ import annotations

from collections.abc import Sequence

from stackswitch.models.trace_use import TraceUse
from stackswitch.reports.trace_use import incomplete, summed, unused_line, use_line

from .console import Console

_MOST_TRACES = 20


def show_uses(console: Console, uses: Sequence[TraceUse]) -> None:
    """Show how the lines of the traces were used; of many traces, only those with unused lines."""
    for use in uses if len(uses) <= _MOST_TRACES else incomplete(uses)[:_MOST_TRACES]:
        console.print(use_line(use), style="dim")
        for unused in use.unused:
            console.print(f"  {unused_line(unused)}", style="red")
        for message in use.says:
            console.print(f"  the recorder says: {message}", style="yellow")
    if len(uses) > _MOST_TRACES:
        console.print(summed(uses), style="dim")
