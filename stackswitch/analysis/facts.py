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
    "trace": "observed to wait in the trace",
    "build": "read from the Asyncify build",
    "all": "all imported functions, since nothing says which",
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


class Bottleneck(Frozen):
    """What all paths from ``functions`` functions to a wait go through.

    ``through``: a function, or the calls of a type through tables. ``callee``: the only call by which that
    one reaches a wait: without this one edge none of the functions would.
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
    """An assertion of ``[lists]``: what ``never`` removes; what ``always`` adds that nothing else does."""

    kind: Literal["never", "always"]
    entry: str
    policies: tuple[EffectOnPolicy, ...]


class CoverageLeftOut(Frozen):
    """How many of the traces' cases a list covers that was computed without them.

    ``parts``: how many parts the cases were divided into, each left out in turn.
    """

    policy: str
    cases: int
    covered: int
    parts: int


class NextTest(Frozen):
    """A function that calls through a table, and that no trace shows on a stack: worth a case.

    ``chance``: the estimated probability that it waits, 0 to 1. ``brings``: how many functions that no trace
    shows could wait with it: itself and its direct callers.
    """

    function: str
    chance: float
    brings: int


class WayStep(Frozen):
    """A function on a path, and how it is called: directly, through a table, by a reference."""

    function: str
    kind: Literal["direct", "indirect", "reference"]


class Way(Frozen):
    """Why a function may have to be instrumented: the shortest path from an export through it to a wait.

    ``reached`` empty: no export leads to it. ``waits`` empty: it leads to no wait, and need not be
    instrumented.
    ``frames_seen``: on how many suspension stacks of the trace it was.
    """

    function: str
    export: str | None
    reached: tuple[WayStep, ...]
    waits: tuple[WayStep, ...]
    frames_seen: int = 0


class CheckedList(Frozen):
    """A list compared with the module."""

    list: ListName
    entries: int
    functions: int
    findings: tuple[ListFinding, ...] = ()


class ObservedAndListed(Frozen):
    """The only-list compared with traces.

    ``missing``: functions on a stack that are not in it. ``never_seen``: how many in it were on no stack.
    """

    missing: tuple[str, ...]
    never_seen: int


class InstrumentedAndListed(Frozen):
    """What an Asyncify build has instrumented, compared with the list."""

    instrumented: int
    not_listed: tuple[str, ...] = ()
    not_instrumented: tuple[str, ...] = ()


class Obstacle(Frozen):
    """An obstacle to a backend: the feature, where it is used first, in how many functions."""

    backend: Literal["asyncify", "jspi"]
    feature: str
    text: str
    where: str
    count: int = 1


class Analysis(Frozen):
    """The analysis of a module."""

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
    brings_in: tuple[Bottleneck, ...] = ()
    lists: tuple[CheckedList, ...] = ()
    seen: ObservedAndListed | None = None
    build: InstrumentedAndListed | None = None
    assertions: tuple[AssertionEffect, ...] = ()
    left_out: tuple[CoverageLeftOut, ...] = ()
    test_next: tuple[NextTest, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    why: Way | None = None
    notes: tuple[str, ...] = ()
