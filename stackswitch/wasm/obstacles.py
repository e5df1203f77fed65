"""The obstacles to Asyncify in a module, for a set of imports that wait.

Found by trying each on Binaryen 132 (see ``tests/integration/wasm/test_asyncify_obstacles.py``):

- ``tail-call``: any ``return_call`` or ``return_call_indirect`` in the module is refused.
- Functions that the pass instruments (its *path*) are flattened, and that fails on ``try_table``
  (``exnref``) and on ``br_on_null``, ``br_on_non_null`` (``function-references``), ``br_on_cast`` (``gc``).
- ``reference-locals``: a function on the path with a reference among its results, a call there that may
  suspend and returns one, a reference in a local that is read after such a call (only then must it be
  saved). Refused too, and not found here: a reference that waits on the operand stack over such a call, or is
  the result of an ``if`` or of a ``try`` that such a call stands before or in.
- ``call-ref-suspension``: the pass does not follow ``call_ref``: it builds, and the result is wrong.
- ``catch-suspension``: a rewind can't enter a ``catch`` again; what suspends there traps.
- ``start-suspension``: nothing can call the start function a second time to rewind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from . import instructions as op
from .callgraph import CallGraph, call_sites
from .features import Place
from .instructions import Instruction, read_instructions
from .liveness import ReadsAfterCalls
from .module import FuncType, Module
from .scan import UNREAD, compile_collector, find_instructions
from .types import is_reference

_REFUSED = {
    op.TRY_TABLE: "exnref",
    op.THROW_REF: "exnref",
    op.BR_ON_NULL: "function-references",
    op.BR_ON_NON_NULL: "function-references",
    op.BR_ON_CAST: "gc",
    op.BR_ON_CAST_FAIL: "gc",
}
_REFUSED_OPCODES = frozenset(_REFUSED)
_CATCHES = frozenset({op.CATCH, op.CATCH_ALL})
_CATCH_WALK = frozenset({*op.BLOCKS, *_CATCHES, op.DELEGATE, op.END, op.CALL, op.CALL_INDIRECT})

Finding = tuple[str, Place]


def asyncify_path(graph: CallGraph, waiting: Collection[int], *, ignore_indirect: bool = False) -> set[int]:
    """Return the functions that Binaryen instruments without a list.

    That is: all from which a waiting import is reached by direct calls, and, to be safe, all with a
    ``call_indirect`` of any type; it ignores ``call_ref``.
    """
    seeds = set(waiting)
    if not ignore_indirect:
        seeds |= graph.indirect.keys()
    reached = graph.callers_reaching(seeds, through_indirect=False)
    return reached if ignore_indirect else reached | graph.indirect.keys()


def asyncify_obstacles(
    graph: CallGraph,
    waiting: Collection[int],
    *,
    instrumented: Collection[int] | None = None,
    ignore_indirect: bool = False,
) -> list[Finding]:
    """Return (feature out of ``models.features``, where) for all that Asyncify refuses or would break.

    :param waiting: the imports that may wait, by function index
    :param instrumented: the functions that a list instruments; None: those that the pass chooses by itself
    :param ignore_indirect: the option of the pass that no ``call_indirect`` suspends

    One finding a feature and function, in the order of the functions.

    :raises WasmFormatError: code is malformed
    """
    suspends = graph.callers_reaching(waiting, through_indirect=True) | set(waiting)
    path = asyncify_path(graph, waiting, ignore_indirect=ignore_indirect)
    chosen = path if instrumented is None else set(instrumented)
    module = graph.module
    search = _Search(graph, path | set(waiting), suspends)
    findings: dict[tuple[str, int | None], Place] = {}
    if module.start is not None and module.start in suspends:
        findings["start-suspension", module.start] = _start_place(module)
    for function in module.defined_functions:
        for feature, offset in search.at(function, on_path=function in chosen):
            findings.setdefault((feature, function), Place(function, offset))
    return [(feature, place) for (feature, _), place in findings.items()]


def _start_place(module: Module) -> Place:
    start = module.start
    if start is None or start < module.imported_function_count:
        return Place(start, module.section_offsets.get(8, 0))
    return Place(start, module.body_range(start)[0])


@dataclass
class _Search:
    """Searches one function after another.

    ``changes`` are the functions that may suspend according to the pass; it checks the state after calls of
    them. ``suspends`` are those that may suspend by the types of calls.
    """

    graph: CallGraph
    changes: Collection[int]
    suspends: Collection[int]
    types: dict[int, bool] = field(default_factory=dict)

    def at(self, function: int, *, on_path: bool) -> Iterator[tuple[str, int]]:
        graph = self.graph
        if function in graph.tail_callers:
            for site in call_sites(graph.module, function):
                if site.kind in ("return_call", "return_call_indirect"):
                    yield "tail-call", site.offset
                    break
        if function in graph.call_ref:
            yield from self._references_called(function)
        if on_path:
            yield from self._refused(function)
            yield from self._references_kept(function)
        if function in self.suspends:
            yield from self._in_catch(function)

    def _type_suspends(self, type_index: int) -> bool:
        """Whether a call through a table or a reference of this type may end in a wait."""
        known = self.types.get(type_index)
        if known is None:
            targets = self.graph.functions_of_type(type_index)
            known = self.types[type_index] = not targets.isdisjoint(self.suspends)
        return known

    def _references_called(self, function: int) -> Iterator[tuple[str, int]]:
        if not any(map(self._type_suspends, self.graph.call_ref[function])):
            return
        for site in call_sites(self.graph.module, function):
            if site.kind in ("call_ref", "return_call_ref") and self._type_suspends(site.target):
                yield "call-ref-suspension", site.offset

    def _found(self, function: int, opcodes: frozenset[int]) -> bool:
        """Whether one of these may be in a function: fast, and never wrong when it says no."""
        module = self.graph.module
        raw = set(compile_collector(opcodes).findall(module.data, *module.code_range(function)))
        return bool(raw - {b""}) or not raw.isdisjoint(UNREAD)

    def _refused(self, function: int) -> Iterator[tuple[str, int]]:
        if self._found(function, _REFUSED_OPCODES):
            module = self.graph.module
            for each in find_instructions(module.data, *module.code_range(function), _REFUSED_OPCODES):
                yield _REFUSED[each.opcode], each.offset

    def _in_catch(self, function: int) -> Iterator[tuple[str, int]]:
        if not self._found(function, _CATCHES):
            return
        module = self.graph.module
        catching: list[bool] = []
        for each in find_instructions(module.data, *module.code_range(function), _CATCH_WALK):
            if each.opcode in op.BLOCKS:
                catching.append(False)
            elif each.opcode in _CATCHES and catching:
                catching[-1] = True
            elif each.opcode in (op.END, op.DELEGATE) and catching:
                catching.pop()
            elif any(catching) and self._call_suspends(each):
                yield "catch-suspension", each.offset

    def _call_suspends(self, instruction: Instruction) -> bool:
        if instruction.opcode == op.CALL:
            return instruction.immediates[0] in self.suspends
        return self._type_suspends(instruction.immediates[0])

    def _references_kept(self, function: int) -> Iterator[tuple[str, int]]:
        module = self.graph.module
        declared = module.function_type(function)
        runs, start = module.locals_of(function)
        if any(map(is_reference, declared.results)):
            yield "reference-locals", start
        numbers = {index for index, each in enumerate(declared.params) if is_reference(each)}
        first = len(declared.params)
        for count, value_type in runs:
            if is_reference(value_type):
                numbers.update(range(first, first + count))
            first += count
        if not numbers and not self._calls_for_references(function):
            return
        reads = ReadsAfterCalls(numbers)
        for each in read_instructions(module.data, start, module.body_range(function)[1]):
            if self._call_changes(each):
                index = each.immediates[0]
                if self._returns_reference(
                    index if each.opcode == op.CALL_INDIRECT else module.function_types[index]
                ):
                    yield "reference-locals", each.offset
                reads.call()
            elif (offset := reads.step(each)) is not None:
                yield "reference-locals", offset

    def _calls_for_references(self, function: int) -> bool:
        module = self.graph.module
        types = {module.function_types[callee] for callee in self.graph.direct.get(function, ())}
        return any(map(self._returns_reference, types.union(self.graph.indirect.get(function, ()))))

    def _returns_reference(self, type_index: int) -> bool:
        declared = self.graph.module.types[type_index]
        return isinstance(declared, FuncType) and any(map(is_reference, declared.results))

    def _call_changes(self, instruction: Instruction) -> bool:
        if instruction.opcode == op.CALL:
            return instruction.immediates[0] in self.changes
        return instruction.opcode == op.CALL_INDIRECT
