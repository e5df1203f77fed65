"""The lines that an engine prints while it runs probes, read one by one; pure.

Each line is a JSON object: ``{"version", "program", "notes"}`` first, ``{"begin": NAME}`` and
``{"end": NAME, shown, why, facts}`` around each probe, ``{"seen": NAME, facts}`` within one,
``{"done": true}`` last. So it is known which probe was running when an engine died.
"""

from __future__ import annotations

from pydantic import JsonValue, ValidationError

from stackswitch.models.engine import Attempt
from stackswitch.tools.parsing import json_value

_WHY_LIMIT = 300


class ProbeOutput:
    """What the lines so far contain.

    ``program``: the engine's own file, if it has printed that. ``timed_out``: a probe did not end.
    ``running``: the probe that has begun and not ended. ``partial_facts``: the facts that it has reported.
    ``unreadable``: what is wrong with the first line that is not one of these.

    :param flags: the flags with which the engine was started; every attempt records them
    :param before: the output of an earlier start, whose attempts count as well
    """

    def __init__(self, flags: tuple[str, ...] = (), before: ProbeOutput | None = None) -> None:
        self._flags = flags
        self.version = self.program = ""
        self.notes: tuple[str, ...] = ()
        self.attempts: dict[str, Attempt] = {} if before is None else before.attempts
        self.timed_out: bool = before is not None and before.timed_out
        self.running = ""
        self.partial_facts: dict[str, JsonValue] = {}
        self.done = False
        self.unreadable = ""

    def read_line(self, line: bytes) -> None:
        """Read a line. Any other line is ignored, since engines print warnings too."""
        try:
            record = json_value(line)
            if not self.version:
                version, notes = record["version"], record.get("notes", [])
                if not isinstance(version, str) or not isinstance(notes, list):
                    raise TypeError("the first line does not give a version")  # noqa: TRY301
                self.version, self.notes = version, tuple(map(str, notes))
                self.program = str(record.get("program", ""))
            elif record.get("done") is True:
                self.done = True
            elif "begin" in record:
                self.running, self.partial_facts = str(record["begin"]), {}
            elif "seen" in record:
                self.partial_facts |= dict(record["facts"])
            elif record["end"] == self.running:
                self.attempts[self.running] = Attempt(
                    flags=self._flags,
                    shown=record["shown"],
                    why=record["why"][:_WHY_LIMIT],
                    facts=record["facts"],
                )
                self.running = ""
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError):
            self.unreadable = (
                self.unreadable or f"it printed {line[:80].decode('utf-8', 'replace').strip()!r}"
            )

    def failed_attempt(self, why: str, *, crashed: bool) -> Attempt:
        """Return the attempt at the probe during which the engine ended, with the facts reported by then."""
        facts = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in self.partial_facts.items())
        return Attempt(
            flags=self._flags,
            shown="crashed" if crashed else "unsound",
            why=why + (f" after {facts}" if facts else ""),
            facts=self.partial_facts,
        )
