"""Lists from traces: drawn without running anything, and held against builds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stackswitch.analysis.trace_lines import read_trace
from stackswitch.analysis.traces import GivenModule, UsedTrace, require_use, use_trace
from stackswitch.binaryen.asyncify import AsyncifyRequest, AsyncifyResult
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.emscripten_imports import IMPORT_LISTS
from stackswitch.lists.policies import PolicyName, jspi_lists
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.trace import Suspension
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.names import binaryen_names

from .ledger import Ledger
from .needs import Needs, facts_of
from .report import FixReport, ModuleSeen, Verdict
from .seen import Stacks
from .sources import Lists, ListSource
from .traps import traps_left

_MOST_NAMES = 10


class Pass(Protocol):
    """What instruments modules: ``binaryen.asyncify.Binaryen``."""

    async def asyncify(self, request: AsyncifyRequest) -> AsyncifyResult:
        """Instrument a module."""
        ...


@dataclass(frozen=True)
class Traced:
    """A module that lists are drawn for.

    :ivar path: what to call it
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


class TraceFixer:
    """Draws the lists in files from traces of modules.

    :param sources: the files
    :param modules: the modules that the lists are for; several may share a file
    :param traces: the traces' bytes, by what to call each
    :param minimise: take out what no trace shows
    :raises ConfigError: a trace is none, or none says anything of the modules; stacks contradict an assertion
    """

    def __init__(
        self,
        sources: Sequence[ListSource],
        modules: Sequence[Traced],
        traces: Mapping[str, bytes],
        *,
        policy: PolicyName | None = None,
        assertions: Assertions | None = None,
        minimise: bool = False,
    ) -> None:
        self._started = time.perf_counter()
        self._modules = modules
        self._minimises = minimise
        of = [[each.data for each in modules if each.source == at] for at in range(len(sources))]
        self._ledger = Ledger(sources, of, policy, assertions or Assertions())
        given = [
            GivenModule(each.module, each.path, binaryen_names(parse_module(each.data))) for each in modules
        ]
        files = [read_trace(data, name) for name, data in traces.items()]
        self._traces = [use_trace(file, given) for file in files]
        require_use(self._traces, files, given)
        self._waiting: list[tuple[str, ...]] = []
        for at in range(len(modules)):
            stacks = self._suspensions(at)
            self._waiting.append(tuple(sorted({each.through or each.import_ for each in stacks})))
            for trace in self._traces:
                self._take(at, trace)

    def _suspensions(self, at: int) -> list[Suspension]:
        return [each for trace in self._traces for each in trace.modules[at].suspensions]

    def _take(self, at: int, trace: UsedTrace) -> None:
        """Take what a trace says of a module."""
        traced, found = self._modules[at], trace.modules[at]
        name, source = trace.use.trace, self.sources[traced.source]
        lists = source.lists_for(_imports(traced.module))
        stacks = Stacks(name, traced.data, _options(lists), self._waiting[at], tuple(found.suspensions))
        needs = self._ledger.seen[traced.source].lacking(stacks)
        self._only_of_jspi(needs, source, found.suspensions)
        self._ledger.take(traced.source, stacks, lacking=False)
        of_jspi = jspi_lists(each for each in found.suspensions if not each.import_async)
        for which, names in of_jspi.items():
            needs.setdefault(which, set()).update(names)
        for trap in found.traps:
            for which, names in trap.missing.items():
                if which.startswith("JSPI_"):
                    needs.setdefault(which, set()).update(names)
        wanted = {which: names for which, names in needs.items() if which in lists}
        self._ledger.note(traced.source, name, wanted)
        if trace.use.by_name and found.suspensions:
            text = f"{name} was taken on another build of {traced.path}: its functions are matched by name"
            self._ledger.notes.append(text)

    def _only_of_jspi(self, needs: Needs, source: ListSource, stacks: Sequence[Suspension]) -> None:
        """Leave ``ASYNCIFY_IMPORTS`` as it is if the file has JSPI's list too, and only a JSPI build waited.

        The Asyncify build need not have the import.
        """
        if not set(IMPORT_LISTS) <= set(source.variables):
            return
        on_asyncify = {each.through or each.import_ for each in stacks if each.backend == "asyncify"}
        left = needs.get("ASYNCIFY_IMPORTS", set()) - on_asyncify
        if left:
            needs["ASYNCIFY_IMPORTS"] -= left
            self._ledger.notes.append(
                f"{source.path}: ASYNCIFY_IMPORTS was left without {', '.join(sorted(left))}: only a JSPI "
                "build was seen to wait there, which JSPI_IMPORTS is for; trace the Asyncify build as well"
            )

    @property
    def sources(self) -> list[ListSource]:
        """The files, as they are to be."""
        return self._ledger.sources

    def draw(self) -> bool:
        """Draw the lists; whether that changes any.

        :raises ListFileError: a name cannot be said where its list lives
        """
        self._ledger.draw()
        if self._minimises:
            self._ledger.minimise()
        return any(each.changed for each in self.sources)

    async def build(self, binaryen: Pass, at: int) -> Module:
        """Instrument a module with its lists as they now are."""
        traced = self._modules[at]
        lists = self.sources[traced.source].lists_for(_imports(traced.module))
        request = AsyncifyRequest(
            wasm=traced.data,
            imports=lists.get("ASYNCIFY_IMPORTS", self._waiting[at]),
            only=lists.get("ASYNCIFY_ONLY"),
            add=lists.get("ASYNCIFY_ADD"),
            remove=lists.get("ASYNCIFY_REMOVE"),
        )
        return parse_module((await binaryen.asyncify(request)).wasm)

    def falls_short(self) -> FixReport:
        """Report what the lists lack (``--check``)."""
        return self._report("falls-short", [self._ledger.told_missing()])

    @property
    def waiting(self) -> list[int]:
        """The places of the modules that a trace shows waiting: those to build."""
        return [at for at in range(len(self._modules)) if self._functions(at)]

    def _functions(self, at: int) -> set[str]:
        """Return the functions of a module on the stacks of the traces."""
        traced = self._modules[at]
        whole = self._ledger.seen[traced.source].whole()
        return facts_of(traced.data).names(whole[traced.data].functions) if traced.data in whole else set()

    def prove(self, builds: Mapping[int, Module], path: str = "") -> FixReport:
        """Hold builds against all stacks, function by function, by name.

        :param builds: by the place of their module
        :param path: of a build that was made elsewhere
        """
        gaps = []
        for at, build in builds.items():
            names = binaryen_names(build)
            instrumented = {names[each] for each in instrumented_functions(build)}
            gap = sorted(self._functions(at) - instrumented)
            if gap:
                what = path or f"the build of {self._modules[at].path} with these lists"
                more = f" and {len(gap) - _MOST_NAMES} more" if len(gap) > _MOST_NAMES else ""
                absent = len(set(gap) - set(names))
                why = f"; {absent} of them {'is' if absent == 1 else 'are'} not in it by that name"
                shown = ", ".join(gap[:_MOST_NAMES])
                gaps.append(f"{what} does not instrument {shown}{more}{why if absent else ''}")
        return self._report("no-progress" if gaps else "covers-traces", gaps)

    def _report(self, verdict: Verdict, reasons: Sequence[str]) -> FixReport:
        ledger = self._ledger
        left = traps_left(self._traces, [self.sources[each.source] for each in self._modules])
        if verdict == "covers-traces":
            if not all(each.use.complete for each in self._traces):
                verdict = "incomplete"
            elif left:
                verdict = "not-mended"
        return FixReport(
            verdict=verdict,
            reason="\n".join(reasons),
            policies=ledger.policies(),
            rounds=int(verdict != "falls-short"),
            changed=any(each.changed for each in self.sources),
            edits=ledger.edits(),
            observed={"traces": len(self._traces)},
            traces=tuple(each.use for each in self._traces),
            modules=tuple(map(self._seen, range(len(self._modules)))),
            traps=left,
            assertions=ledger.savings(),
            confidence=ledger.confidence(),
            notes=tuple(dict.fromkeys(ledger.notes)),
            duration_s=round(time.perf_counter() - self._started, 3),
        )

    def _seen(self, at: int) -> ModuleSeen:
        traced, stacks = self._modules[at], self._suspensions(at)
        known = {each for each in self._waiting[at] if not each.startswith("?")}
        return ModuleSeen(
            module=traced.path,
            sha256=traced.module.sha256,
            path=str(self.sources[traced.source].path),
            stacks=len(stacks),
            waits=sum(each.count for each in stacks),
            functions=len(self._functions(at)),
            imports=tuple(sorted(known)),
        )


def _imports(module: Module) -> list[str]:
    return [each.full_name for each in module.function_imports()]


def _options(lists: Lists) -> AsyncifyOptions:
    return AsyncifyOptions(
        only=lists.get("ASYNCIFY_ONLY"),
        add=lists.get("ASYNCIFY_ADD"),
        remove=lists.get("ASYNCIFY_REMOVE"),
        imports=lists.get("ASYNCIFY_IMPORTS"),
    )
