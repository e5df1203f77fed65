"""The loop: see what waits, draw the lists, run on Asyncify with them; one round is the normal case."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from stackswitch.backends.base import Backend, LoadedCase
from stackswitch.errors import ConfigError, EngineError
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName
from stackswitch.models.result import CaseResult, Observation
from stackswitch.reports.text import counted
from stackswitch.suite.expectations import judge
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import observe_case

from .ledger import Ledger
from .report import FixReport, Verdict
from .seen import Stacks
from .sources import ListSource, apply_lists, has_lists, own_source
from .telling import told_shown, why_no_progress

DEFAULT_ROUNDS = 3
_LEFT_ALONE = ("needs-list-fix", "unsupported", "error")
"""A case that expects one of these of a backend is about just that: its lists for it are not touched."""

Rebuild = Callable[[Sequence[ListSource]], Awaitable[Suite]]
"""Writes the lists, has the modules built with them, and returns the suite as it then is."""


class Fixer:
    """Draws and proves the lists of a suite, in memory.

    :param suite: the cases
    :param shared: a file whose lists hold for every case that has none of its own
    :param asyncify: the backend on which the lists are proved
    :param observer: one that shows stacks without rewriting (JSPI); None: Asyncify's own runs show them
    :param policy: how only-lists are drawn; None: each as ``lists.default_policy`` says
    :param assertions: what the user says of functions
    :param minimise: take out what nothing rests on, once the lists are proved
    :param rebuild: what makes modules that are builds already again, where there are such
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
        policy: PolicyName | None = None,
        assertions: Assertions | None = None,
        minimise: bool = False,
        rebuild: Rebuild | None = None,
        jobs: int = 1,
        timeout_s: float | None = None,
        on_result: Callable[[CaseResult], None] | None = None,
        on_more: Callable[[int], None] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._asyncify = asyncify
        self._observer = observer
        self._minimises = minimise
        self._rebuild = rebuild
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._on_result = on_result or (lambda _: None)
        self._on_more = on_more or (lambda _: None)
        self._say = say or (lambda _: None)
        self._runs = 0
        self._observed: Counter[str] = Counter()
        self._cases = suite.cases
        self._by_id = {each.case.id: each.case for each in suite.cases}
        sources: list[ListSource] = [] if shared is None else [shared]
        self._source_of: dict[str, int] = {}
        for loaded in suite.cases:
            if has_lists(loaded):
                path = suite.files[loaded.case.id]
                self._source_of[loaded.case.id] = len(sources)
                sources.append(own_source(path, path.read_bytes()))
            elif shared is not None and not self._is_about_its_lists(loaded):
                self._source_of[loaded.case.id] = 0
        if not sources:
            raise ConfigError(
                f"no case in {suite.folder} has a list of its own ([asyncify] only, …), and no file with one "
                "was given: say --list FILE"
            )
        modules: list[list[bytes]] = [[] for _ in sources]
        for loaded in suite.cases:
            at = self._source_of.get(loaded.case.id)
            if at is not None and not loaded.problem:
                modules[at].append(loaded.main)
        self._ledger = Ledger(sources, modules, policy, assertions or Assertions())

    @property
    def sources(self) -> list[ListSource]:
        """The files with lists, as they are to be."""
        return self._ledger.sources

    async def check(self) -> FixReport:
        """Say whether the lists hold, and change nothing."""
        started = time.perf_counter()
        await self._observe()
        if self._ledger.draw():
            return self._report("falls-short", self._ledger.told_missing(), started, 0)
        results = await self._verify()
        if self._ledger.draw():
            return self._report("falls-short", self._ledger.told_missing(), started, 0, results)
        verdict, reason = self._verdict(results)
        return self._report(verdict, reason, started, 0, results)

    async def fix(self, rounds: int = DEFAULT_ROUNDS) -> FixReport:
        """Draw the lists and prove them.

        :param rounds: how often lists may be drawn and proved
        :raises ListFileError: a name cannot be said where its list lives
        :raises ConfigError: what is seen contradicts an assertion
        :raises ToolError: the build command failed
        """
        started = time.perf_counter()
        await self._observe()
        results: tuple[CaseResult, ...] = ()
        # Stacks of builds show only on Asyncify, where they run.
        if self._observer is None or (self._rebuild is not None and self._has_builds()):
            results = await self._verify()
        if not self._ledger.draw() and results:
            return await self._finish(results, started, 1, rounds)
        for number in range(1, rounds + 1):
            results = await self._verify(rebuilt=True)
            if not self._ledger.draw():
                return await self._finish(results, started, number, rounds)
            if number < rounds:
                self._ledger.notes.append(told_shown(number, results))
                self._say(f"{self._ledger.notes[-1]}; drawing the lists again")
        reason = (
            f"the run of round {rounds} still showed names that were missing: {self._ledger.told_missing()}"
        )
        return self._report("out-of-rounds", reason, started, rounds, results)

    async def _finish(
        self, results: tuple[CaseResult, ...], started: float, number: int, rounds: int
    ) -> FixReport:
        """Judge a run after which no list changed; take out what nothing rests on, and prove that too."""
        verdict, reason = self._verdict(results)
        if verdict != "verified" or not self._minimises or not self._ledger.minimise():
            return self._report(verdict, reason, started, number, results)
        for _ in range(rounds):
            results = await self._verify(rebuilt=True)
            if not self._ledger.draw():
                break
            self._ledger.notes.append(
                "a name that had been taken out was seen on a stack after all, and is back"
            )
        verdict, reason = self._verdict(results)
        return self._report(verdict, reason, started, number, results)

    def _has_builds(self) -> bool:
        return any(each.case.asyncify.prebuilt and each.case.id in self._source_of for each in self._cases)

    def _is_governed(self, loaded: LoadedCase) -> bool:
        """Whether names that a case lacks on Asyncify are to be added."""
        case = loaded.case
        return (
            case.id in self._source_of
            and not self._left_alone(case.id, self._asyncify)
            and (not case.asyncify.prebuilt or self._rebuild is not None)
        )

    async def _observe(self) -> None:
        """Run the governed cases where nothing is rewritten, and take what is missing from their stacks.

        :raises EngineError: none of them could be run, for trouble that is not the cases'
        """
        observer = self._observer
        if observer is None:
            return
        cases = [each for each in self._cases if each.case.id in self._source_of and not each.problem]
        self._say(f"looking at the stacks of {counted(len(cases), 'case')} on {observer.info.name}")
        lost: list[str] = []
        for loaded, seen in await self._run(observer, cases):
            case = loaded.case
            at = self._source_of[case.id]
            if seen.status == "error" and seen.problems:  # trouble of ours, not of the case
                lost.append(f"{case.id}: {seen.detail}")
            if seen.status in ("unsupported", "error", "crashed"):
                continue
            self._observed[observer.info.name] += 1
            if not self._left_alone(case.id, observer):
                told = {which: names for which, names in seen.missing.items() if which.startswith("JSPI_")}
                self._ledger.note(at, case.id, told)
            if self._is_governed(loaded) and not case.asyncify.prebuilt and not case.instances:
                self._ledger.take(at, _stacks(loaded, seen))
        if lost and not self._observed[observer.info.name]:
            raise EngineError(f"no case could be looked at on {observer.info.name}\n  {lost[0]}")
        if lost:
            count = f"{len(lost)} of {counted(len(cases), 'case')}"
            self._ledger.notes.append(f"{count} could not be looked at on {observer.info.name}: {lost[0]}")

    async def _verify(self, *, rebuilt: bool = False) -> tuple[CaseResult, ...]:
        """Run every case on Asyncify, with the lists as they now are; what is missing is noted.

        :param rebuilt: have the builds made again before
        """
        if rebuilt and self._rebuild is not None:
            self._cases = (await self._rebuild(self.sources)).cases
            self._by_id = {each.case.id: each.case for each in self._cases}
        backend = self._asyncify
        self._say(f"running {counted(len(self._cases), 'case')} on {backend.info.name} with the lists")
        results = []
        for loaded, seen in await self._run(backend, self._cases):
            results.append(judge(loaded.case, backend.info, seen))
            if not self._is_governed(loaded):
                continue
            at = self._source_of[loaded.case.id]
            if self._observer is None:
                self._observed[backend.info.name] += 1
            self._ledger.note(at, loaded.case.id, seen.missing)
            if loaded.case.instances:
                self._ledger.seen[at].blind.add(loaded.case.id)
            elif loaded.problem is None:
                self._ledger.take(at, _stacks(loaded, seen), lacking=False)
        return (*results, *await self._verify_jspi())

    async def _verify_jspi(self) -> tuple[CaseResult, ...]:
        """Run the cases whose lists for JSPI have changed there, too."""
        observer = self._observer
        if observer is None:
            return ()
        changed = {
            at
            for at, each in enumerate(self.sources)
            if each.changed
            and any(
                each.lists[which] != each.lists_before[which]
                for which in each.variables
                if which.startswith("JSPI_")
            )
        }
        cases = [each for each in self._cases if self._source_of.get(each.case.id) in changed]
        if not cases:
            return ()
        self._say(f"running {counted(len(cases), 'case')} on {observer.info.name} with the lists")
        seen = await self._run(observer, cases)
        return tuple(judge(loaded.case, observer.info, each) for loaded, each in seen)

    def _is_about_its_lists(self, loaded: LoadedCase) -> bool:
        """Whether a case without a list expects that to fall short: with one it would be another case."""
        expected = loaded.case.expectations(self._asyncify.info)[0].outcome
        return expected == "needs-list-fix"

    def _left_alone(self, case_id: str, backend: Backend) -> bool:
        return self._by_id[case_id].expectations(backend.info)[0].outcome in _LEFT_ALONE

    async def _run(
        self, backend: Backend, cases: Sequence[LoadedCase]
    ) -> list[tuple[LoadedCase, Observation]]:
        """Run cases with the lists as they now are."""
        self._runs += len(cases)
        self._on_more(self._runs)
        slots = asyncio.Semaphore(self._jobs)
        sources = self.sources

        async def one(loaded: LoadedCase) -> tuple[LoadedCase, Observation]:
            async with slots:
                at = self._source_of.get(loaded.case.id)
                current = loaded
                if at is not None:
                    current = apply_lists(loaded, sources[at].lists_for(loaded.case.waiting_imports))
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
        reasons = []
        for each in short:
            at = self._source_of.get(each.case_id)
            source = None if at is None else self.sources[at]
            case = self._by_id[each.case_id]
            reasons.append(why_no_progress(each, case, source, built=self._rebuild is not None))
        return "no-progress", "\n".join(reasons)

    def _report(
        self,
        verdict: Verdict,
        reason: str,
        started: float,
        rounds: int,
        results: tuple[CaseResult, ...] = (),
    ) -> FixReport:
        ledger = self._ledger
        return FixReport(
            verdict=verdict,
            reason=reason,
            policies=ledger.policies(),
            rounds=rounds,
            changed=any(each.changed for each in self.sources),
            edits=ledger.edits(),
            results=results,
            observed=dict(self._observed),
            assertions=ledger.savings(),
            confidence=ledger.confidence(),
            notes=tuple(dict.fromkeys(ledger.notes)),
            duration_s=round(time.perf_counter() - started, 3),
        )


def _stacks(loaded: LoadedCase, seen: Observation) -> Stacks:
    case = loaded.case
    return Stacks(case.id, loaded.main, case.asyncify, case.waiting_imports, seen.suspensions)
