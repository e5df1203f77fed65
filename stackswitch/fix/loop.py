"""The loop: gather stacks, update the lists, verify them; one round is the normal case."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .confidence import assertion_effects
from .evidence import EvidenceSource, FixRequest, Verification
from .list_state import ListState
from .messages import edits_of, missing_in, shown_by_round
from .report import FixReport, ListCoverage
from .sources import ListSource


@dataclass(frozen=True)
class FixResult:
    """The files with lists as they are to be written, and the report."""

    sources: tuple[ListSource, ...]
    report: FixReport


async def fix_lists(
    evidence: EvidenceSource, request: FixRequest, say: Callable[[str], None] = lambda _: None
) -> FixResult:
    """Complete lists, in memory, and verify them; with ``request.check``, only say whether they are complete.

    :param say: takes lines about what is being done
    :raises ConfigError: there is no evidence, or it contradicts an assertion
    :raises ListFileError: a name cannot be written where its list lives
    :raises EngineError: no case could be observed
    :raises ToolError: a build could not be made
    """
    started = time.perf_counter()
    loop = _Loop(evidence, request, say, started, await evidence.gather(request))
    report = await (loop.check() if request.check else loop.fix())
    return FixResult(tuple(each.source for each in loop.states), report)


@dataclass
class _Loop:
    _evidence: EvidenceSource
    _request: FixRequest
    _say: Callable[[str], None]
    _started: float
    states: list[ListState]
    _notes: list[str] = field(default_factory=list)
    _confidence: tuple[ListCoverage, ...] | None = None

    async def check(self) -> FixReport:
        changed = self._update()
        # Without a run, entries to remove are as certain as names to add.
        if self._request.minimise and not self._evidence.runs:
            self._minimise()
            changed = any(each.source.changed for each in self.states)
        if changed:
            return self._report(Verification("falls-short", self._missing()), 0)
        verification = await self._verify()
        if self._found_more():
            verification = replace(verification, verdict="falls-short", reason=self._missing())
        return self._report(verification, 0 if self._evidence.runs else 1)

    async def fix(self) -> FixReport:
        rounds, complete = self._request.rounds, self._evidence.complete
        first = await self._verify(rebuild=False) if self._evidence.runs_first else None
        changed = self._update()
        if self._request.minimise and complete:
            self._minimise()
        if first is not None and not changed:
            return await self._finish(first, 1)
        for number in range(1, rounds + 1):
            verification = await self._verify()
            if not self._found_more():
                return await self._finish(verification, number)
            if number < rounds:
                self._notes.append(shown_by_round(number, verification.results))
                self._say(f"{self._notes[-1]}; computing the lists again")
        reason = f"the run of round {rounds} still showed names that were missing: {self._missing()}"
        return self._report(Verification("out-of-rounds", reason, verification.results), rounds)

    async def _finish(self, verification: Verification, number: int) -> FixReport:
        """Report a run that showed no more names; first remove what no stack of it needs, and verify that."""
        removes = self._request.minimise and not self._evidence.complete
        if removes and verification.verdict == "verified" and self._minimise():
            for _ in range(self._request.rounds):
                verification = await self._verify()
                if not self._found_more():
                    break
                self._notes.append("a name that had been removed was then observed on a stack, and is back")
        return self._report(verification, number)

    async def _verify(self, *, rebuild: bool = True) -> Verification:
        verifying = self._evidence.verify(rebuild=rebuild)
        if not self._evidence.complete or self._confidence is not None:
            return await verifying
        # No run adds stacks, and at first a build has to be waited for.
        verification, self._confidence = await asyncio.gather(verifying, asyncio.to_thread(self._trust))
        return verification

    def _update(self) -> bool:
        return sum(each.update() for each in self.states) > 0

    def _found_more(self) -> bool:
        """Update the lists after a run; whether it showed names that they lacked."""
        return self._evidence.runs and self._update()

    def _minimise(self) -> bool:
        return sum(each.minimise() for each in self.states) > 0

    def _missing(self) -> str:
        return missing_in(edits_of(self.states))

    def _trust(self) -> tuple[ListCoverage, ...]:
        return tuple(found for each in self.states if (found := each.confidence()) is not None)

    def _report(self, verification: Verification, rounds: int) -> FixReport:
        states, summary = self.states, self._evidence.summary()
        notes = [*self._evidence.notes, *self._notes, *(note for each in states for note in each.notes)]
        return FixReport(
            **vars(verification),
            **vars(summary),
            policies=tuple(policy for each in states if (policy := each.policy()) is not None),
            rounds=rounds,
            changed=any(each.source.changed for each in states),
            edits=edits_of(states),
            assertions=assertion_effects([(each.evidence, each.choice().policy) for each in states]),
            confidence=self._trust() if self._confidence is None else self._confidence,
            notes=tuple(dict.fromkeys(notes)),
            build=None if self._request.check else self._request.build,
            duration_s=round(time.perf_counter() - self._started, 3),
        )
