"""The request to the loop, and the protocol of what gives it evidence: a suite, or traces."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName
from stackswitch.models.result import CaseResult
from stackswitch.models.trace_use import TraceUse
from stackswitch.suite.runner import gather_all

from .list_state import ListState
from .report import TracedModule, UnfixedTrap, Verdict

DEFAULT_ROUNDS = 3
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class FixRequest:
    """How lists are computed and verified.

    :ivar policy: how only-lists are computed; None: each as ``lists.default_policy`` chooses
    :ivar assertions: what the user asserts of functions
    :ivar minimise: remove entries that no observed stack needs
    :ivar check: change nothing: say whether the lists are complete
    :ivar rounds: how often lists may be computed and verified
    :ivar build: the command that makes builds with new lists, for the report
    """

    policy: PolicyName | None = None
    assertions: Assertions = field(default_factory=Assertions)
    minimise: bool = False
    check: bool = False
    rounds: int = DEFAULT_ROUNDS
    build: str | None = None


def _ignore(_: object) -> None:
    """Do nothing: the default of callbacks."""


@dataclass(frozen=True)
class EvidenceOptions:
    """How the cases of a suite are run.

    :ivar jobs: cases at a time
    :ivar timeout_s: the longest any case may take (seconds); None: as each case says
    :ivar on_result: called with each result as it comes
    :ivar on_more: called with a number of results that will come, in addition to earlier ones
    :ivar say: called with a line about what is being done
    """

    jobs: int = 1
    timeout_s: float | None = None
    on_result: Callable[[CaseResult], None] = _ignore
    on_more: Callable[[int], None] = _ignore
    say: Callable[[str], None] = _ignore

    async def run(self, cases: Sequence[Item], run: Callable[[Item], Awaitable[Result]]) -> list[Result]:
        """Run cases, a few at a time; the first that raises ends the others."""
        self.on_more(len(cases))
        slots = asyncio.Semaphore(self.jobs)

        async def one(case: Item) -> Result:
            async with slots:
                return await run(case)

        return await gather_all([one(each) for each in cases])


@dataclass(frozen=True)
class Verification:
    """The judgement on lists as they were when they were verified, if nothing more is found missing.

    :ivar reason: a line for each thing that went wrong
    :ivar results: of the cases that were run
    """

    verdict: Verdict
    reason: str = ""
    results: tuple[CaseResult, ...] = ()


@dataclass(frozen=True)
class EvidenceSummary:
    """What the evidence was, for the report: see ``FixReport`` for each field."""

    observed: dict[str, int]
    traces: tuple[TraceUse, ...] = ()
    modules: tuple[TracedModule, ...] = ()
    traps: tuple[UnfixedTrap, ...] = ()


class EvidenceSource(Protocol):
    """Where stacks come from, and what lists are verified on.

    :ivar notes: remarks for the report
    """

    notes: list[str]

    @property
    def runs(self) -> bool:
        """Whether ``verify`` runs the program: only then are there rounds."""
        ...

    @property
    def complete(self) -> bool:
        """Whether ``gather`` has collected all stacks; else runs on Asyncify show stacks as well."""
        ...

    @property
    def runs_first(self) -> bool:
        """Whether some stacks only show in a run on Asyncify, before any list changes."""
        ...

    async def gather(self, request: FixRequest) -> list[ListState]:
        """Collect the stacks that can be observed before the lists are verified.

        :raises ConfigError: nothing was observed; stacks contradict an assertion
        :raises ListFileError: a file was read as a list and names no function of its modules
        """
        ...

    async def verify(self, *, rebuild: bool = True) -> Verification:
        """Try the lists as they now are; names that are found missing go to their states.

        :param rebuild: have builds of the user made again before
        :raises ToolError: a build could not be made
        """
        ...

    def summary(self) -> EvidenceSummary:
        """Return what the evidence was, and what it says of the lists as they now are."""
        ...


def judge_results(results: Sequence[CaseResult], why_missing: Callable[[CaseResult], str]) -> Verification:
    """Judge a run after which no list changed.

    :param why_missing: says why names that a result lacks are still missing
    """
    failing = [each for each in results if not each.as_expected]
    if not failing:
        return Verification("verified", results=tuple(results))
    missing = [each for each in failing if each.outcome == "needs-list-fix"]
    if missing:
        return Verification("no-progress", "\n".join(map(why_missing, missing)), tuple(results))
    reasons = [f"{each.case_id}: {each.outcome}: {each.detail}" for each in failing]
    return Verification("fails-otherwise", "\n".join(reasons), tuple(results))
