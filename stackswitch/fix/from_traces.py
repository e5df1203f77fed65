"""Lists from traces: drawn without running anything, and held against a build."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Protocol

from stackswitch.analysis.traces import read_trace_lines, trace_of_module
from stackswitch.binaryen.asyncify import AsyncifyRequest, AsyncifyResult
from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName, jspi_lists
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.trace import Suspension
from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.module import Module, parse_module
from stackswitch.wasm.names import binaryen_names

from .ledger import Ledger
from .report import FixReport, Verdict
from .seen import Stacks
from .sources import Lists, ListSource


class Pass(Protocol):
    """What instruments modules: ``binaryen.asyncify.Binaryen``."""

    async def asyncify(self, request: AsyncifyRequest) -> AsyncifyResult:
        """Instrument a module."""
        ...


class TraceFixer:
    """Draws the lists in a file from traces of a module.

    :param source: the file
    :param module: the module that the lists are for: as it was before any Asyncify
    :param traces: the traces' bytes, by what to call each
    :param named: the module with names from elsewhere, if it has none; same indexes
    :param minimise: take out what no trace shows
    :raises ConfigError: a trace is none, or of another module; stacks contradict an assertion
    """

    def __init__(
        self,
        source: ListSource,
        module: Module,
        traces: Mapping[str, bytes],
        *,
        named: bytes | None = None,
        policy: PolicyName | None = None,
        assertions: Assertions | None = None,
        minimise: bool = False,
    ) -> None:
        self._started = time.perf_counter()
        self._data = named or module.data
        self._minimises = minimise
        self._ledger = Ledger([source], [[self._data]], policy, assertions or Assertions())
        found: dict[str, tuple[Suspension, ...]] = {}
        for name, data in traces.items():
            taken = trace_of_module(read_trace_lines(data, name), module, name)
            found[name] = taken.suspensions
            if taken.by_name:
                lost = f", {taken.lost} frames had none" if taken.lost else ""
                self._ledger.notes.append(
                    f"{name} was taken on another build of the module: its functions go by name{lost}"
                )
        self._every = tuple(each for stacks in found.values() for each in stacks)
        if not self._every:
            raise ConfigError(f"{', '.join(traces)}: no wait of this module is in there")
        lists = source.lists
        options, waiting = _options(lists), tuple(sorted({each.import_ for each in self._every}))
        for name, stacks in found.items():
            self._ledger.take(0, Stacks(name, self._data, options, waiting, stacks))
            needs = {which: set(names) for which, names in jspi_lists(stacks).items() if which in lists}
            self._ledger.note(0, name, needs)
        self._waiting = waiting

    @property
    def source(self) -> ListSource:
        """The file, as it is to be."""
        return self._ledger.sources[0]

    def draw(self) -> bool:
        """Draw the lists; whether that changes any.

        :raises ListFileError: a name cannot be said where its list lives
        """
        self._ledger.draw()
        if self._minimises:
            self._ledger.minimise()
        return self.source.changed

    async def build(self, binaryen: Pass) -> Module:
        """Instrument the module with the lists as they now are."""
        lists = self.source.lists
        request = AsyncifyRequest(
            wasm=self._data,
            imports=lists.get("ASYNCIFY_IMPORTS", self._waiting),
            only=lists.get("ASYNCIFY_ONLY"),
            add=lists.get("ASYNCIFY_ADD"),
            remove=lists.get("ASYNCIFY_REMOVE"),
        )
        return parse_module((await binaryen.asyncify(request)).wasm)

    def falls_short(self) -> FixReport:
        """Report what the lists lack (``--check``)."""
        return self._report("falls-short", self._ledger.told_missing())

    def prove(self, build: Module, path: str = "") -> FixReport:
        """Hold a build against all stacks, function by function, by name.

        :param path: of a build that was made elsewhere
        """
        names = binaryen_names(build)
        instrumented = {names[each] for each in instrumented_functions(build)}
        seen = self._ledger.seen[0].used.functions
        gap = sorted(seen - instrumented)
        if not gap:
            return self._report("covers-traces", "")
        what = path or "the build with these lists"
        told = f"{', '.join(gap[:10])}" + (f" and {len(gap) - 10} more" if len(gap) > 10 else "")
        absent = set(gap) - set(names)
        why = f"; {len(absent)} of them are not in it by that name" if absent else ""
        return self._report("no-progress", f"{what} does not instrument {told}{why}")

    def _report(self, verdict: Verdict, reason: str) -> FixReport:
        ledger = self._ledger
        return FixReport(
            verdict=verdict,
            reason=reason,
            policies=ledger.policies(),
            rounds=int(verdict != "falls-short"),
            changed=self.source.changed,
            edits=ledger.edits(),
            observed={"traces": len(self._every)},
            assertions=ledger.savings(),
            confidence=ledger.confidence(),
            notes=tuple(dict.fromkeys(ledger.notes)),
            duration_s=round(time.perf_counter() - self._started, 3),
        )


def _options(lists: Lists) -> AsyncifyOptions:
    return AsyncifyOptions(
        only=lists.get("ASYNCIFY_ONLY"),
        add=lists.get("ASYNCIFY_ADD"),
        remove=lists.get("ASYNCIFY_REMOVE"),
        imports=lists.get("ASYNCIFY_IMPORTS"),
    )
