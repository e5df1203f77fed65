"""Evidence from a suite of cases that call exports: run on an observer, and on Asyncify with the lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from stackswitch.backends.base import Backend, LoadedCase
from stackswitch.errors import ConfigError, EngineError
from stackswitch.models.expect import ListName
from stackswitch.models.result import CaseResult, Observation
from stackswitch.reports.text import counted
from stackswitch.suite.expectations import judge
from stackswitch.suite.loader import Suite
from stackswitch.suite.runner import observe_case

from .evidence import EvidenceOptions, EvidenceSummary, FixRequest, Verification, judge_results
from .list_evidence import Stacks
from .list_state import ListState, list_states
from .messages import why_missing
from .sources import ListSource, apply_lists, has_lists, own_source

NOT_FIXED = ("needs-list-fix", "unsupported", "error")
"""A case that expects one of these of a backend tests just that: nothing is added for it."""

Rebuild = Callable[[Sequence[ListSource]], Awaitable[Suite]]
"""Writes the lists, has the modules built with them, and returns the suite as it then is."""


class SuiteEvidence:
    """Runs the cases of a suite.

    :param suite: the cases
    :param shared: a file whose lists are for every case that has none of its own
    :param asyncify: the backend on which the lists are verified
    :param observer: one that shows stacks without rewriting (JSPI); None: Asyncify's own runs show them
    :param rebuild: makes the modules that are Asyncify builds of the user again, where there are such
    :raises ConfigError: there is no list to fix
    :raises ListFileError: a list cannot be read
    """

    complete = False
    runs = True

    def __init__(
        self,
        suite: Suite,
        shared: ListSource | None,
        asyncify: Backend,
        observer: Backend | None = None,
        *,
        rebuild: Rebuild | None = None,
        options: EvidenceOptions | None = None,
    ) -> None:
        self._options = options or EvidenceOptions()
        self._asyncify = asyncify
        self._observer = observer
        self._rebuild = rebuild
        self._observed: Counter[str] = Counter()
        self.notes: list[str] = []
        self._cases = suite.cases
        self._by_id = {each.case.id: each.case for each in suite.cases}
        self._sources: list[ListSource] = [] if shared is None else [shared]
        self._source_of: dict[str, int] = {}
        for loaded in suite.cases:
            if has_lists(loaded):
                path = suite.files[loaded.case.id]
                self._source_of[loaded.case.id] = len(self._sources)
                self._sources.append(own_source(path, path.read_bytes()))
            elif shared is not None and self._expected(loaded.case.id, asyncify) != "needs-list-fix":
                # One that expects names to be missing would be another case with a list.
                self._source_of[loaded.case.id] = 0
        if not self._sources:
            raise ConfigError(
                f"no case in {suite.folder} has a list of its own ([asyncify] only, …), and no file with one "
                "was given: say --list FILE"
            )
        self._states: list[ListState] = []

    @property
    def runs_first(self) -> bool:
        """Whether stacks show on Asyncify alone: those of builds, or all without an observer."""
        builds = any(each.case.asyncify.prebuilt and each.case.id in self._source_of for each in self._cases)
        return self._observer is None or (self._rebuild is not None and builds)

    async def gather(self, request: FixRequest) -> list[ListState]:
        """Run the cases that have a list on the observer.

        :raises EngineError: none of them could be run, and the cases are not the reason
        """
        modules: list[list[bytes]] = [[] for _ in self._sources]
        for loaded in self._cases:
            if loaded.case.id in self._source_of and not loaded.problem:
                modules[self._source_of[loaded.case.id]].append(loaded.main)
        self._states = list_states(self._sources, modules, request.policy, request.assertions)
        observer = self._observer
        if observer is None:
            return self._states
        cases = [each for each in self._cases if each.case.id in self._source_of and not each.problem]
        self._options.say(f"observing the stacks of {counted(len(cases), 'case')} on {observer.info.name}")
        lost: list[str] = []
        for loaded, observation in await self._run(observer, cases):
            if observation.status == "error" and observation.problems:  # trouble of ours, not of the case
                lost.append(f"{loaded.case.id}: {observation.detail}")
            if observation.status not in ("unsupported", "error", "crashed"):
                self._observed[observer.info.name] += 1
                self._add(loaded, observation, observer)
        if lost and not self._observed[observer.info.name]:
            raise EngineError(f"no case could be observed on {observer.info.name}\n  {lost[0]}")
        if lost:
            count = f"{len(lost)} of {counted(len(cases), 'case')}"
            self.notes.append(f"{count} could not be observed on {observer.info.name}: {lost[0]}")
        return self._states

    def _add(self, loaded: LoadedCase, observation: Observation, observer: Backend) -> None:
        """Add what a run on the observer shows."""
        case = loaded.case
        evidence = self._states[self._source_of[case.id]].evidence
        if self._expected(case.id, observer) not in NOT_FIXED:
            of_jspi: Mapping[ListName, Sequence[str]] = {
                which: names for which, names in observation.missing.items() if which.startswith("JSPI_")
            }
            evidence.add_needs(case.id, of_jspi)
        if self._is_fixed(loaded) and not case.asyncify.prebuilt and not case.instances:
            stacks = _stacks(loaded, observation)
            evidence.add_needs(case.id, stacks.needs())
            evidence.add_stacks(stacks)

    async def verify(self, *, rebuild: bool = True) -> Verification:
        """Run every case on Asyncify with the lists, and on JSPI those whose lists for JSPI have changed."""
        if rebuild and self._rebuild is not None:
            self._cases = (await self._rebuild([each.source for each in self._states])).cases
            self._by_id = {each.case.id: each.case for each in self._cases}
        results = []
        for loaded, observation in await self._run_with_lists(self._asyncify, self._cases):
            results.append(judge(loaded.case, self._asyncify.info, observation))
            if not self._is_fixed(loaded):
                continue
            if self._observer is None:
                self._observed[self._asyncify.info.name] += 1
            evidence = self._states[self._source_of[loaded.case.id]].evidence
            evidence.add_needs(loaded.case.id, observation.missing)
            if loaded.case.instances:
                evidence.mixed.add(loaded.case.id)
            elif loaded.problem is None:
                evidence.add_stacks(_stacks(loaded, observation))
        observer = self._observer
        changed = {at for at, each in enumerate(self._states) if each.source.changed_of_jspi}
        cases = [each for each in self._cases if self._source_of.get(each.case.id) in changed]
        if observer is not None and cases:
            for loaded, observation in await self._run_with_lists(observer, cases):
                results.append(judge(loaded.case, observer.info, observation))
        return judge_results(results, self._why_missing)

    def summary(self) -> EvidenceSummary:
        """Return how many cases were observed, by backend."""
        return EvidenceSummary(dict(self._observed))

    def _expected(self, case_id: str, backend: Backend) -> str:
        return self._by_id[case_id].expectations(backend.info)[0].outcome

    def _is_fixed(self, loaded: LoadedCase) -> bool:
        """Whether names that a case lacks on Asyncify are to be added."""
        return (
            loaded.case.id in self._source_of
            and self._expected(loaded.case.id, self._asyncify) not in NOT_FIXED
            and (not loaded.case.asyncify.prebuilt or self._rebuild is not None)
        )

    def _why_missing(self, result: CaseResult) -> str:
        at = self._source_of.get(result.case_id)
        source = None if at is None else self._states[at].source
        prebuilt = self._by_id[result.case_id].asyncify.prebuilt
        return why_missing(result, source, prebuilt=prebuilt, built=self._rebuild is not None)

    async def _run_with_lists(
        self, backend: Backend, cases: Sequence[LoadedCase]
    ) -> list[tuple[LoadedCase, Observation]]:
        self._options.say(f"running {counted(len(cases), 'case')} on {backend.info.name} with the lists")
        return await self._run(backend, cases)

    async def _run(
        self, backend: Backend, cases: Sequence[LoadedCase]
    ) -> list[tuple[LoadedCase, Observation]]:
        """Run cases with the lists as they now are."""

        async def one(loaded: LoadedCase) -> tuple[LoadedCase, Observation]:
            at = self._source_of.get(loaded.case.id)
            if at is not None:
                lists = self._states[at].source.lists_for(loaded.case.waiting_imports)
                loaded = apply_lists(loaded, lists)
            observation = await observe_case(loaded, backend, timeout_s=self._options.timeout_s)
            self._options.on_result(judge(loaded.case, backend.info, observation))
            return loaded, observation

        return await self._options.run(cases, one)


def _stacks(loaded: LoadedCase, observation: Observation) -> Stacks:
    case = loaded.case
    return Stacks(case.id, loaded.main, case.asyncify, case.waiting_imports, tuple(observation.suspensions))
