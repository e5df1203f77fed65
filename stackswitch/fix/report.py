"""The report of a fix: the verdict, its reason, and every edit."""

from __future__ import annotations

from typing import Literal

from stackswitch.models.base import Frozen
from stackswitch.models.expect import ListName
from stackswitch.models.readiness import Proposal
from stackswitch.models.result import CaseResult
from stackswitch.models.trace import TrapCause
from stackswitch.models.trace_use import TraceUse

FIX_SCHEMA_VERSION = 1

Verdict = Literal[
    "verified",
    "covers-traces",
    "incomplete",
    "not-mended",
    "falls-short",
    "no-progress",
    "out-of-rounds",
    "fails-otherwise",
]
PROVED: tuple[Verdict, ...] = ("verified", "covers-traces")
"""The verdicts with exit code 0."""
VERDICTS: dict[Verdict, str] = {
    "verified": "verified",
    "covers-traces": "the build instruments every function on the stacks of the traces",
    "incomplete": "incomplete: not every line of the traces could be used",
    "not-mended": "the traces show a trap that no name in these lists fixes",
    "falls-short": "the lists fall short",
    "no-progress": "no progress",
    "out-of-rounds": "out of rounds",
    "fails-otherwise": "the lists are complete, and the suite fails for another reason",
}


class Edit(Frozen):
    """What changes in a list; ``needed_by``: the cases on whose stacks each added name was observed."""

    path: str
    list: ListName
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    needed_by: dict[str, tuple[str, ...]] = {}


class ListPolicy(Frozen):
    """How an only-list is computed, and why so."""

    path: str
    policy: str
    reason: str


class AssertionEffectOnLists(Frozen):
    """An assertion of the configuration, and what it changes in the computed lists.

    ``kind`` *never*: the functions that it removes, and the bytes of their bodies; *always*: those that
    nothing else adds.
    """

    kind: Literal["never", "always"]
    entry: str
    functions: int
    bytes: int


class ListCoverage(Frozen):
    """How far a list can be trusted: each case left out in turn, and the list computed from the others.

    ``cases``: those that waited; ``covered``: those whose functions were all in the list of the others;
    ``uncovered``: for each other case, the names that only it shows. ``groups``: with many cases, the number
    of parts that were left out in turn, instead of single cases. ``before``: those whose functions were all
    in the list as it was read. Names that stay of that list are in the lists of the others too.
    """

    path: str
    cases: int
    before: int = 0
    covered: int
    uncovered: dict[str, tuple[str, ...]] = {}
    groups: int | None = None


class UnfixedTrap(Frozen):
    """A trap of a trace that no name in the lists fixes: the engine's words, and why none does.

    ``missing``: names that would fix it, of lists that the file does not have. ``invoke``: the ``invoke_*``
    of Emscripten's glue that it is a matter of. ``count``: how often it is in the trace.
    """

    trace: str
    error: str
    message: str
    cause: TrapCause = ""
    why: str
    missing: dict[ListName, tuple[str, ...]] = {}
    invoke: str = ""
    count: int = 1


class TracedModule(Frozen):
    """A module that traces were read for, and the file of its list.

    ``stacks`` and ``waits``: at waits, as the traces count them; ``functions``: those on the stacks;
    ``imports``: those that waited, as far as they are known.
    """

    module: str
    sha256: str
    path: str
    stacks: int
    waits: int
    functions: int
    imports: tuple[str, ...] = ()


class FixReport(Frozen):
    """``fix --json``.

    ``verdict``:

    - *verified*: all cases ran as expected with the lists as they now are
    - *covers-traces*: nothing was run, and a build instruments all that the traces show
    - *incomplete*: the same, but lines of the traces could not be used (``traces``)
    - *not-mended*: the same, but no list can fix a trap (``traps``)
    - *falls-short*: with ``--check``, names are missing
    - *no-progress*: names do not fix what is missing; ``reason`` says why
    - *out-of-rounds*: each round showed more names
    - *fails-otherwise*: no name is missing, and cases fail

    ``policies``: how each only-list is computed. ``rounds``: how often lists were computed. ``results``: of
    the last run on Asyncify. ``observed``: cases by the backend on which their stacks were observed, or the
    number of ``traces``. ``build``: the command that was run. ``traces``: how the lines of each trace were
    used; ``modules``: what the traces say of each module. ``proposals``: commands that change JSPI builds
    where no list can help, or why there is none.
    """

    schema_version: int = FIX_SCHEMA_VERSION
    verdict: Verdict
    reason: str = ""
    policies: tuple[ListPolicy, ...] = ()
    rounds: int = 0
    changed: bool = False
    edits: tuple[Edit, ...] = ()
    results: tuple[CaseResult, ...] = ()
    observed: dict[str, int] = {}
    traces: tuple[TraceUse, ...] = ()
    modules: tuple[TracedModule, ...] = ()
    traps: tuple[UnfixedTrap, ...] = ()
    assertions: tuple[AssertionEffectOnLists, ...] = ()
    confidence: tuple[ListCoverage, ...] = ()
    notes: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    build: str | None = None
    duration_s: float = 0.0
