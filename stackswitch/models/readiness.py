"""Whether a module can move from Asyncify to JSPI: the verdict and its evidence.

``stackswitch report --json`` writes a ``Report``; every other form of the report is made from one. The
verdict is computed in ``stackswitch.readiness``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from .base import Frozen
from .bench import Figure
from .expect import ListName, Outcome
from .picture import Picture
from .trace_use import TraceUse

REPORT_SCHEMA_VERSION: Literal[1] = 1

Level = Literal["ready", "ready-with-changes", "not-ready", "unknown"]
"""``ready``: it runs on JSPI as it is. ``ready-with-changes``: the necessary steps are known and listed.
``not-ready``: for something no step is known, or the program itself must be fixed. ``unknown``: it has not
run on JSPI yet.
"""
LEVELS: dict[Level, str] = {
    "ready": "ready",
    "ready-with-changes": "ready with changes",
    "not-ready": "not ready",
    "unknown": "not known yet",
}

Weight = Literal["blocks", "change", "unknown", "note"]
"""The effect of a finding on the verdict: ``not-ready``, ``ready-with-changes``, ``unknown``, or none."""

Scope = Literal["module", "case", "list", "engine", "gain"]

CaseStatus = Literal[
    "both",
    "as-meant",
    "needs-list",
    "asyncify-only",
    "jspi-only",
    "neither",
    "silently-wrong",
    "flaky",
    "one-backend",
]
STATUSES: dict[CaseStatus, str] = {
    "both": "works on both",
    "as-meant": "fails on both, as it should",
    "needs-list": "works once its lists are complete",
    "asyncify-only": "works on Asyncify alone",
    "jspi-only": "works on JSPI alone",
    "neither": "works on neither",
    "silently-wrong": "silently wrong somewhere",
    "flaky": "differs from run to run",
    "one-backend": "not run on both backends",
}


class Finding(Frozen):
    """A rule that applies: what was found, where, and how to fix it.

    ``rule``: its id in ``docs/readiness.md``. ``subject``: the engine, list or feature that it is about;
    empty: the module. ``cases``: those concerned. ``names``: what to add or remove, by list. ``silenced``:
    the project's own reason why this does not count; empty: it counts.
    """

    rule: str
    weight: Weight
    scope: Scope
    text: str
    mend: str = ""
    subject: str = ""
    cases: tuple[str, ...] = ()
    names: dict[ListName, tuple[str, ...]] = {}
    silenced: str = ""


class MigrationStep(Frozen):
    """Something to do. ``code``: flags, a list or a command to copy, in ``language``."""

    title: str
    text: str = ""
    code: str = ""
    language: str = ""
    rules: tuple[str, ...] = ()


class Proposal(Frozen):
    """What ``stackswitch reentrant`` does for a module, as found by trying it.

    ``command``: makes the build, in which each call has a C stack of its own; empty: the module is refused,
    and ``refused`` says why. ``invokes``: the command also replaces Emscripten's ``invoke_*``.
    ``invokes_refused``: why it cannot.
    """

    module: str
    command: str = ""
    invokes: bool = False
    refused: str = ""
    invokes_refused: str = ""


class RunColumn(Frozen):
    """Where cases ran: a backend on an engine.

    ``build``: of commands on Asyncify. ``worked``: how many of the ``cases``. ``meant``: how many failed as
    they expect of every backend. ``skipped``: how many did not run, since the backend could not; ``cases`` is
    without them.
    """

    backend: str
    engine: str
    engine_version: str
    build: str = ""
    cases: int
    worked: int
    meant: int = 0
    skipped: int = 0

    @property
    def count(self) -> str:
        """``12 of 14 work``, ``12 of 14 work, 1 fails as it should``, ``0 of 0 work, 14 skipped``."""
        meant = f", {self.meant} fail{'s' if self.meant == 1 else ''} as it should" if self.meant else ""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.worked} of {self.cases} work{meant}{skipped}"

    @property
    def where(self) -> str:
        """``node 24.19.0``, ``node 20.19.5, own build``."""
        build = f", {self.build} build" if self.build else ""
        return f"{self.engine} {self.engine_version}".rstrip() + build

    @property
    def name(self) -> str:
        """``jspi (node 24.19.0)``, ``asyncify (node 20.19.5, own build)``."""
        return f"{self.backend} ({self.where})"


class Cell(Frozen):
    """A case on one of the ``runs`` (by position).

    ``works``: for a user, not only as its case expects. ``known``: it ended as the case expects there.
    ``meant``: it failed as expected, and it returns nowhere: the case is about a failure.
    """

    run: int
    outcome: Outcome
    works: bool
    known: bool = True
    meant: bool = False
    detail: str = ""
    missing: dict[ListName, tuple[str, ...]] = {}
    suspensions: int = 0
    duration_ms: float = 0.0


class CaseVerdict(Frozen):
    """The verdict on a case: its status, why, and what to do. ``module``: its module's hash, if known."""

    case_id: str
    status: CaseStatus
    level: Level
    why: str = ""
    mend: str = ""
    rules: tuple[str, ...] = ()
    cells: tuple[Cell, ...]
    stacks: tuple[int, ...] = ()
    module: str = ""


class EngineVerdict(Frozen):
    """The verdict on an engine: whether a JSPI build may ship to it.

    ``flags``: which it needs. ``fallback``: what its users get meanwhile. ``source``: of the verdict: a
    probe, a run of the suite, or published data.
    """

    name: str
    level: Level
    why: str = ""
    flags: tuple[str, ...] = ()
    fallback: str = ""
    source: Literal["probed", "run", "published"] = "probed"


