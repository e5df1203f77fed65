"""Evidence from recorded traces: nothing runs, and lists are verified by what builds instrument."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stackswitch.analysis.trace_lines import TraceFile
from stackswitch.analysis.traces import GivenModule, UsedTrace, require_use, use_trace
from stackswitch.binaryen.asyncify import AsyncifyRequest
from stackswitch.lists.emscripten_imports import IMPORT_LISTS
from stackswitch.lists.policies import jspi_lists
from stackswitch.models.trace import Suspension
from stackswitch.reports.text import some
from stackswitch.transform.instrument import request_by_lists
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import Module, parse_module

from .evidence import EvidenceSummary, FixRequest, Verification
from .list_evidence import Stacks
from .list_state import ListState, list_states
from .messages import MOST_NAMES
from .needs import Needs, calls_of
from .report import TracedModule
from .sources import Lists, ListSource, asyncify_options
from .traps import unfixed_traps


@dataclass(frozen=True)
class TargetModule:
    """A module that lists are computed for.

    :ivar path: its name in messages
    :ivar module: as it was before any Asyncify
    :ivar source: the place of the file that its list is in
    :ivar named: the module with names from elsewhere, if it has none; same indexes
    """

    path: str
    module: Module
    source: int = 0
    named: bytes | None = field(default=None, repr=False)

    @property
    def data(self) -> bytes:
        """The bytes, with names."""
        return self.named or self.module.data


@dataclass(frozen=True)
class NamedBuild:
    """An Asyncify build, and its name in messages."""

    name: str
    module: Module


MakeBuilds = Callable[
    [Sequence[ListSource], Mapping[int, AsyncifyRequest]], Awaitable[Mapping[int, NamedBuild]]
]
"""Makes builds with the lists as they are to be. Requests and builds go by the place of their module; there
is a request for each module that a trace shows waiting.
"""


@dataclass
class TraceEvidence:
    """Compares traces with modules.

    :ivar sources: the files with lists
    :ivar targets: the modules that the lists are for; several may share a file
    """

    sources: Sequence[ListSource]
    targets: Sequence[TargetModule]
    files: Sequence[TraceFile]
    make_builds: MakeBuilds
    notes: list[str] = field(default_factory=list)
    _states: list[ListState] = field(default_factory=list)
    _traces: list[UsedTrace] = field(default_factory=list)
    _waiting: list[tuple[str, ...]] = field(default_factory=list)

    complete = True
    runs = False
    runs_first = False

    async def gather(self, request: FixRequest) -> list[ListState]:
        """Match the traces with the modules.

        :raises ConfigError: none says anything of the modules
        """
        places = range(len(self.sources))
        of = [[each.data for each in self.targets if each.source == at] for at in places]
        self._states = list_states(self.sources, of, request.policy, request.assertions)
        given = [
            GivenModule(each.module, each.path, binaryen_names(parse_module(each.data)))
            for each in self.targets
        ]
        self._traces = [use_trace(file, given) for file in self.files]
        require_use(self._traces, self.files, given)
        for at in range(len(self.targets)):
            stacks = self._suspensions(at)
            self._waiting.append(tuple(sorted({each.through or each.import_ for each in stacks})))
            for trace in self._traces:
                self._add(at, trace)
        return self._states

    def _suspensions(self, at: int) -> list[Suspension]:
        return [each for trace in self._traces for each in trace.modules[at].suspensions]

    def _state(self, at: int) -> ListState:
        return self._states[self.targets[at].source]

    def _lists(self, at: int) -> Lists:
        return self._state(at).source.lists_for(self.targets[at].module.import_names)

    def _add(self, at: int, trace: UsedTrace) -> None:
        """Add what a trace says of a module."""
        target, found, state = self.targets[at], trace.modules[at], self._state(at)
        name, options = trace.use.trace, asyncify_options(self._lists(at))
        stacks = Stacks(name, target.data, options, self._waiting[at], tuple(found.suspensions))
        needs = stacks.needs()
        self._leave_to_jspi(needs, state.source, found.suspensions)
        state.evidence.add_stacks(stacks)
        for which, names in jspi_lists(each for each in found.suspensions if not each.import_async).items():
            needs.setdefault(which, set()).update(names)
        for trap in found.traps:
            for which, names in trap.missing.items():
                if which.startswith("JSPI_"):
                    needs.setdefault(which, set()).update(names)
        in_file = {which: names for which, names in needs.items() if which in state.source.variables}
        state.evidence.add_needs(name, in_file)
        if trace.use.by_name and found.suspensions:
            self.notes.append(
                f"{name} was recorded on another build of {target.path}: its functions are matched by name"
            )

    def _leave_to_jspi(self, needs: Needs, source: ListSource, stacks: Sequence[Suspension]) -> None:
        """Leave ``ASYNCIFY_IMPORTS`` as it is if the file has JSPI's list too, and only a JSPI build waited.

        The Asyncify build need not have the import.
        """
        if not set(IMPORT_LISTS) <= set(source.variables):
            return
        on_asyncify = {each.through or each.import_ for each in stacks if each.backend == "asyncify"}
        left = needs.get("ASYNCIFY_IMPORTS", set()) - on_asyncify
        if left:
            needs["ASYNCIFY_IMPORTS"] -= left
            self.notes.append(
                f"{source.path}: {', '.join(sorted(left))} was not added to ASYNCIFY_IMPORTS: only a JSPI "
                "build waited there, and JSPI_IMPORTS is for that; trace the Asyncify build as well"
            )

    async def verify(self, *, rebuild: bool = True) -> Verification:
        """Compare builds with all stacks, function by function, by name."""
        del rebuild  # nothing runs, so no build of the user is run either
        requests = {
            at: request_by_lists(target.data, self._lists(at), self._waiting[at])
            for at, target in enumerate(self.targets)
            if self._functions(at)
        }
        gaps = []
        sources = [each.source for each in self._states]
        for at, build in (await self.make_builds(sources, requests)).items():
            names = binaryen_names(build.module)
            instrumented = {names[each] for each in instrumented_functions(build.module)}
            gap = sorted(self._functions(at) - instrumented)
            if gap:
                absent = len(set(gap) - set(names))
                why = f"; {absent} of them {'is' if absent == 1 else 'are'} not in it by that name"
                gaps.append(
                    f"{build.name} does not instrument {some(gap, MOST_NAMES)}{why if absent else ''}"
                )
        if gaps:
            return Verification("no-progress", "\n".join(gaps))
        if not all(each.use.complete for each in self._traces):
            return Verification("incomplete")
        return Verification("not-mended" if self.summary().traps else "covers-traces")

    def _functions(self, at: int) -> set[str]:
        """Return the functions of a module on the stacks of the traces."""
        data = self.targets[at].data
        return calls_of(data).index.defined(self._state(at).evidence.of_module(data).functions)

    def summary(self) -> EvidenceSummary:
        """Return what became of each trace, what they say of each module, and the traps that stay."""
        return EvidenceSummary(
            {"traces": len(self._traces)},
            traces=tuple(each.use for each in self._traces),
            modules=tuple(map(self._traced, range(len(self.targets)))),
            traps=unfixed_traps(self._traces, [self._state(at).source for at in range(len(self.targets))]),
        )

    def _traced(self, at: int) -> TracedModule:
        target, stacks = self.targets[at], self._suspensions(at)
        known = {each for each in self._waiting[at] if not each.startswith("?")}
        return TracedModule(
            module=target.path,
            sha256=target.module.sha256,
            path=str(self._state(at).source.path),
            stacks=len(stacks),
            waits=sum(each.count for each in stacks),
            functions=len(self._functions(at)),
            imports=tuple(sorted(known)),
        )
