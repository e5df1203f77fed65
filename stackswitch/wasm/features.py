"""Which features of WebAssembly a module's bytes need, each with the first place that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import instructions as op
from .function_names import display_name
from .instructions import Instruction, read_instruction
from .module import Module
from .reader import Reader
from .scan import UNREAD, compile_collector, find_instructions
from .types import ArrayType, FuncType, StructType

_PREFIXED = {0xFB: "gc", 0xFD: "simd", 0xFE: "threads"}
_BY_OPCODE: dict[int, tuple[str, ...]] = {
    op.TRY: ("legacy-exceptions",),
    **dict.fromkeys((op.TRY_TABLE, op.THROW_REF), ("exnref",)),
    **dict.fromkeys(
        (op.CALL_REF, op.REF_AS_NON_NULL, op.BR_ON_NULL, op.BR_ON_NON_NULL), ("function-references",)
    ),
    **dict.fromkeys((op.RETURN_CALL, op.RETURN_CALL_INDIRECT), ("tail-call",)),
    op.RETURN_CALL_REF: ("tail-call", "function-references"),
    op.REF_EQ: ("gc",),
    **dict.fromkeys(
        (op.TABLE_GET, op.TABLE_SET, op.REF_NULL, op.REF_IS_NULL, op.REF_FUNC, op.SELECT_TYPED),
        ("reference-types",),
    ),
    # table.grow, table.size, table.fill
    **dict.fromkeys((0xFC_000F, 0xFC_0010, 0xFC_0011), ("reference-types",)),
    **{code: (_PREFIXED[code >> 16],) for code in op.SIGNATURES if code >> 16 in _PREFIXED},
}
_COLLECTED = frozenset({*_BY_OPCODE, *op.BLOCKS})
_GC_HEAPS = ("any", "eq", "i31", "struct", "array", "none", "nofunc", "noextern")
_GC_TYPES = {f"{heap}ref" for heap in _GC_HEAPS[:5]} | {"nullref", "nullfuncref", "nullexternref"}
_BY_TYPE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("i32", "i64", "f32", "f64"), ()),
    **dict.fromkeys(("externref", "funcref"), ("reference-types",)),
    **dict.fromkeys(("exnref", "nullexnref"), ("exnref",)),
    **dict.fromkeys(_GC_TYPES, ("reference-types", "gc")),
    "v128": ("simd",),
}
_TYPES, _IMPORTS, _TABLES, _MEMORIES, _GLOBALS = 1, 2, 4, 5, 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a module something stands: the function, if it is in one, and the offset in bytes."""

    function: int | None
    offset: int

    def describe(self, module: Module) -> str:
        """Say it in words: ``function $name (index 3) at offset 0x41``."""
        if self.function is None:
            return f"the module at offset {self.offset:#x}"
        name = display_name(module, self.function)
        return f"function ${name} (index {self.function}) at offset {self.offset:#x}"


def used_features(module: Module) -> dict[str, Place]:
    """Return the features needed, as named in ``models.features``, with the first place each is used at.

    What is declared (types, memories, tables) comes before code. Exceptions that are only thrown need
    neither ``exnref`` nor ``legacy-exceptions``: engines of both kinds have ``throw``.

    :raises WasmFormatError: code is malformed
    """
    found: dict[str, Place] = {}
    for feature, place in _declared(module):
        found.setdefault(feature, place)
    known: dict[bytes, tuple[str, ...]] = {}
    collect = compile_collector(_COLLECTED).findall
    for function in module.defined_functions:
        for _, value_type in module.locals_of(function)[0]:
            for feature in _of_type(value_type):
                found.setdefault(feature, Place(function, module.body_range(function)[0]))
        start, end = module.code_range(function)
        raw = set(collect(module.data, start, end))
        raw.discard(b"")
        if not raw:
            continue
        needed: set[str] = set()
        if raw.isdisjoint(UNREAD):
            for each in raw:
                features = known.get(each)
                if features is None:
                    features = known[each] = _of_instruction(module, read_instruction(Reader(each)))
                needed.update(features)
        if needed - found.keys() or not raw.isdisjoint(UNREAD):
            for instruction in find_instructions(module.data, start, end, _COLLECTED):
                for feature in _of_instruction(module, instruction):
                    found.setdefault(feature, Place(function, instruction.offset))
    return found


def _of_type(value_type: str) -> tuple[str, ...]:
    if (known := _BY_TYPE.get(value_type)) is not None:
        return known
    heap = value_type.removesuffix(")").rpartition(" ")[2]
    if heap in _GC_HEAPS:
        return ("reference-types", "function-references", "gc")
    return ("reference-types", "function-references")


def _of_instruction(module: Module, instruction: Instruction) -> tuple[str, ...]:
    features = _BY_OPCODE.get(instruction.opcode, ())
    if instruction.opcode not in op.BLOCKS:
        return features
    block = instruction.immediates[0]
    if isinstance(block, str):
        return features + _of_type(block)
    # A block with a function's type has parameters or several results, save when written by chance. A type
    # with several results has been found already.
    declared = module.types[block] if block is not None and block < len(module.types) else None
    if isinstance(declared, FuncType) and declared.params:
        features += ("multi-value",)
    return features


def _declared(module: Module) -> Iterator[tuple[str, Place]]:
    """Iterate over what the sections before the code declare."""

    def place(section: int) -> Place:
        """Return where a section is; else where the imports are."""
        return Place(None, module.section_offsets.get(section, module.section_offsets.get(_IMPORTS, 0)))

    for declared in module.types:
        yield from ((feature, place(_TYPES)) for feature in _of_defined(declared))
    for memory in module.memories:
        if memory.is64:
            yield "memory64", place(_MEMORIES)
        if memory.shared:
            yield "threads", place(_MEMORIES)
    if len(module.memories) > 1:
        yield "multi-memory", place(_MEMORIES)
    for table in module.tables:
        if table.is64:
            yield "memory64", place(_TABLES)
        if table.type != "funcref":
            yield from ((feature, place(_TABLES)) for feature in _of_type(table.type))
    if len(module.tables) > 1:
        yield "reference-types", place(_TABLES)
    if module.table_initialisers:
        yield "function-references", place(_TABLES)
    for each in module.globals:
        yield from ((feature, place(_GLOBALS)) for feature in _of_type(each.type))
    for expression in module.initialisers.values():
        for instruction in find_instructions(module.data, expression.start, expression.end, _COLLECTED):
            for feature in _of_instruction(module, instruction):
                yield feature, Place(None, instruction.offset)


def _of_defined(declared: object) -> Iterator[str]:
    if isinstance(declared, FuncType):
        if len(declared.results) > 1:
            yield "multi-value"
        for value_type in (*declared.params, *declared.results):
            yield from _of_type(value_type)
    elif isinstance(declared, StructType | ArrayType):
        yield "gc"
