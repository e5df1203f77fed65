"""The loop for commands: see what waits on JSPI, draw the list, run the same glue on a build made by it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Literal

from stackswitch.analysis.trace_lines import TraceFile, trace_of_lines
from stackswitch.analysis.traces import GivenModule, require_use, use_trace
from stackswitch.backends.base import CommandBackend, InstrumentedBackend, LoadedCommand
from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.command import CommandCase
from stackswitch.models.result import CaseResult, CommandSeen
from stackswitch.models.trace_use import TraceUse
from stackswitch.reports.text import counted
from stackswitch.suite.command_expectations import judge_command
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import observe_command
from stackswitch.suite.services import RunningServices
from stackswitch.wasm.module import parse_module

from .ledger import Ledger
from .report import Confidence, FixReport, Verdict
from .seen import Stacks
from .sources import ListSource
from .telling import told_shown

Proof = Literal["all", "cover"]
"""Which cases prove a list: all, or few on whose stacks every function of the others is found as well."""
_LEFT_ALONE = ("needs-list-fix", "unsupported", "error")
_MOST_TOLD = 5
Found = Mapping[str, TraceFile]
"""What traces have shown, by case."""


class CommandFixer:
    """Draws the lists in a file from what a suite's commands show on JSPI, and proves them.

    :param source: the file
    :param suite: its commands
    :param proof: the backend that makes builds by lists
    :param services: the suite's, which may still be about to start; can be awaited again and again
    :param on_more: told how many results there will be in all, whenever that is more
    :raises ConfigError: a build by such lists cannot be made
    """

    def __init__(
        self,
        suite: Suite,
        source: ListSource,
        proof: InstrumentedBackend,
        services: Awaitable[RunningServices],
        *,
        policy: PolicyName | None = None,
        assertions: Assertions | None = None,
        minimise: bool = False,
        proves: Proof = "all",
        jobs: int = 1,
        timeout_s: float | None = None,
        on_result: Callable[[CaseResult], None] | None = None,
        on_more: Callable[[int], None] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        if "ASYNCIFY_ONLY" not in source.variables:
            what = "a build of commands is made by a list ASYNCIFY_ONLY: add an empty one"
            raise ConfigError(f"{source.path}: {what}")
        self._started = time.perf_counter()
        self._suite = suite
        self._source = source
        self._proof = proof
        self._services = services
        self._policy = policy
        self._assertions = assertions or Assertions()
        self._minimises = minimise
        self._proves = proves
        self._jobs = jobs
        self._timeout_s = timeout_s
        self._on_result = on_result or (lambda _: None)
        self._on_more = on_more or (lambda _: None)
        self._say = say or (lambda _: None)
        self._runs = 0
        self._observed: Counter[str] = Counter()
        self._notes: list[str] = []
        self._functions: dict[str, frozenset[str]] = {}
        self._left_out: dict[str, str] = {}
        self._modules: Sequence[bytes] = ()
        self._imports: tuple[str, ...] = ()
        self._uses: tuple[TraceUse, ...] = ()
        self._taken: frozenset[str] = frozenset()
        self._results: dict[str, CaseResult] = {}
        self._ledger: Ledger | None = None
        self._trust: tuple[Confidence, ...] | None = None

    @property
    def source(self) -> ListSource:
        """The file, as it is to be."""
        return self._source if self._ledger is None else self._ledger.sources[0]

    # --- what waits

    async def observe(self, observer: CommandBackend) -> None:
        """Run the commands where nothing is rewritten, and take their stacks.

        A case that is not as expected there proves nothing elsewhere, and is left out of the proof.
        """
        commands = counted(len(self._suite.commands), "command")
        self._say(f"looking at the stacks of {commands} on {observer.info.name}")
        found: dict[str, TraceFile] = {}
        modules: dict[str, bytes] = {}
        for loaded, seen in await self._run(observer, self._suite.commands):
            result = judge_command(loaded.case, observer.info, seen)
            if not result.as_expected:
                self._left_out[loaded.case.id] = f"{result.outcome}: {result.detail}"
            if seen.status in ("error", "unsupported"):
                continue
            self._observed[observer.info.name] += 1
            found[loaded.case.id] = trace_of_lines(loaded.case.id, (*seen.suspensions, *seen.traps))
            on_stacks = {owner for each in seen.suspensions for owner in (each.module, *each.frame_modules)}
            for sha256 in sorted(on_stacks - {*modules, ""}):
                data = observer.module(sha256)
                if data is not None:
                    modules[sha256] = data
        self.take(found, list(modules.values()))
        if self._left_out:
            some = "; ".join(f"{case}: {why}" for case, why in list(self._left_out.items())[:_MOST_TOLD])
            count = len(self._left_out)
            self._notes.append(
                f"not part of the proof: {count} case{'s' if count > 1 else ''}"
                f" not as expected on {observer.info.name}: {some}"
            )

    def take(self, found: Found, modules: Sequence[bytes]) -> None:
        """Take stacks that are there already, of these modules.

        Of the suite, only the cases that they are of are then run.

        :raises ConfigError: nothing waited; stacks contradict an assertion
        """
        if not any(each.suspensions for each in found.values()):
            raise ConfigError(
                "nothing was seen to wait, so there is no list to draw: is it a JSPI build that runs?"
            )
        self._taken = frozenset(found)
        if not self._observed:
            self._observed["traces"] = len(found)
        self._ledger = Ledger([self._source], [modules], self._policy, self._assertions)
        self._modules = modules
        given = [GivenModule(parse_module(data), self._suite.folder.name) for data in modules]
        self._imports = tuple(dict.fromkeys(name for each in given for name in each.imports))
        used = [use_trace(file, given) for file in found.values()]
        require_use(used, list(found.values()), given)
        self._uses = tuple(each.use for each in used)
        lists = self._source.lists_for(self._imports)
        options = AsyncifyOptions(only=lists.get("ASYNCIFY_ONLY"), imports=lists.get("ASYNCIFY_IMPORTS"))
        names: dict[str, set[str]] = {}
        for case, trace in zip(found, used, strict=True):
            for data, of in zip(modules, trace.modules, strict=True):
                stacks = tuple(of.suspensions)
                if stacks:
                    waiting = tuple(sorted({each.through or each.import_ for each in stacks}))
                    self._ledger.take(0, Stacks(case, data, options, waiting, stacks))
                    names.setdefault(case, set()).update(
                        name for each in stacks for _, _, name in each.frames
                    )
        self._functions = {case: frozenset(of_case) for case, of_case in names.items()}

    # --- drawing and proving

    async def check(self) -> FixReport:
        """Say whether the list holds, and change nothing."""
        ledger = self._drawn()
        if ledger.draw():
            return self._report("falls-short", ledger.told_missing(), 0)
        results = await self._verify()
        if ledger.draw():
            return self._report("falls-short", ledger.told_missing(), 0, results)
        return self._report(*self._verdict(results), 0, results)

    async def fix(self, rounds: int) -> FixReport:
        """Draw the list and prove it.

        :param rounds: how often it may be drawn and proved
        :raises ListFileError: a name cannot be said where the list lives
        """
        ledger = self._drawn()
        ledger.draw()
        if self._minimises:
            ledger.minimise()
        results: tuple[CaseResult, ...] = ()
        for number in range(1, rounds + 1):
            results = await self._verify()
            if not ledger.draw():
                return self._report(*self._verdict(results), number, results)
            if number < rounds:
                self._notes.append(told_shown(number, results))
                self._say(f"{self._notes[-1]}; drawing the list again")
        reason = f"round {rounds} still showed names that were missing: {ledger.told_missing()}"
        return self._report("out-of-rounds", reason, rounds, results)

    def _drawn(self) -> Ledger:
        assert self._ledger is not None, "nothing has been taken yet"
        return self._ledger

    async def _verify(self) -> tuple[CaseResult, ...]:
        """Run the cases of the proof on a build by the list as it now is; what is missing is noted."""
        backend, ledger = self._proof, self._drawn()
        backend.use(self.source.lists_for(self._imports))
        for module in self._modules:
            backend.ahead(module)
        cases = self._cases_of_proof()
        count = len(self.source.lists["ASYNCIFY_ONLY"])
        self._say(f"running {counted(len(cases), 'command')} on a build by {counted(count, 'name')}")
        # Meanwhile, for at first a build is waited for: it rests on the stacks that were taken, and no run
        # adds any.
        trust = asyncio.ensure_future(asyncio.to_thread(ledger.confidence)) if self._trust is None else None
        seen_of = await self._run(backend, cases)
        if trust is not None:
            self._trust = await trust
        for loaded, seen in seen_of:
            result = judge_command(loaded.case, backend.info, seen)
            self._results[loaded.case.id] = result
            if not self._left_alone(loaded.case):
                ledger.note(0, loaded.case.id, seen.missing)
        return tuple(self._results[case] for case in sorted(self._results))

    def _cases_of_proof(self) -> list[LoadedCommand]:
        if self._results:  # what was right with fewer names is right with more
            return [each for each in self._suite.commands if self._is_open(each.case.id)]
        cases = [
            each
            for each in self._suite.commands
            if each.case.id in self._taken and each.case.id not in self._left_out
        ]
        if self._proves == "all":
            return cases
        wanted = covering({each.case.id: self._functions.get(each.case.id, frozenset()) for each in cases})
        self._notes.append(
            f"proved by {len(wanted)} of {counted(len(cases), 'case')}, which show every function of the rest"
        )
        return [each for each in cases if each.case.id in wanted]

    def _is_open(self, case: str) -> bool:
        result = self._results.get(case)
        return result is not None and (not result.as_expected or bool(result.missing))

    def _left_alone(self, case: CommandCase) -> bool:
        return case.expectation(self._proof.info).outcome in _LEFT_ALONE

    async def _run(
        self, backend: CommandBackend, cases: Sequence[LoadedCommand]
    ) -> list[tuple[LoadedCommand, CommandSeen]]:
        self._runs += len(cases)
        self._on_more(self._runs)
        services = await self._services
        slots = asyncio.Semaphore(self._jobs)

        async def one(loaded: LoadedCommand) -> tuple[LoadedCommand, CommandSeen]:
            async with slots:
                seen = await observe_command(loaded, backend, services, timeout_s=self._timeout_s)
                self._on_result(judge_command(loaded.case, backend.info, seen))
                return loaded, seen

        running = [asyncio.ensure_future(one(each)) for each in cases]
        try:
            return list(await asyncio.gather(*running))
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    # --- telling

    def _verdict(self, results: Sequence[CaseResult]) -> tuple[Verdict, str]:
        """Judge a run after which the list did not change."""
        failing = [each for each in results if not each.as_expected]
        if not failing:
            return ("verified" if all(each.complete for each in self._uses) else "incomplete"), ""
        short = [each for each in failing if each.outcome == "needs-list-fix"]
        if not short:
            return "fails-otherwise", "\n".join(map(_told, failing))
        told = []
        for each in short:
            names = "; ".join(f"{which}: {', '.join(names)}" for which, names in each.missing.items())
            told.append(f"{each.case_id}: {names}, which the list has, and the build does not")
        return "no-progress", "\n".join(told)

    def _report(
        self, verdict: Verdict, reason: str, rounds: int, results: tuple[CaseResult, ...] = ()
    ) -> FixReport:
        ledger = self._drawn()
        return FixReport(
            verdict=verdict,
            reason=reason,
            policies=ledger.policies(),
            rounds=rounds,
            changed=self.source.changed,
            edits=ledger.edits(),
            results=results,
            observed=dict(self._observed),
            traces=self._uses,
            assertions=ledger.savings(),
            confidence=ledger.confidence() if self._trust is None else self._trust,
            notes=tuple(dict.fromkeys([*self._notes, *ledger.notes])),
            duration_s=round(time.perf_counter() - self._started, 3),
        )


def _told(each: CaseResult) -> str:
    return f"{each.case_id}: {each.outcome}: {each.detail}"


def covering(functions: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Choose few cases that together show every function that any of them shows; greedily, the largest first.

    :param functions: by case, those on its stacks
    """
    left = {case: set(names) for case, names in functions.items()}
    open_: set[str] = set().union(*left.values()) if left else set()
    chosen: set[str] = set()
    while open_:
        best = max(sorted(left), key=lambda case: len(left[case] & open_))
        chosen.add(best)
        open_ -= left.pop(best)
    return frozenset(chosen)
