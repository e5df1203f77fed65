"""The result of ``stackswitch detect``: what each engine can do."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from .base import Frozen

Shown = Literal["yes", "with-flags", "unsound", "no", "crashed"]
"""What a probe of a feature showed. ``yes``: it works without flags. ``with-flags``: with the named ones.
``unsound``: it exists, but gave a wrong result, failed in optimised code or never ended. ``crashed``: the
engine died."""


class Attempt(Frozen):
    """One run of a probe, with one set of flags: what it showed, and why if that is not ``yes``."""

    flags: tuple[str, ...]
    shown: Shown
    why: str = ""
    facts: dict[str, JsonValue] = {}


class Answer(Frozen):
    """The result of a probe: the best of its attempts.

    ``flags``: of that attempt. ``why``: in one line, what is wrong or what was counted. ``facts``: what else
    the probe observed. ``attempts``: the other attempts, in order.
    """

    probe: str
    shown: Shown
    flags: tuple[str, ...] = ()
    why: str = ""
    facts: dict[str, JsonValue] = {}
    attempts: tuple[Attempt, ...] = ()

    @property
    def works(self) -> bool:
        """Whether the feature works, with its flags."""
        return self.shown in ("yes", "with-flags")

    @property
    def words(self) -> str:
        """The answer in one line: ``with flags --a --b``, ``unsound (why)``."""
        if self.shown == "with-flags":
            return f"with flags {' '.join(self.flags)}" + (f" ({self.why})" if self.why else "")
        return f"{self.shown} ({self.why})" if self.why else self.shown


class EngineReport(Frozen):
    """An engine, and the results of its probes.

    ``spec``: what was requested or found. ``version``: empty if unknown. ``source``: where it comes from.
    ``flags``: of V8 or the browser; for each ``taken``, or why not. ``notes``: what a reader must know about
    how it ran. ``problem``: why it could not be probed at all, in one line; then there are no answers.
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
        """``node 24.19.0``; if the version is unknown, what was requested."""
        return f"{self.engine} {self.version}" if self.version else self.spec

    def answer(self, probe: str) -> Answer | None:
        """Return the result of one probe; None: it did not run."""
        return next((each for each in self.answers if each.probe == probe), None)


class ProbeInfo(Frozen):
    """A probe: its name, and the question that it answers, in one line."""

    name: str
    asks: str


class DetectResult(Frozen):
    """All probed engines, and the probes."""

    schema_version: Literal[1] = 1
    probes: tuple[ProbeInfo, ...]
    engines: tuple[EngineReport, ...]
