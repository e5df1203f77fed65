"""Findings as annotations of GitHub Actions: lines on standard output that it shows on the run and on the
change.
"""

from __future__ import annotations

from collections.abc import Iterator

from stackswitch.models.readiness import Report, Weight

from .escape import command_data, command_property
from .text import counted, shortened

MOST_OF_A_KIND = 10
"""GitHub shows so many errors, warnings and notices of a step, and drops the others. Source: its
documentation.
"""
_COMMANDS: dict[Weight, str] = {
    "blocks": "error",
    "change": "warning",
    "unknown": "warning",
    "note": "notice",
}
_MOST_TEXT = 2000


def annotation_lines(report: Report, file: str = "") -> str:
    """Return a line for each finding, the most severe first. If there are too many, the last line says so.

    :param file: the file they are shown at: where the list lives, or the configuration; empty: none
    """
    by_command: dict[str, list[str]] = {}
    for each in report.findings:
        if each.silenced:
            continue
        cases = f" ({', '.join(each.cases[:3])}{', …' if len(each.cases) > 3 else ''})" if each.cases else ""
        properties = {"file": file, "line": "1" if file else "", "title": f"stackswitch: {each.rule}"}
        given = ",".join(f"{key}={command_property(value)}" for key, value in properties.items() if value)
        text = command_data(shortened(f"{each.text}{cases}. {each.mend}", _MOST_TEXT))
        by_command.setdefault(_COMMANDS[each.weight], []).append(
            f"::{_COMMANDS[each.weight]} {given}::{text}"
        )
    return "".join(f"{line}\n" for line in _limited(by_command))


def _limited(by_command: dict[str, list[str]]) -> Iterator[str]:
    for command, lines in by_command.items():
        if len(lines) <= MOST_OF_A_KIND:
            yield from lines
            continue
        yield from lines[: MOST_OF_A_KIND - 1]
        more = counted(len(lines) - MOST_OF_A_KIND + 1, "more finding")
        yield f"::{command} title=stackswitch::{command_data(f'{more}: see the report')}"
