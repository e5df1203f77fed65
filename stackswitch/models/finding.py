"""Findings: mistakes in stack switching that a trace shows, each with its place, its evidence and its fix."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .base import Frame, Frozen
from .expect import ListName

Severity = Literal["error", "warning", "note"]
"""``error``: a result is wrong, or the program fails. ``warning``: it can, and did not this time. ``note``:
another finding explains it, or it is only worth knowing.
"""
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class FindingStack(Frozen):
    """A stack that shows a finding.

    ``label``: what it is, for people. ``import_``: the import that waits, empty if none does. ``frames``:
    innermost first. ``js_frames``: JavaScript between them, as ``name (place)``. ``call_site``: the
    JavaScript that entered the guest.
    """

    label: str = ""
    import_: str = Field(default="", alias="import")
    export: str = ""
    frames: tuple[Frame, ...] = ()
    js_frames: tuple[str, ...] = ()
    call_site: str = ""


class TraceFinding(Frozen):
    """A rule that applies to a run: what was found, where, and how to fix it.

    ``rule``: its id in ``docs/findings.md``. ``text``: what happened. ``fix``: what to do. ``module``: the
    hash of the module concerned. ``export``: the function through which the guest was entered. ``names``:
    what to add, by list. ``stacks``: the first few. ``call_site``: the JavaScript that entered the guest or
    lies between. ``evidence``: numbers, each with its unit in the key. ``count``: how often it was seen.
    ``caused_by``: the rule of the finding that explains this one. ``silenced``: the project's reason
    why it does not count.
    """

    kind: Literal["finding"] = "finding"
    rule: str
    severity: Severity
    backend: Literal["jspi", "asyncify", ""] = ""
    process: int | None = None
    thread: int = 0
    module: str = ""
    import_: str = Field(default="", alias="import")
    export: str = ""
    text: str
    fix: str
    names: dict[ListName, tuple[str, ...]] = {}
    stacks: tuple[FindingStack, ...] = ()
    call_site: str = ""
    evidence: dict[str, int | str] = {}
    count: int = 1
    caused_by: str = ""
    silenced: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is more than a note, and not silenced."""
        return self.severity != "note" and not self.silenced
