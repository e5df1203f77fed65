"""Who calls whom: directly, through tables by type, through references, and by tail calls.

One pass of the fast scanner over all bodies. ``call_sites`` gives the places in one function.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Literal, NamedTuple, NoReturn

from stackswitch.errors import WasmFormatError

from . import instructions as op
from .adjacency import Adjacency, EdgeSets
from .module import Module
from .reader import Reader
from .scan import UNREAD, compile_collector, find_instructions
from .types import FuncType, is_reference

CallKind = Literal[
    "call", "call_indirect", "call_ref", "return_call", "return_call_indirect", "return_call_ref"
]
_KINDS: dict[int, CallKind] = {
    op.CALL: "call",
    op.CALL_INDIRECT: "call_indirect",
    op.CALL_REF: "call_ref",
    op.RETURN_CALL: "return_call",
    op.RETURN_CALL_INDIRECT: "return_call_indirect",
    op.RETURN_CALL_REF: "return_call_ref",
}
_DIRECT: tuple[CallKind, ...] = ("call", "return_call")
_NOTHING: frozenset[int] = frozenset()
# A packed find is its place here (0, a plain call, by far the most frequent) above 32 bits of index.
_OPCODES = (*_KINDS, op.REF_FUNC)
_TAIL_CALLS = (op.RETURN_CALL, op.RETURN_CALL_INDIRECT, op.RETURN_CALL_REF)
_OTHERS = frozenset(_OPCODES[1:])
_PLACE = {opcode: place for place, opcode in enumerate(_OPCODES)}
_CALLS = frozenset(_KINDS)
_COLLECTED = frozenset(_OPCODES)


class CallSite(NamedTuple):
    """A call: its instruction's offset in the module, its kind, and whom it calls.

    ``target`` is a function index for ``call`` and ``return_call``, a type index for the others.
    """

    offset: int
    kind: CallKind
    target: int


Edges = Mapping[int, frozenset[int]]


@dataclass(frozen=True)
class CallGraph:
    """The calls of a module's defined functions, by caller; one that has none of a kind is left out.

    ``direct`` leads to function indexes, ``indirect`` (``call_indirect``) and ``call_ref`` to type indexes.
    Tail calls count among them; ``tail_callers`` are the functions that make some. ``address_taken`` are the
    functions whose reference is taken by a body, an element segment or an initialiser. (What the host puts
    into a table is not known here.)
    """

    module: Module = field(repr=False)
    direct: Edges
    indirect: Edges
    call_ref: Edges
    tail_callers: frozenset[int]
    address_taken: frozenset[int]

    def functions_of_type(self, type_index: int) -> frozenset[int]:
        """Return the functions, address taken, that a call of this type may reach.

        Types match by structure; a reference in them matches any reference, so that no
        subtype is missed.
        """
        found = self._of_type.get(type_index)
        if found is None:
            found = self._by_shape.get(_shape(self.module, type_index), _NOTHING)
            self._of_type[type_index] = found
        return found

    @cached_property
    def _of_type(self) -> dict[int, frozenset[int]]:
        return {}

    @cached_property
    def _by_shape(self) -> dict[object, frozenset[int]]:
        shapes: defaultdict[object, set[int]] = defaultdict(set)
        of_type = _Shapes(self.module)
        for function in self.address_taken:
            shapes[of_type[self.module.function_types[function]]].add(function)
        return {key: frozenset(each) for key, each in shapes.items()}

    @cached_property
    def callers(self) -> Adjacency:
        """Who calls each function directly."""
        if isinstance(self.direct, EdgeSets):
            return self.direct.adjacency.reversed()
        return Adjacency.from_edges(self.module.function_count, self.direct.items()).reversed()

    def callees(self, function: int, *, through_indirect: bool) -> set[int]:
        """Return every function that this one may call.

        :param through_indirect: through tables and references too, by type
        """
        found = set(self.direct.get(function, _NOTHING))
        if through_indirect:
            for edges in (self.indirect, self.call_ref):
                for type_index in edges.get(function, _NOTHING):
                    found |= self.functions_of_type(type_index)
        return found

    def callers_reaching(self, targets: Iterable[int], *, through_indirect: bool) -> set[int]:
        """Return every function from which one of ``targets`` can be reached by one call or more.

        :param through_indirect: follow calls through tables and references, by type (a superset of what
            runs), not direct calls alone (which may miss some)
        """
        by_shape: defaultdict[object, set[int]] = defaultdict(set)
        of_type = _Shapes(self.module)
        if through_indirect:
            for edges in (self.indirect, self.call_ref):
                for caller, type_indexes in edges.items():
                    for type_index in type_indexes:
                        by_shape[of_type[type_index]].add(caller)
        reached: set[int] = set()
        open_ = list(set(targets))
        while open_:
            callee = open_.pop()
            new = set(self.callers.of(callee)) - reached
            if by_shape and callee in self.address_taken:
                # Whoever makes a call of this shape is reached now: no need to look again.
                new |= by_shape.pop(of_type[self.module.function_types[callee]], set()) - reached
            open_ += new
            reached |= new
        return reached


class _Shapes(dict[int, object]):
    """The shape of each type, made once."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def __missing__(self, type_index: int) -> object:
        shape = self[type_index] = _shape(self.module, type_index)
        return shape


