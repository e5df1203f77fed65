"""Which features of WebAssembly a module's bytes need, each with the first place that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .instructions import (
    BLOCK,
    BR_ON_NON_NULL,
    BR_ON_NULL,
    CALL_REF,
    CATCH,
    CATCH_ALL,
    DELEGATE,
    IF,
    LOOP,
    REF_AS_NON_NULL,
    REF_EQ,
    REF_FUNC,
    REF_IS_NULL,
    REF_NULL,
    RETHROW,
    RETURN_CALL,
    RETURN_CALL_INDIRECT,
    RETURN_CALL_REF,
    SELECT_TYPED,
    SIGNATURES,
    TABLE_GET,
    TABLE_SET,
    THROW_REF,
    TRY,
    TRY_TABLE,
    Instruction,
    read_instruction,
)
from .module import Module
from .names import display_name
from .reader import Reader
from .scan import UNREAD, compile_collector, find_instructions
from .types import ArrayType, FuncType, StructType

_BLOCKS = (BLOCK, LOOP, IF, TRY, TRY_TABLE)
_PREFIXED = {0xFB: "gc", 0xFD: "simd", 0xFE: "threads"}
_BY_OPCODE: dict[int, tuple[str, ...]] = {
    **dict.fromkeys((TRY, CATCH, CATCH_ALL, RETHROW, DELEGATE), ("legacy-exceptions",)),
    **dict.fromkeys((TRY_TABLE, THROW_REF), ("exnref",)),
    **dict.fromkeys((CALL_REF, REF_AS_NON_NULL, BR_ON_NULL, BR_ON_NON_NULL), ("function-references",)),
    **dict.fromkeys((RETURN_CALL, RETURN_CALL_INDIRECT), ("tail-call",)),
    RETURN_CALL_REF: ("tail-call", "function-references"),
    REF_EQ: ("gc",),
    **dict.fromkeys(
        (TABLE_GET, TABLE_SET, REF_NULL, REF_IS_NULL, REF_FUNC, SELECT_TYPED), ("reference-types",)
    ),
    # table.grow, table.size, table.fill
    **dict.fromkeys((0xFC_000F, 0xFC_0010, 0xFC_0011), ("reference-types",)),
    **{code: (_PREFIXED[code >> 16],) for code in SIGNATURES if code >> 16 in _PREFIXED},
}
_COLLECTED = frozenset({*_BY_OPCODE, *_BLOCKS})
_GC_HEAPS = ("any", "eq", "i31", "struct", "array", "none", "nofunc", "noextern")
_GC_TYPES = frozenset({"anyref", "eqref", "i31ref", "structref", "arrayref"}) | {
    "nullref",
    "nullfuncref",
    "nullexternref",
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
        for feature in _of_locals(module, function):
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
    if value_type in ("i32", "i64", "f32", "f64", "i8", "i16"):
        return ()
    if value_type == "v128":
        return ("simd",)
    if value_type in ("externref", "funcref"):
        return ("reference-types",)
    if value_type in ("exnref", "nullexnref"):
        return ("exnref",)
    if value_type in _GC_TYPES:
        return ("reference-types", "gc")
    heap = value_type.removesuffix(")").rpartition(" ")[2]
    if heap in _GC_HEAPS:
        return ("reference-types", "function-references", "gc")
    return ("reference-types", "function-references")


def _of_block(module: Module, block: object) -> tuple[str, ...]:
    if isinstance(block, str):
        return _of_type(block)
    # A block with a function's type has parameters or several results, save when written by chance.
    if isinstance(block, int) and block < len(module.types):
        declared = module.types[block]
        if isinstance(declared, FuncType) and (declared.params or len(declared.results) > 1):
            return ("multi-value",)
    return ()


def _of_instruction(module: Module, instruction: Instruction) -> tuple[str, ...]:
    features = _BY_OPCODE.get(instruction.opcode, ())
    if instruction.opcode in _BLOCKS:
        features += _of_block(module, instruction.immediates[0])
    return features


def _of_locals(module: Module, function: int) -> Iterator[str]:
    for _, value_type in module.locals_of(function)[0]:
        yield from _of_type(value_type)


def _declared(module: Module) -> Iterator[tuple[str, Place]]:
    """Go over what the sections before the code declare."""
    places = {section: Place(None, offset) for section, offset in module.section_offsets.items()}
    imports = places.get(_IMPORTS, Place(None, 0))
    for declared in module.types:
        for feature in _of_defined(declared):
            yield feature, places[_TYPES]
    for memory in module.memories:
        at = places.get(_MEMORIES, imports)
        if memory.is64:
            yield "memory64", at
        if memory.shared:
            yield "threads", at
    if len(module.memories) > 1:
        yield "multi-memory", places.get(_MEMORIES, imports)
    for table in module.tables:
        at = places.get(_TABLES, imports)
        if table.is64:
            yield "memory64", at
        if table.type != "funcref":
            for feature in _of_type(table.type):
                yield feature, at
    if len(module.tables) > 1:
        yield "reference-types", places.get(_TABLES, imports)
    if module.table_initialisers:
        yield "function-references", places[_TABLES]
    for each in module.globals:
        for feature in _of_type(each.type):
            yield feature, places.get(_GLOBALS, imports)
    for expression in module.initialisers.values():
        code = find_instructions(module.data, expression.start, expression.end, _COLLECTED)
        for instruction in code:
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
