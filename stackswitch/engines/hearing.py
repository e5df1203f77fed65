"""What an engine tells while it is asked, line by line; pure.

A line of JSON per thing: ``{"version", "notes"}`` first, ``{"begin": NAME}`` and ``{"end": NAME, shown, why,
facts}`` around each probe, ``{"seen": NAME, facts}`` within, ``{"done": true}`` last. So what it was at when
it died is known.
"""

from __future__ import annotations

from pydantic import JsonValue, ValidationError

from stackswitch.models.engine import Attempt
from stackswitch.tools.parsing import json_value

_WHY_LIMIT = 300


class Hearing:
    """Everything heard so far.

    ``at``: the probe that has begun and not ended; ``seen``: what it told meanwhile; ``nonsense``: the first
    line that is none of ours.
    """

    def __init__(self, flags: tuple[str, ...] = ()) -> None:
        self._flags = flags
        self.version = ""
        self.notes: tuple[str, ...] = ()
        self.attempts: dict[str, Attempt] = {}
        self.at = ""
        self.seen: dict[str, JsonValue] = {}
        self.done = False
        self.nonsense = ""

    def take(self, line: bytes) -> None:
        """Take a line. One that is none of ours is passed over: engines print warnings too."""
        try:
            told = json_value(line)
            if not self.version:
                self._greet(told["version"], told.get("notes", []))
            elif told.get("done") is True:
                self.done = True
            elif "begin" in told:
                self.at, self.seen = str(told["begin"]), {}
            elif "seen" in told:
                self.seen |= dict(told["facts"])
            elif told["end"] == self.at:
                self.attempts[self.at] = Attempt(
                    flags=self._flags, shown=told["shown"], why=told["why"][:_WHY_LIMIT], facts=told["facts"]
                )
                self.at = ""
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ValidationError):
            self.nonsense = self.nonsense or f"it printed {line[:80].decode('utf-8', 'replace').strip()!r}"

    def _greet(self, version: object, notes: object) -> None:
        if not isinstance(version, str) or not isinstance(notes, list):
            raise TypeError("not a greeting of ours")
        self.version, self.notes = version, tuple(map(str, notes))

    def last_words(self, why: str, *, crashed: bool) -> Attempt:
        """What is said of the probe during which it ended: why, and what it had seen by then."""
        seen = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in self.seen.items())
        return Attempt(
            flags=self._flags,
            shown="crashed" if crashed else "unsound",
            why=why + (f" after {seen}" if seen else ""),
            facts=self.seen,
        )