def _shape(module: Module, type_index: int) -> object:
    declared = module.types[type_index]
    if not isinstance(declared, FuncType):
        return type_index
    sides = (declared.params, declared.results)
    return tuple([tuple(["ref" if is_reference(each) else each for each in side]) for side in sides])


class _Packed(dict[bytes, int]):
    """Calls by their bytes, as one number each: few are different, and a look-up is cheaper than reading."""

    def __missing__(self, raw: bytes) -> int:
        value = self[raw] = _PLACE[raw[0]] << 32 | Reader(raw, 1).u32()
        return value


def call_graph(module: Module) -> CallGraph:
    """Read the calls of all defined functions.

    :raises WasmFormatError: code is malformed, or calls a function or a type that does not exist
    """
    data, count = module.data, module.function_count
    collect = compile_collector(_COLLECTED).findall
    packed = _Packed().__getitem__
    starts, targets = array("I", bytes(4 * module.imported_function_count)), array("I")
    rest: dict[int, dict[int, frozenset[int]]] = {opcode: {} for opcode in _OTHERS}
    same: dict[frozenset[int], frozenset[int]] = {}
    """Many functions call the same few types: their sets are one."""
    for function in range(module.imported_function_count, count):
        starts.append(len(targets))
        start, end = module.code_range(function)
        raw = set(collect(data, start, end))
        raw.discard(b"")
        if not raw:
            continue
        calls = frozenset(map(packed, raw)) if raw.isdisjoint(UNREAD) else _calls_plainly(data, start, end)
        if calls and max(calls) >> 32:
            kinds: defaultdict[int, set[int]] = defaultdict(set)
            for each in calls:
                kinds[_OPCODES[each >> 32]].add(each & 0xFFFF_FFFF)
            calls = frozenset(kinds.pop(op.CALL, ()))
            for opcode, its in kinds.items():
                found = frozenset(its)
                rest[opcode][function] = same.setdefault(found, found)
        targets.extend(calls)
    starts.append(len(targets))
    direct = EdgeSets(Adjacency(starts, targets))
    graph = CallGraph(
        module=module,
        direct=_union(count, direct, rest[op.RETURN_CALL]),
        indirect=_union(count, rest[op.CALL_INDIRECT], rest[op.RETURN_CALL_INDIRECT]),
        call_ref=_union(count, rest[op.CALL_REF], rest[op.RETURN_CALL_REF]),
        tail_callers=frozenset().union(*(rest[each] for each in _TAIL_CALLS)),
        address_taken=_address_taken(module, rest[op.REF_FUNC]),
    )
    edges = {opcode: chain.from_iterable(each.values()) for opcode, each in rest.items()}
    functions = chain(targets, edges.pop(op.RETURN_CALL), graph.address_taken)
    types = chain.from_iterable(each for opcode, each in edges.items() if opcode != op.REF_FUNC)
    if max(functions, default=-1) >= count or max(types, default=-1) >= len(module.types):
        _fail(module)
    return graph


def _union(nodes: int, one: Edges, other: Edges) -> Edges:
    if not other:
        return one
    both = ((key, one.get(key, _NOTHING) | other.get(key, _NOTHING)) for key in sorted({*one, *other}))
    return EdgeSets(Adjacency.from_edges(nodes, both))


def _address_taken(module: Module, ref_func: Edges) -> frozenset[int]:
    taken = {function for functions in ref_func.values() for function in functions}
    for segment in module.elements:
        taken.update(function for function in segment.functions if function is not None)
    for expression in (*module.initialisers.values(), *module.table_initialisers):
        taken.update(expression.functions)
    return frozenset(taken)


def _calls_plainly(data: bytes, start: int, end: int) -> frozenset[int]:
    """Collect calls where the expression could not."""
    found = find_instructions(data, start, end, _COLLECTED)
    return frozenset([_PLACE[each.opcode] << 32 | int(each.immediates[0]) for each in found])


def _fail(module: Module) -> NoReturn:
    """Find the first call of a function or a type that does not exist.

    :raises WasmFormatError: always
    """
    functions, types = module.function_count, len(module.types)
    for function in module.defined_functions:
        for site in call_sites(module, function):
            size = functions if site.kind in _DIRECT else types
            if site.target >= size:
                raise WasmFormatError(f"{site.kind} of {site.target}: there are {size}", site.offset)
    raise WasmFormatError(f"ref.func of a function that does not exist: there are {functions}", 0)


def call_sites(module: Module, function: int) -> list[CallSite]:
    """Return a defined function's calls, in the order of the code.

    :raises WasmFormatError: the code is malformed
    """
    found = find_instructions(module.data, *module.code_range(function), _CALLS)
    return [CallSite(each.offset, _KINDS[each.opcode], each.immediates[0]) for each in found]
