"""The loop: see what waits, draw the lists, run on Asyncify with them; one round is the normal case."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stackswitch.backends.base import Backend, LoadedCase
from stackswitch.errors import ConfigError
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import PolicyName
from stackswitch.models.expect import ListName
from stackswitch.models.result import CaseResult, Observation
from stackswitch.suite.expectations import judge
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import observe_case

from .needs import Needs, drawn_names, evidence_of, merge_needs, needs_of_stacks
from .report import Edit, FixReport, Verdict
from .sources import ListSource, apply_lists, has_lists, own_source

DEFAULT_ROUNDS = 3
_LEFT_ALONE = ("needs-list-fix", "unsupported", "error")
"""A case that expects one of these of a backend is about just that: its lists for it are not touched."""


@dataclass
class _Seen:
    """What has been seen so far: names by source and list, with the cases that need each."""

    needs: defaultdict[int, Needs] = field(default_factory=lambda: defaultdict(dict))
    needed_by: defaultdict[tuple[int, ListName, str], set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    evidence: dict[tuple[int, bytes], Evidence] = field(default_factory=dict)
    observed: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, source: int, case_id: str, needs: Mapping[ListName, set[str] | tuple[str, ...]]) -> None:
        merge_needs(self.needs[source], needs)
        for which, names in needs.items():
            for name in names:
                self.needed_by[source, which, name].add(case_id)


class Fixer:
    """Draws and proves the lists of a suite, in memory.

    :param suite: the cases
    :param shared: a file whose lists hold for every case that has none of its own
    :param asyncify: the backend on which the lists are proved
    :param observer: one that shows stacks without rewriting (JSPI); None: Asyncify's own runs show them
    :param policy: how only-lists are drawn
    :param jobs: cases at a time
    :param timeout_s: the longest any case may take (seconds); None: as each case says
    :param on_result: told each result as it comes
    :param on_more: told how many results there will be in all, whenever that is more
    :param say: told what is being done
    :raises ConfigError: there is no list to fix
    :raises ListFileError: a list cannot be read
    """

    def __init__(
        self,
        suite: Suite,
        shared: ListSource | None,
        asyncify: Backend,
        observer: Backend | None = None,
        *,
        policy: PolicyName = "observed",
        jobs: int = 1,
        timeout_s: float | None = None,
        on_result: Callable[[CaseResult], None] | None = None,
        on_more: Callable[[int], None] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._asyncify = asyncify
        self._observer = observer
        self._policy: PolicyName = policy
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._on_result = on_result or (lambda _: None)
        self._on_more = on_more or (lambda _: None)
        self._runs = 0
        self._say = say or (lambda _: None)
        self._cases = suite.cases
        self._by_id = {each.case.id: each.case for each in suite.cases}
        self.sources: list[ListSource] = [] if shared is None else [shared]
        self._source_of: dict[str, int] = {}
        for loaded in suite.cases:
            if has_lists(loaded):
                path = suite.files[loaded.case.id]
                self._source_of[loaded.case.id] = len(self.sources)
                self.sources.append(own_source(path, path.read_bytes()))
            elif shared is not None:
                self._source_of[loaded.case.id] = 0
        if not self.sources:
            raise ConfigError(
                f"no case in {suite.folder} has a list of its own ([asyncify] only, …), and no file with one "
                "was given: say --list FILE"
            )
        self._seen = _Seen()

    async def check(self) -> FixReport:
        """Say whether the lists hold, and change nothing."""
        started = time.perf_counter()
        await self._observe()
        if self._draw():
            return self._report("falls-short", self._told_missing(), started, 0)
        results = await self._verify()
        if self._draw():
            return self._report("falls-short", self._told_missing(), started, 0, results)
        verdict, reason = self._verdict(results)
        return self._report(verdict, reason, started, 0, results)

    async def fix(self, rounds: int = DEFAULT_ROUNDS) -> FixReport:
        """Draw the lists and prove them.

        :param rounds: how often lists may be drawn and proved
        :raises ListFileError: a name cannot be said where its list lives
        """
        started = time.perf_counter()
        await self._observe()
        results = await self._verify() if self._observer is None else ()
        if not self._draw() and self._observer is None:
            verdict, reason = self._verdict(results)
            return self._report(verdict, reason, started, 1, results)
        for number in range(1, rounds + 1):
            results = await self._verify()
            if not self._draw():
                verdict, reason = self._verdict(results)
                return self._report(verdict, reason, started, number, results)
            if number < rounds:
                self._say(f"round {number}: the run has shown more names; drawing the lists again")
        reason = f"the run of round {rounds} still showed names that were missing: {self._told_missing()}"
        return self._report("out-of-rounds", reason, started, rounds, results)

    async def _observe(self) -> None:
        """Run the governed cases where nothing is rewritten, and take what is missing from their stacks."""
        observer = self._observer
        if observer is None:
            return
        cases = [each for each in self._cases if each.case.id in self._source_of and not each.problem]
        self._say(f"looking at the stacks of {len(cases)} cases on {observer.info.name}")
        for loaded, seen in await self._run(observer, cases):
            case = loaded.case
            source = self._source_of[case.id]
            if seen.status in ("unsupported", "error", "crashed"):
                continue
            self._seen.observed[observer.info.name] += 1
            if not self._left_alone(case.id, observer):
                told = {which: names for which, names in seen.missing.items() if which.startswith("JSPI_")}
                self._seen.note(source, case.id, told)
            if self._left_alone(case.id, self._asyncify) or case.asyncify.prebuilt or case.instances:
                continue
            self._seen.note(source, case.id, needs_of_stacks(loaded, seen.suspensions))
            self._keep_evidence(source, loaded, seen)

    async def _verify(self) -> tuple[CaseResult, ...]:
        """Run every case on Asyncify, with the lists as they now are; what is missing is noted."""
        backend = self._asyncify
        self._say(f"running {len(self._cases)} cases on {backend.info.name} with the lists")
        results = []
        for loaded, seen in await self._run(backend, self._cases):
            case = loaded.case
            results.append(judge(case, backend.info, seen))
            source = self._source_of.get(case.id)
            if source is None or self._left_alone(case.id, backend) or case.asyncify.prebuilt:
                continue
            if self._observer is None:
                self._seen.observed[backend.info.name] += 1
                self._keep_evidence(source, loaded, seen)
            self._seen.note(source, case.id, seen.missing)
        return tuple(results)

    def _keep_evidence(self, source: int, loaded: LoadedCase, seen: Observation) -> None:
        if self._policy == "observed":
            return
        key = (source, loaded.main)
        self._seen.evidence[key] = self._seen.evidence.get(key, Evidence()) | evidence_of(loaded, seen)

    def _draw(self) -> bool:
        """Put what is missing into the lists; whether that changed any."""
        before = [each.data for each in self.sources]
        for at, source in enumerate(self.sources):
            needs: Needs = {which: set(names) for which, names in self._seen.needs[at].items()}
            if self._policy != "observed" and "ASYNCIFY_ONLY" in source.variables:
                for (of, data), evidence in self._seen.evidence.items():
                    if of == at:
                        waiting = self._waiting(at, data)
                        drawn = drawn_names(data, self._policy, evidence, waiting)
                        needs.setdefault("ASYNCIFY_ONLY", set()).update(drawn)
            self.sources[at] = source.with_needs(needs)
        return before != [each.data for each in self.sources]

    def _waiting(self, source: int, data: bytes) -> set[str]:
        return {
            name
            for each in self._cases
            if self._source_of.get(each.case.id) == source and each.main == data
            for name in each.case.waiting_imports
        }

    def _left_alone(self, case_id: str, backend: Backend) -> bool:
        return self._by_id[case_id].expectations(backend.info)[0].outcome in _LEFT_ALONE

    async def _run(
        self, backend: Backend, cases: Sequence[LoadedCase]
    ) -> list[tuple[LoadedCase, Observation]]:
        """Run cases with the lists as they now are."""
        self._runs += len(cases)
        self._on_more(self._runs)
        slots = asyncio.Semaphore(self._jobs)
        lists = [each.lists for each in self.sources]

        async def one(loaded: LoadedCase) -> tuple[LoadedCase, Observation]:
            async with slots:
                source = self._source_of.get(loaded.case.id)
                current = loaded if source is None else apply_lists(loaded, lists[source])
                seen = await observe_case(current, backend, timeout_s=self._timeout_s)
                self._on_result(judge(current.case, backend.info, seen))
                return current, seen

        return list(await asyncio.gather(*map(one, cases)))

    def _verdict(self, results: Sequence[CaseResult]) -> tuple[Verdict, str]:
        """Judge a run after which no list changed."""
        failing = [each for each in results if not each.as_expected]
        if not failing:
            return "verified", ""
        short = [each for each in failing if each.outcome == "needs-list-fix"]
        if not short:
            told = [f"{each.case_id}: {each.outcome}: {each.detail}" for each in failing]
            return "fails-otherwise", "\n".join(told)
        return "no-progress", "\n".join(self._why_no_progress(each) for each in short)

    def _why_no_progress(self, result: CaseResult) -> str:
        told = "; ".join(f"{which}: {', '.join(names)}" for which, names in result.missing.items())
        source = self._source_of.get(result.case_id)
        if source is None:
            return f"{result.case_id}: {told}, and no list that is to be fixed holds for this case"
        there = self.sources[source]
        if self._by_id[result.case_id].asyncify.prebuilt:
            return f"{result.case_id}: {told}; its module is a build already: make it again with these"
        absent = [which for which in result.missing if which not in there.variables]
        if absent:
            wanted = " or ".join(absent)
            return f"{result.case_id}: {told}, and {there.path} has no list {wanted}: add an empty one"
        return f"{result.case_id}: {told}, which the list has, and the build does not"

    def _told_missing(self) -> str:
        told = []
        for edit in self._edits():
            what = "lacks" if edit.added else "has too much:"
            names = edit.added or edit.removed
            more = f" and {len(names) - 10} more" if len(names) > 10 else ""
            told.append(f"{edit.path}: {edit.list} {what} {', '.join(names[:10])}{more}")
        return "\n".join(told)

    def _edits(self) -> tuple[Edit, ...]:
        edits = []
        for at, source in enumerate(self.sources):
            if not source.changed:
                continue
            before, after = source.lists_before, source.lists
            for which in source.variables:
                added = tuple(sorted(set(after[which]) - set(before[which])))
                removed = tuple(sorted(set(before[which]) - set(after[which])))
                cases = {
                    name: tuple(sorted(self._seen.needed_by[at, which, name]))
                    for name in added
                    if self._seen.needed_by.get((at, which, name))
                }
                if added or removed:
                    edits.append(
                        Edit(path=str(source.path), list=which, added=added, removed=removed, needed_by=cases)
                    )
        return tuple(edits)

    def _report(
        self,
        verdict: Verdict,
        reason: str,
        started: float,
        rounds: int,
        results: tuple[CaseResult, ...] = (),
    ) -> FixReport:
        return FixReport(
            verdict=verdict,
            reason=reason,
            policy=self._policy,
            rounds=rounds,
            changed=any(each.changed for each in self.sources),
            edits=self._edits(),
            results=results,
            observed=dict(self._seen.observed),
            duration_s=round(time.perf_counter() - started, 3),
        )
