"""The analysis of a module as one model: ``analyze --json``."""

from __future__ import annotations

from typing import Literal

from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName

from .list_check import ListFinding

ANALYSIS_SCHEMA_VERSION = 1

ImportSource = Literal["given", "list", "trace", "build", "all"]
SOURCES: dict[ImportSource, str] = {
    "given": "as given",
    "list": "from the list's ASYNCIFY_IMPORTS",
    "trace": "seen waiting in the trace",
    "build": "read from the Asyncify build",
    "all": "nothing says which: all imported functions",
}


class PolicySize(Frozen):
    """How much a policy instruments; ``code_share`` of the bytes of function bodies, 0 to 1.

    ``predicted_size_bytes`` is an estimate, see ``GROWTH``.
    """

    policy: str
    functions: int
    code_bytes: int
    code_share: float
    predicted_size_bytes: int


class BringsIn(Frozen):
    """What all ways from ``functions`` functions to a wait go through.

    ``through``: a function, or the calls of a type through tables. ``callee``: the only call by which that
    one comes to a wait: without this one edge none of them would.
    """

    through: str
    functions: int
    code_bytes: int
    callee: str | None = None


class EffectOnPolicy(Frozen):
    """What an assertion changes in the list of a policy: functions, and the bytes of their bodies."""

    policy: str
    functions: int
    code_bytes: int


class AssertionEffect(Frozen):
    """An assertion of ``[lists]``: what ``never`` spares; what ``always`` adds that nothing else does."""

    kind: Literal["never", "always"]
    entry: str
    policies: tuple[EffectOnPolicy, ...]


class CoverageLeftOut(Frozen):
    """How many of the traces' cases a list covers that was computed without them.

    ``parts``: into so many parts the cases were put, to be left out in turn.
    """

    policy: str
    cases: int
    covered: int
    parts: int


class NextTest(Frozen):
    """A function that calls through a table and that no trace shows waiting: worth a case.

    ``chance``: how likely it is to wait, going by what was seen, 0 to 1. ``brings``: functions never seen
    that could wait with it: itself and its direct callers.
    """

    function: str
    chance: float
    brings: int


class WayStep(Frozen):
    """A function on a way, and how it is called: directly, through a table, by a reference."""

    function: str
    kind: Literal["direct", "indirect", "reference"]


class Way(Frozen):
    """Why a function may have to be instrumented: the shortest way from an export through it to a wait.

    ``reached`` empty: no export leads to it. ``waits`` empty: it leads to no wait, and need not be.
    ``frames_seen``: on how many suspension stacks of the trace it was.
    """

    function: str
    export: str | None
    reached: tuple[WayStep, ...]
    waits: tuple[WayStep, ...]
    frames_seen: int = 0


class CheckedList(Frozen):
    """A list held against the module."""

    list: ListName
    entries: int
    functions: int
    findings: tuple[ListFinding, ...] = ()


class SeenAgainstList(Frozen):
    """The only-list against the traces: what was on a stack and is not in it; how much in it never was."""

    missing: tuple[str, ...]
    never_seen: int


class BuildAgainstList(Frozen):
    """What an Asyncify build has instrumented, against what the list says."""

    instrumented: int
    not_listed: tuple[str, ...] = ()
    not_instrumented: tuple[str, ...] = ()


class Obstacle(Frozen):
    """What stands in a backend's way: the feature, where first, in how many functions."""

    backend: Literal["asyncify", "jspi"]
    feature: str
    text: str
    where: str
    count: int = 1


class Analysis(Frozen):
    """Everything that is said of a module."""

    schema_version: int = ANALYSIS_SCHEMA_VERSION
    module: str
    sha256: str
    size_bytes: int
    code_bytes: int
    functions: int
    named: int
    asyncified: bool
    imports: tuple[str, ...]
    imports_from: ImportSource
    policies: tuple[PolicySize, ...] = ()
    brings_in: tuple[BringsIn, ...] = ()
    lists: tuple[CheckedList, ...] = ()
    seen: SeenAgainstList | None = None
    build: BuildAgainstList | None = None
    assertions: tuple[AssertionEffect, ...] = ()
    left_out: tuple[CoverageLeftOut, ...] = ()
    test_next: tuple[NextTest, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    why: Way | None = None
    notes: tuple[str, ...] = ()
