"""What came of a fix: the verdict, why, and every edit."""

from __future__ import annotations

from typing import Literal

from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.models.result import CaseResult

FIX_SCHEMA_VERSION = 1

Verdict = Literal["verified", "falls-short", "no-progress", "out-of-rounds", "fails-otherwise"]
VERDICTS: dict[Verdict, str] = {
    "verified": "verified",
    "falls-short": "the lists fall short",
    "no-progress": "no progress",
    "out-of-rounds": "out of rounds",
    "fails-otherwise": "the lists hold, and the suite fails for another reason",
}


class Edit(Frozen):
    """What changes in a list; ``needed_by``: the cases on whose stacks each added name was seen."""

    path: str
    list: ListName
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    needed_by: dict[str, tuple[str, ...]] = {}


class FixReport(Frozen):
    """``fix --json``.

    ``verdict``: *verified*, all cases ran as expected with the lists as they now are; *falls-short*, with
    ``--check``: names are missing; *no-progress*, what is missing cannot be mended by names, ``reason`` says
    why; *out-of-rounds*, each round found more; *fails-otherwise*, no name is missing, and cases fail.
    ``rounds``: how often lists were drawn. ``results``: of the last run on Asyncify.
    ``observed``: cases by the backend that their stacks were seen on.
    """

    schema_version: int = FIX_SCHEMA_VERSION
    verdict: Verdict
    reason: str = ""
    policy: str = "observed"
    rounds: int = 0
    changed: bool = False
    edits: tuple[Edit, ...] = ()
    results: tuple[CaseResult, ...] = ()
    observed: dict[str, int] = {}
    duration_s: float = 0.0
