"""What a verdict rests on: results, stacks, facts of the bytes, engines, users, measured builds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stackswitch.analysis.facts import Analysis
from stackswitch.models.engine import DetectResult
from stackswitch.models.expect import ListName
from stackswitch.models.matrix import Support
from stackswitch.models.picture import Picture
from stackswitch.models.readiness import Gain, ModuleFacts, PolicyCoverage, Proposal, Source
from stackswitch.models.result import CaseResult
from stackswitch.models.trace import Suspension, TraceTrap
from stackswitch.models.trace_use import TraceUse
from stackswitch.suite.shards import Conflict


@dataclass(frozen=True)
class VerdictInputs:
    """All that is known; each part may be missing.

    :ivar title: what the report is about
    :ivar results: merged: a case stands there once a backend and engine
    :ivar flaky: cases that ended differently when they ran again on one engine
    :ivar missing_shards: where shards of the suite were not given, a line for each backend and engine
    :ivar suspensions: stacks by case; those of no case under ``""``
    :ivar traps: traps and refused suspensions of traces, by case as ``suspensions``
    :ivar uses: what became of the lines of each trace
    :ivar lists: names by list, as Binaryen gets them
    :ivar query: the browserslist query that ``support`` answers
    :ivar silence: reasons, by rule
    :ivar proposal: what ``stackswitch reentrant`` does for the module; None: it was not asked
    """

    title: str
    results: tuple[CaseResult, ...] = ()
    flaky: tuple[Conflict, ...] = ()
    missing_shards: tuple[str, ...] = ()
    suspensions: Mapping[str, tuple[Suspension, ...]] = field(default_factory=dict)
    traps: Mapping[str, tuple[TraceTrap, ...]] = field(default_factory=dict)
    uses: tuple[TraceUse, ...] = ()
    module: ModuleFacts | None = None
    analysis: Analysis | None = None
    lists: Mapping[ListName, tuple[str, ...]] = field(default_factory=dict)
    picture: Picture = field(default_factory=Picture)
    confidence: tuple[PolicyCoverage, ...] = ()
    engines: DetectResult | None = None
    support: Support | None = None
    query: str = ""
    gain: Gain | None = None
    silence: Mapping[str, str] = field(default_factory=dict)
    proposal: Proposal | None = None
    sources: tuple[Source, ...] = ()
    other_modules: Mapping[str, int] = field(default_factory=dict)
