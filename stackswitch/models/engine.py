"""What engines turned out to be: the result of ``stackswitch detect``."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from .base import Frozen

Shown = Literal["yes", "with-flags", "unsound", "no", "crashed"]
"""How a feature showed itself. ``yes``: done, without flags; ``with-flags``: done, with those named;
``unsound``: it is there, but what it did was wrong, or it failed once hot or never ended; ``crashed``: the
engine died of it."""


class Attempt(Frozen):
    """A probe run once, with one set of flags: what it showed, and why if that is not ``yes``."""

    flags: tuple[str, ...]
    shown: Shown
    why: str = ""
    facts: dict[str, JsonValue] = {}


class Answer(Frozen):
    """What a probe found: the best of its attempts.

    ``flags``: those it was shown with. ``why``: in one line, what is wrong or what was counted. ``facts``:
    what the probe saw besides. ``attempts``: the others, in the order in which they were made.
    """

    probe: str
    shown: Shown
    flags: tuple[str, ...] = ()
    why: str = ""
    facts: dict[str, JsonValue] = {}
    attempts: tuple[Attempt, ...] = ()

    @property
    def works(self) -> bool:
        """Whether the feature can be relied on, with its flags."""
        return self.shown in ("yes", "with-flags")

    @property
    def words(self) -> str:
        """The answer in one line: ``with flags --a --b``, ``unsound (why)``."""
        if self.shown == "with-flags":
            return f"with flags {' '.join(self.flags)}" + (f" ({self.why})" if self.why else "")
        return f"{self.shown} ({self.why})" if self.why else self.shown


class EngineReport(Frozen):
    """An engine and what it does.

    ``spec``: what was asked for or found. ``version``: empty if it did not tell. ``source``: where it comes
    from. ``flags``: V8's or the browser's own, and for each ``taken`` or why not. ``notes``: what a reader
    has to know of how it was run. ``problem``: why it could not be asked at all, in one line; then there are
    no answers.
    """

    spec: str
    engine: str
    version: str = ""
    source: str = ""
    path: str = ""
    answers: tuple[Answer, ...] = ()
    flags: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """``node 24.19.0``; without a version what was asked for."""
        return f"{self.engine} {self.version}" if self.version else self.spec

    def answer(self, probe: str) -> Answer | None:
        """Return the answer of one probe; None if it was not asked."""
        return next((each for each in self.answers if each.probe == probe), None)


class ProbeInfo(Frozen):
    """A probe: its name, and what it asks, in one line."""

    name: str
    asks: str


class DetectResult(Frozen):
    """All engines asked, and the probes they were asked."""

    schema_version: Literal[1] = 1
    probes: tuple[ProbeInfo, ...]
    engines: tuple[EngineReport, ...]
