"""How much of a trace was used, in words."""

from __future__ import annotations

from collections.abc import Iterable

from stackswitch.models.trace_use import TraceUse, UnusedLines

from .text import counted


def use_line(use: TraceUse) -> str:
    """Say how many lines of a trace were read and used, and what they hold."""
    holds = f"{counted(use.stacks, 'stack')}, {counted(use.waits, 'wait')}, {counted(use.traps, 'trap')}"
    return f"{use.trace}: {counted(use.lines, 'line')} read, {use.used:,} used ({holds})"


def unused_line(unused: UnusedLines) -> str:
    """Say why lines were not used, and which they are."""
    numbers = ", ".join(map(str, unused.numbers)) + (", …" if unused.lines > len(unused.numbers) else "")
    which = f"line{'' if unused.lines == 1 else 's'} {numbers}"
    waits = f", {counted(unused.waits, 'wait')}" if unused.waits else ""
    return f"{counted(unused.lines, 'line')} not used, or in part only ({which}{waits}): {unused.text}"


def incomplete(uses: Iterable[TraceUse]) -> list[TraceUse]:
    """Return the traces of which lines were not used, or whose recorder reported trouble."""
    return [each for each in uses if not each.complete or each.says]


def summed(uses: Iterable[TraceUse]) -> str:
    """Say in a few words how much was read, of how many traces."""
    every = tuple(uses)
    lines, used = sum(each.lines for each in every), sum(each.used for each in every)
    return f"{used:,} of {counted(lines, 'line')} of {counted(len(every), 'trace')} used"
