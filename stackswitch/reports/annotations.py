"""Annotations of GitHub Actions: lines of output that it shows on the run and on the change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from stackswitch.models.readiness import Report, Weight

from .escape import command_data, command_property
from .text import counted, shortened

MOST_OF_A_KIND = 10
"""GitHub shows so many errors, warnings and notices of a step, and drops the others. Source: its
documentation.
"""
_MOST_TEXT = 2000
Command = Literal["error", "warning", "notice"]
_COMMANDS: dict[Weight, Command] = {
    "blocks": "error",
    "change": "warning",
    "unknown": "warning",
    "note": "notice",
}


class Annotation(NamedTuple):
    """An annotation: how severe, of which rule, what it says, and the place, if there is one."""

    command: Command
    rule: str
    text: str
    file: str = ""
    line: int = 1


def annotation_lines(annotations: Iterable[Annotation]) -> str:
    """Return a line for each annotation, those of a kind together. If there are too many, the last line of
    the kind says so.
    """
    by_command: dict[Command, list[str]] = {}
    for each in annotations:
        properties = {
            "file": each.file,
            "line": str(each.line) if each.file else "",
            "title": f"stackswitch: {each.rule}",
        }
        given = ",".join(f"{key}={command_property(value)}" for key, value in properties.items() if value)
        text = command_data(shortened(each.text, _MOST_TEXT))
        by_command.setdefault(each.command, []).append(f"::{each.command} {given}::{text}")
    return "".join(f"{line}\n" for line in _limited(by_command))


def report_annotations(report: Report, file: str = "") -> Iterator[Annotation]:
    """Give the findings of a report, the most severe first.

    :param file: the file they are shown at: where the list lives, or the configuration; empty: none
    """
    for each in report.findings:
        if each.silenced:
            continue
        cases = f" ({', '.join(each.cases[:3])}{', …' if len(each.cases) > 3 else ''})" if each.cases else ""
        yield Annotation(_COMMANDS[each.weight], each.rule, f"{each.text}{cases}. {each.mend}", file)


def _limited(by_command: dict[Command, list[str]]) -> Iterator[str]:
    for command, lines in by_command.items():
        if len(lines) <= MOST_OF_A_KIND:
            yield from lines
            continue
        yield from lines[: MOST_OF_A_KIND - 1]
        more = counted(len(lines) - MOST_OF_A_KIND + 1, "more finding")
        yield f"::{command} title=stackswitch::{command_data(f'{more}: see the report')}"