class Users(Frozen):
    """Which users of a browserslist query have JSPI. ``share``: of the query's use (percent)."""

    query: str
    share: float
    without: tuple[tuple[str, float], ...] = ()
    data: str = ""


class PolicyCoverage(Frozen):
    """How well a policy's list covers new cases (cross-validation).

    ``covered``: the share of left-out cases that the list from the others covers (0 to 1). ``points``: (cases
    used, share of the others covered), for the curve.
    """

    policy: str
    functions: int
    code_share: float | None = None
    covered: float
    points: tuple[tuple[int, float], ...] = ()


class ListReport(Frozen):
    """A list, compared with what was observed. ``derived``: the complete list for what was observed."""

    list: ListName
    entries: int | None = None
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    never_seen: int | None = None
    derived: tuple[str, ...] = ()


Unit = Literal["bytes", "ms", "us"]


class Spread(Frozen):
    """Several measurements of one thing."""

    low: float
    median: float
    high: float
    count: int = 1


class Measure(Frozen):
    """Asyncify compared with plain (JSPI), in alternating runs. ``ratio``: Asyncify by plain, run by run."""

    id: str
    what: str
    unit: Unit
    plain: Spread
    asyncify: Spread
    ratio: Spread
    note: str = ""


class Gain(Frozen):
    """What moving to JSPI gains, as measured.

    ``how``: the command, engine and rounds. ``waits``: what a suspension costs by backend and depth, in a
    small guest of ours. ``waits_on``: where and how that was measured.
    """

    engine: str = ""
    rounds: int = 0
    how: str = ""
    build: str = ""
    measures: tuple[Measure, ...] = ()
    waits: tuple[Figure, ...] = ()
    waits_on: str = ""


class ModuleFacts(Frozen):
    """What the module's bytes show. ``shadow_stack``: the C stack in memory: is its pointer reachable."""

    name: str
    sha256: str
    size_bytes: int
    functions: int
    named: int
    asyncified: bool = False
    imports: tuple[str, ...] = ()
    imports_from: str = ""
    shadow_stack: Literal["none", "reachable", "hidden"] = "none"
    policies: tuple[tuple[str, int, float, int], ...] = ()
    """Policy, functions, share of code (0 to 1), predicted size (bytes)."""


class Source(Frozen):
    """A file that was read. ``text``: its content, in a line."""

    name: str
    kind: Literal["results", "trace", "module", "list", "engines", "measures", "report"]
    text: str = ""


class Point(Frozen):
    """An earlier run, for the trend. ``working``: how many cases work, by backend."""

    made_at: str
    level: Level
    statuses: dict[CaseStatus, int] = {}
    working: dict[str, int] = {}
    size_bytes: int | None = None


class Change(Frozen):
    """A change since the report compared with. ``better``: whether it is an improvement; None: neither."""

    subject: str
    before: str
    after: str
    better: bool | None = None


class ModuleVerdict(Frozen):
    """The verdict on one of several modules: a short report. ``lists``: the module's own."""

    name: str
    sha256: str
    level: Level
    headline: str
    findings: tuple[Finding, ...] = ()
    steps: tuple[MigrationStep, ...] = ()
    lists: tuple[ListReport, ...] = ()


class Report(Frozen):
    """The readiness report.

    ``traces``: how the lines of each trace were used. ``modules``: the verdict on each, if there are several;
    ``level`` is then the worst of them, and the picture is of all.
    """

    schema_version: Literal[1] = REPORT_SCHEMA_VERSION
    title: str
    made_at: str = ""
    made_with: str = ""
    level: Level
    headline: str
    statuses: dict[CaseStatus, int] = {}
    runs: tuple[RunColumn, ...] = ()
    cases: tuple[CaseVerdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    steps: tuple[MigrationStep, ...] = ()
    engines: tuple[EngineVerdict, ...] = ()
    users: Users | None = None
    lists: tuple[ListReport, ...] = ()
    confidence: tuple[PolicyCoverage, ...] = ()
    test_next: tuple[tuple[str, float, int], ...] = ()
    """Functions that may suspend and were not observed: the probability (0 to 1), how many may with it."""
    picture: Picture = Picture()
    gain: Gain | None = None
    module: ModuleFacts | None = None
    other_modules: dict[str, int] = {}
    """If cases have several modules: how many cases each has, by hash."""
    sources: tuple[Source, ...] = ()
    traces: tuple[TraceUse, ...] = ()
    modules: tuple[ModuleVerdict, ...] = ()
    history: tuple[Point, ...] = ()
    changes: tuple[Change, ...] = ()
    compared_with: str = ""

    def working(self, backend: str) -> int:
        """Return how many cases work on a backend, on at least one engine."""
        return self._count(backend, lambda cell: cell.works)

    def meant(self, backend: str) -> int:
        """Return how many cases fail on a backend as expected."""
        return self._count(backend, lambda cell: cell.meant)

    def _count(self, backend: str, counts: Callable[[Cell], bool]) -> int:
        runs = {at for at, run in enumerate(self.runs) if run.backend == backend}
        return sum(any(counts(cell) and cell.run in runs for cell in case.cells) for case in self.cases)

    @property
    def point(self) -> Point:
        """The report as a point of the trend."""
        return Point(
            made_at=self.made_at,
            level=self.level,
            statuses=self.statuses,
            working={
                backend: self.working(backend)
                for backend in sorted({run.backend for run in self.runs if run.cases})
            },
            size_bytes=None if self.module is None else self.module.size_bytes,
        )
