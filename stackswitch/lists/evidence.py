"""What traces say about a module: the functions seen below a wait, and which of them called through a table.

An engine's stack may hold a frame that never was (speculative inlining of indirect calls), so each step of
a stack is compared with the module's own call at that offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stackswitch.models.trace import Suspension
from stackswitch.wasm.callgraph import CallGraph, call_sites

_NOTHING: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """What was seen; function indexes, imports counted.

    :ivar functions: on a stack between a promising export and a waiting import
    :ivar dispatchers: those among them whose call into the stack went through a table or a reference, or
        cannot be shown to be a direct one
    :ivar imports: the imported functions that waited
    :ivar truncated: how many stacks went on unseen
    """

    functions: frozenset[int] = _NOTHING
    dispatchers: frozenset[int] = _NOTHING
    imports: frozenset[int] = _NOTHING
    truncated: int = 0

    def __or__(self, other: Evidence) -> Evidence:
        """Put two together."""
        return Evidence(
            self.functions | other.functions,
            self.dispatchers | other.dispatchers,
            self.imports | other.imports,
            self.truncated + other.truncated,
        )


class EvidenceReader:
    """Reads stacks of one module; what it has found about a call it keeps."""

    def __init__(self, graph: CallGraph) -> None:
        self.graph = graph
        module = graph.module
        self._imports: dict[str, int] = {}
        for index, each in enumerate(module.function_imports()):
            self._imports.setdefault(each.full_name, index)
        self._sites: dict[int, dict[int, tuple[str, int]]] = {}

    def evidence(self, suspensions: Iterable[Suspension]) -> Evidence:
        """Gather what stacks show; frames with an index the module does not have are passed over.

        :raises WasmFormatError: a function's code is malformed
        """
        functions: set[int] = set()
        dispatchers: set[int] = set()
        imports: set[int] = set()
        truncated = 0
        for each in suspensions:
            callee = self._called(each)
            imports.update(at for at in (callee, self._imports.get(each.import_)) if at is not None)
            truncated += each.truncated
            for index, offset in self.real_frames(each):
                functions.add(index)
                if callee is None or self.call_kind(index, offset, callee) != "direct":
                    dispatchers.add(index)
                callee = index
        return Evidence(frozenset(functions), frozenset(dispatchers), frozenset(imports), truncated)

    def real_frames(self, suspension: Suspension) -> list[tuple[int, int]]:
        """Return a stack's frames (index, offset), innermost first, without those that cannot have been.

        A frame goes if its call cannot lead to the frame inside it and that of the frame outside it can.
        """
        count = self.graph.module.function_count
        frames = [(index, offset) for index, offset, _ in suspension.frames if index < count]
        callee = self._called(suspension)
        real: list[tuple[int, int]] = []
        for at, (index, offset) in enumerate(frames):
            outer = frames[at + 1] if at + 1 < len(frames) else None
            if (
                callee is not None
                and outer is not None
                and self.call_kind(index, offset, callee) is None
                and self.call_kind(*outer, callee) is not None
            ):
                continue
            real.append((index, offset))
            callee = index
        return real

    def _called(self, suspension: Suspension) -> int | None:
        """The import that the innermost frame calls, if it is known."""
        return self._imports.get(suspension.through or suspension.import_)

    def call_kind(self, caller: int, offset: int, callee: int) -> str | None:
        """Say how ``caller`` calls ``callee`` at an offset: ``direct``, ``indirect``, or (None) it cannot.

        With no offset (-1), or none of a call, any of the caller's calls may be meant; where a direct one
        and an indirect one come into question, it is ``indirect``.
        """
        graph = self.graph
        if caller < graph.module.imported_function_count:
            return None
        site = self._call_sites(caller).get(offset) if offset >= 0 else None
        if site is not None:
            kind, target = site
            if kind == "direct":
                return "direct" if target == callee else None
            return "indirect" if self._may_reach([target], callee) else None
        types = [*graph.indirect.get(caller, _NOTHING), *graph.call_ref.get(caller, _NOTHING)]
        if self._may_reach(types, callee):
            return "indirect"
        return "direct" if callee in graph.direct.get(caller, _NOTHING) else None

    def _may_reach(self, type_indexes: Sequence[int], callee: int) -> bool:
        # What the host has put into a table is not in ``address_taken``: the type alone decides.
        module = self.graph.module
        wanted = module.function_type(callee)
        return any(
            module.types[each] == wanted or callee in self.graph.functions_of_type(each)
            for each in type_indexes
        )

    def _call_sites(self, function: int) -> dict[int, tuple[str, int]]:
        known = self._sites.get(function)
        if known is None:
            known = self._sites[function] = {
                site.offset: ("direct" if site.kind in ("call", "return_call") else "indirect", site.target)
                for site in call_sites(self.graph.module, function)
            }
        return known
