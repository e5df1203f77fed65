"""Evidence from a suite of commands: they run on JSPI, then with the same glue on builds made by the list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from stackswitch.analysis.trace_lines import TraceFile, trace_of_lines
from stackswitch.analysis.traces import GivenModule, require_use, use_trace
from stackswitch.backends.base import CommandBackend, InstrumentedBackend, LoadedCommand
from stackswitch.errors import ConfigError
from stackswitch.models.result import CaseResult, CommandObservation
from stackswitch.models.trace_use import TraceUse
from stackswitch.reports.text import counted
from stackswitch.suite.command_expectations import judge_command
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import observe_command
from stackswitch.suite.services import RunningServices
from stackswitch.wasm.module import parse_module

from .evidence import EvidenceOptions, EvidenceSummary, FixRequest, Verification, judge_results
from .list_evidence import Stacks
from .list_state import ListState, list_states
from .messages import why_missing
from .sources import ListSource, asyncify_options
from .suite_evidence import NOT_FIXED

Proof = Literal["all", "cover"]
"""Which cases verify a list: all, or few on whose stacks every function of the others is found as well."""
_MOST_SHOWN = 5


@dataclass(frozen=True)
class RecordedTraces:
    """What earlier runs of commands have shown, by case, and the modules that they ran."""

    files: Mapping[str, TraceFile]
    modules: tuple[bytes, ...]


@dataclass
class CommandEvidence:
    """Runs the commands of a suite.

    :ivar source: the file with the list
    :ivar origin: where stacks come from: the backend on which the commands run unchanged, or traces; of
        the suite, only the cases that the traces are of are then run
    :ivar asyncify: the backend that makes builds by lists
    :ivar services: the suite's, which may still be about to start; can be awaited again and again
    :raises ConfigError: a build by such lists cannot be made
    """

    suite: Suite
    source: ListSource
    origin: CommandBackend | RecordedTraces
    asyncify: InstrumentedBackend
    services: Awaitable[RunningServices]
    proof: Proof = "all"
    options: EvidenceOptions = field(default_factory=EvidenceOptions)
    notes: list[str] = field(default_factory=list)
    _observed: dict[str, int] = field(default_factory=dict)
    _functions: dict[str, set[str]] = field(default_factory=dict)
    _left_out: dict[str, str] = field(default_factory=dict)
    _modules: Sequence[bytes] = ()
    _imports: tuple[str, ...] = ()
    _uses: tuple[TraceUse, ...] = ()
    _results: dict[str, CaseResult] = field(default_factory=dict)
    _states: list[ListState] = field(default_factory=list)

    complete = True
    runs = True
    runs_first = False

    def __post_init__(self) -> None:
        if "ASYNCIFY_ONLY" not in self.source.variables:
            what = "a build of commands is made by a list ASYNCIFY_ONLY: add an empty one"
            raise ConfigError(f"{self.source.path}: {what}")

    async def gather(self, request: FixRequest) -> list[ListState]:
        """Run the commands on JSPI, or take the traces instead.

        :raises ConfigError: nothing waited
        """
        traces = self.origin
        if isinstance(traces, RecordedTraces):
            self._observed = {"traces": len(traces.files)}
        else:
            traces = await self._observe(traces)
        # Stacks of thousands of commands take seconds, in which services are about to start.
        return await asyncio.to_thread(self._add, traces, request)

    async def _observe(self, observer: CommandBackend) -> RecordedTraces:
        """Run the commands where nothing is rewritten.

        A case that is not as expected there verifies nothing elsewhere, and is left out.
        """
        commands = self.suite.commands
        self.options.say(
            f"observing the stacks of {counted(len(commands), 'command')} on {observer.info.name}"
        )
        files: dict[str, TraceFile] = {}
        modules: dict[str, bytes] = {}
        for loaded, observation in await self._run(observer, commands):
            result = judge_command(loaded.case, observer.info, observation)
            if not result.as_expected:
                self._left_out[loaded.case.id] = f"{result.outcome}: {result.detail}"
            if observation.status in ("error", "unsupported"):
                continue
            stacks = observation.suspensions
            files[loaded.case.id] = trace_of_lines(loaded.case.id, (*stacks, *observation.traps))
            on_stacks = {owner for each in stacks for owner in (each.module, *each.frame_modules)}
            for sha256 in sorted(on_stacks - {*modules, ""}):
                data = observer.module(sha256)
                if data is not None:
                    modules[sha256] = data
        if files:
            self._observed = {observer.info.name: len(files)}
        if self._left_out:
            some = "; ".join(f"{case}: {why}" for case, why in list(self._left_out.items())[:_MOST_SHOWN])
            self.notes.append(
                f"not used to verify: {counted(len(self._left_out), 'case')} not as expected on "
                f"{observer.info.name}: {some}"
            )
        return RecordedTraces(files, tuple(modules.values()))

    def _add(self, traces: RecordedTraces, request: FixRequest) -> list[ListState]:
        """Add what traces show of their modules."""
        if not any(each.suspensions for each in traces.files.values()):
            raise ConfigError(
                "nothing was observed to wait, so there is no list to compute: is it a JSPI build that runs?"
            )
        self._modules = traces.modules
        self._states = list_states([self.source], [self._modules], request.policy, request.assertions)
        evidence = self._states[0].evidence
        given = [GivenModule(parse_module(data), self.suite.folder.name) for data in self._modules]
        self._imports = tuple(dict.fromkeys(name for each in given for name in each.module.import_names))
        used = [use_trace(file, given) for file in traces.files.values()]
        require_use(used, list(traces.files.values()), given)
        self._uses = tuple(each.use for each in used)
        options = asyncify_options(self.source.lists_for(self._imports))
        for case, trace in zip(traces.files, used, strict=True):
            names = self._functions.setdefault(case, set())
            for data, found in zip(self._modules, trace.modules, strict=True):
                if not found.suspensions:
                    continue
                waiting = tuple(sorted({each.through or each.import_ for each in found.suspensions}))
                stacks = Stacks(case, data, options, waiting, tuple(found.suspensions))
                evidence.add_needs(case, stacks.needs())
                evidence.add_stacks(stacks)
                names |= {name for each in stacks.suspensions for _, _, name in each.frames}
        return self._states

    async def verify(self, *, rebuild: bool = True) -> Verification:
        """Run the cases that verify on a build by the list as it now is."""
        del rebuild  # every run makes its build
        backend, source = self.asyncify, self._states[0].source
        backend.use(source.lists_for(self._imports))
        for module in self._modules:
            backend.prefetch(module)
        cases = self._cases()
        count = len(source.lists["ASYNCIFY_ONLY"])
        self.options.say(f"running {counted(len(cases), 'command')} on a build by {counted(count, 'name')}")
        for loaded, observation in await self._run(backend, cases):
            self._results[loaded.case.id] = judge_command(loaded.case, backend.info, observation)
            if loaded.case.expectation(backend.info).outcome not in NOT_FIXED:
                self._states[0].evidence.add_needs(loaded.case.id, observation.missing)
        results = [self._results[case] for case in sorted(self._results)]
        found = judge_results(results, lambda result: why_missing(result, source))
        if found.verdict == "verified" and not all(each.complete for each in self._uses):
            return Verification("incomplete", results=found.results)
        return found

    def summary(self) -> EvidenceSummary:
        """Return how many cases were observed, by backend, and what became of each line of their traces."""
        return EvidenceSummary(self._observed, traces=self._uses)

    def _cases(self) -> list[LoadedCommand]:
        """Return the cases to run."""
        if self._results:  # what was right with fewer names is right with more
            unsettled = {case for case, each in self._results.items() if not each.as_expected or each.missing}
            return [each for each in self.suite.commands if each.case.id in unsettled]
        cases = [
            each
            for each in self.suite.commands
            if each.case.id in self._functions and each.case.id not in self._left_out
        ]
        if self.proof == "all":
            return cases
        wanted = covering({each.case.id: self._functions[each.case.id] for each in cases})
        self.notes.append(
            f"verified by {len(wanted)} of {counted(len(cases), 'case')}, with every function of the others"
        )
        return [each for each in cases if each.case.id in wanted]

    async def _run(
        self, backend: CommandBackend, cases: Sequence[LoadedCommand]
    ) -> list[tuple[LoadedCommand, CommandObservation]]:
        options = self.options
        services = await self.services

        async def one(loaded: LoadedCommand) -> tuple[LoadedCommand, CommandObservation]:
            observation = await observe_command(loaded, backend, services, timeout_s=options.timeout_s)
            options.on_result(judge_command(loaded.case, backend.info, observation))
            return loaded, observation

        return await options.run(cases, one)


def covering(functions: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """Choose few cases that together show every function that any of them shows; greedily, the largest first.

    :param functions: by case, those on its stacks
    """
    left = {case: set(names) for case, names in functions.items()}
    uncovered: set[str] = set().union(*left.values()) if left else set()
    chosen: set[str] = set()
    while uncovered:
        best = max(sorted(left), key=lambda case: len(left[case] & uncovered))
        chosen.add(best)
        uncovered -= left.pop(best)
    return frozenset(chosen)
