"""The lines of a trace file, read and numbered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from stackswitch.errors import ConfigError
from stackswitch.models.trace import TRACE_LINE, TraceLine, TraceSuspension, TraceTrap


@dataclass(frozen=True)
class TraceFile:
    """A trace.

    :ivar name: the file, or the case, for messages
    :ivar lines: each with its number in the file
    """

    name: str
    lines: tuple[tuple[int, TraceLine], ...]

    @property
    def suspensions(self) -> tuple[TraceSuspension, ...]:
        """The suspensions of all modules."""
        return tuple(line for _, line in self.lines if isinstance(line, TraceSuspension))

    @property
    def traps(self) -> tuple[TraceTrap, ...]:
        """The traps and refused suspensions of all modules."""
        return tuple(line for _, line in self.lines if isinstance(line, TraceTrap))


def read_trace_file(data: bytes, name: str) -> TraceFile:
    """Read a trace file.

    :raises ConfigError: a line is no line of a trace; the message has its number
    """
    found: list[tuple[int, TraceLine]] = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append((number, TRACE_LINE.validate_json(line)))
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]["msg"]
            raise ConfigError(f"{name}: line {number} is no line of a trace: {problem}") from None
    return TraceFile(name, tuple(found))


def trace_of_lines(name: str, lines: Iterable[TraceLine]) -> TraceFile:
    """Return lines that are in no file, such as those of a run that has just ended, as a trace."""
    return TraceFile(name, tuple(enumerate(lines, 1)))
