"""A WebAssembly module, read from its bytes: types, index spaces, exports, where the bodies are.

``parse_module`` reads all but bodies, data and custom sections, and checks what the rest of us rely on
(indexes exist, counts agree); it does not validate code. Custom sections are read on demand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cached_property

from . import limits
from .custom_sections import FUNCTION_NAMES, read_names, read_target_features
from .encoding import HEADER, SECTION_ORDER, iterate_sections
from .ranges import Ranges
from .reader import Reader
from .sections import (
    ConstantExpression,
    ElementSegment,
    Export,
    Import,
    IndexSpaces,
    read_bodies,
    read_elements,
    read_exports,
    read_function_type_index,
    read_globals,
    read_imports,
    read_locals,
    read_tables,
    read_tag_type,
)
from .types import (
    ArrayType,
    DefinedType,
    FuncType,
    GlobalType,
    StructType,
    read_defined_types,
    read_memory_type,
)

__all__ = [
    "ArrayType",
    "Export",
    "FuncType",
    "GlobalType",
    "Import",
    "Module",
    "StructType",
    "parse_module",
]

_PLACES = {number: place for place, number in enumerate(SECTION_ORDER)}
# Up to five runs of fewer than 128 locals of types that are one byte: most bodies, read at once.
_LOCAL_RUN = rb"[\x00-\x7f][\x6f\x70\x7b-\x7f]"
_LOCALS = re.compile(b"|".join(b"\\x%02x" % count + _LOCAL_RUN * count for count in range(6)))


class Module(IndexSpaces):
    """A module's facts; read-only. Made by ``parse_module``.

    Index spaces have the imports first. ``bodies`` are the byte ranges of the defined functions'
    bodies, locals included. ``globals``, ``tables`` and ``memories`` hold types, ``tags`` and
    ``function_types`` type indexes. ``initialisers`` are those of globals, by index of the global;
    ``table_initialisers`` those that tables have.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data
        self.types: tuple[DefinedType, ...] = ()
        self.imports: tuple[Import, ...] = ()
        self.exports: tuple[Export, ...] = ()
        self.imported_function_count = 0
        self.start: int | None = None
        self.initialisers: dict[int, ConstantExpression] = {}
        self.table_initialisers: tuple[ConstantExpression, ...] = ()
        self.elements: tuple[ElementSegment, ...] = ()
        self.data_count: int | None = None
        self.bodies = Ranges()
        self.section_offsets: dict[int, int] = {}
        """Where the content of each section but custom ones starts, by the section's number."""
        self.custom_sections: dict[str, tuple[int, int]] = {}
        """Offset and size of the content by name; of two with one name, the first."""
        _Parser(self).run()

    @property
    def function_count(self) -> int:
        """How many functions there are, imported ones included."""
        return len(self.function_types)

    @property
    def defined_functions(self) -> range:
        """The indexes of the functions that are not imported."""
        return range(self.imported_function_count, self.function_count)

    def function_type(self, index: int) -> FuncType:
        """Return the type of any function, imported or defined."""
        return self._signature(self.function_types[index])

    def tag_type(self, index: int) -> FuncType:
        """Return the type of a tag: its parameters are what an exception carries."""
        return self._signature(self.tags[index])

    def _signature(self, type_index: int) -> FuncType:
        declared = self.types[type_index]
        if not isinstance(declared, FuncType):  # the parser has checked it
            raise TypeError(type_index)
        return declared

    def global_type(self, index: int) -> GlobalType:
        """Return the type of any global, imported or defined."""
        return self.globals[index]

    def export_named(self, name: str) -> Export | None:
        """Return the export of that name, if there is one."""
        return self._exports_by_name.get(name)

    def function_import(self, index: int) -> Import | None:
        """Return the import that a function is, or None for a defined one."""
        return self._function_imports[index] if index < self.imported_function_count else None

    def function_imports(self) -> tuple[Import, ...]:
        """Return the imported functions, by index."""
        return self._function_imports

    def body_range(self, index: int) -> tuple[int, int]:
        """Return where the body of a defined function starts (its locals) and ends, as absolute offsets.

        :raises IndexError: the function is imported or does not exist
        """
        defined = index - self.imported_function_count
        if defined < 0:
            raise IndexError(f"function {index} is imported")
        return self.bodies[defined]

    def code_bytes(self, functions: Iterable[int]) -> int:
        """Return the size of the bodies of functions (bytes); imported ones have none."""
        first = self.imported_function_count
        ranges = (self.bodies[each - first] for each in functions if each >= first)
        return sum(end - start for start, end in ranges)

    def function_at(self, offset: int) -> int | None:
        """Return the index of the function in whose body a byte of the module lies; None: in none."""
        at = self.bodies.find(offset)
        return None if at is None else self.imported_function_count + at

    def locals_of(self, index: int) -> tuple[tuple[tuple[int, str], ...], int]:
        """Return a defined function's locals in runs (how many, type), and where its code starts.

        :raises WasmFormatError: malformed
        """
        reader = Reader(self.data, *self.body_range(index))
        return read_locals(reader), reader.pos

    def code_range(self, index: int) -> tuple[int, int]:
        """Return where a defined function's instructions start and end, as absolute offsets.

        :raises WasmFormatError: the locals before them are malformed
        """
        start, end = self.body_range(index)
        match = _LOCALS.match(self.data, start, end)
        return (self.locals_of(index)[1] if match is None else match.end()), end

    def custom_section(self, name: str) -> Reader | None:
        """Return a reader of a custom section's content, if there is one of that name."""
        place = self.custom_sections.get(name)
        return None if place is None else Reader(self.data, place[0], place[0] + place[1])

    @cached_property
    def sha256(self) -> str:
        """``sha256:`` and the hash of the bytes in hexadecimal."""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"

    @cached_property
    def target_features(self) -> tuple[tuple[str, str], ...]:
        """The features that the producer says it used: (prefix, name) each; see ``custom_sections``.

        :raises WasmFormatError: the section is malformed
        """
        reader = self.custom_section("target_features")
        return () if reader is None else read_target_features(reader)

    @cached_property
    def function_name_entries(self) -> tuple[tuple[int, bytes], ...]:
        """The entries of the name section, (index, raw bytes) each; see ``names``.

        :raises WasmFormatError: the section is malformed
        """
        reader = self.custom_section("name")
        return () if reader is None else read_names(reader, FUNCTION_NAMES)

    @cached_property
    def function_names(self) -> dict[int, bytes]:
        """The names in the name section, by function index, whatever their bytes are.

        :raises WasmFormatError: the section is malformed
        """
        count = self.function_count
        return {index: name for index, name in self.function_name_entries if index < count}

    @cached_property
    def import_names(self) -> tuple[str, ...]:
        """The imported functions by index, as ``module.name``."""
        return tuple([each.full_name for each in self._function_imports])

    @cached_property
    def exported_functions(self) -> dict[str, int]:
        """The indexes of the exported functions, by name."""
        return {each.name: each.index for each in self.exports if each.kind == "func"}

    @cached_property
    def export_names(self) -> dict[int, str]:
        """The first name of each exported function, by index."""
        return {index: name for name, index in reversed(self.exported_functions.items())}

    @cached_property
    def _exports_by_name(self) -> dict[str, Export]:
        return {export.name: export for export in self.exports}

    @cached_property
    def _function_imports(self) -> tuple[Import, ...]:
        return tuple([each for each in self.imports if each.kind == "func"])


def parse_module(data: bytes) -> Module:
    """Read a module.

    :raises WasmFormatError: the bytes are none, or are cut short or malformed; with the offset
    """
    return Module(bytes(data))


class _Parser:
    """Goes over the sections once and fills in a module."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def run(self) -> None:
        module = self.module
        reader = Reader(module.data)
        self._header(reader)
        last = -1
        custom = 0
        for section, start, content in iterate_sections(module.data):
            if section == 0:
                custom += 1
                if custom > limits.CUSTOM_SECTIONS:
                    raise reader.fail(f"more than {limits.CUSTOM_SECTIONS} custom sections", start)
                name = content.name()
                module.custom_sections.setdefault(name, (content.pos, content.left))
                continue
            place = _PLACES.get(section)
            if place is None:
                raise reader.fail(f"unknown section {section}", start)
            if place <= last:
                raise reader.fail(f"section {section} out of order", start)
            last = place
            module.section_offsets[section] = content.pos
            self._read(section, content)
            content.expect_end(f"section {section}")
        declared = len(module.defined_functions)
        if len(module.bodies) != declared:
            raise reader.fail(
                f"{declared} functions are declared and {len(module.bodies)} have a body", len(module.data)
            )

    def _header(self, reader: Reader) -> None:
        data = self.module.data
        if len(data) > limits.MODULE_BYTES:
            raise reader.fail(f"{len(data)} bytes: at most {limits.MODULE_BYTES} are allowed", 0)
        if not data.startswith(HEADER[:4]):
            raise reader.fail("not a WebAssembly module: it does not begin with \\0asm", 0)
        if not data.startswith(HEADER):
            what = "a component, not a core module" if data[6:8] == b"\x01\0" else "unknown version"
            raise reader.fail(what if len(data) >= len(HEADER) else "unexpected end", 4)

    def _read(self, section: int, reader: Reader) -> None:
        module = self.module
        match section:
            case 1:
                module.types = read_defined_types(reader)
            case 2:
                module.imports = read_imports(reader, module.types, module)
                module.imported_function_count = module.function_count
            case 3:
                self._functions(reader)
            case 4:
                types, module.table_initialisers = read_tables(reader)
                module.tables += types
            case 5:
                count = reader.count("memories", limits.MEMORIES, each=2)
                module.memories += [read_memory_type(reader) for _ in range(count)]
            case 6:
                for declared, initialiser in read_globals(reader):
                    module.initialisers[len(module.globals)] = initialiser
                    module.globals.append(declared)
            case 7:
                module.exports = read_exports(reader, module)
            case 8:
                module.start = reader.index("func", module.function_count)
            case 9:
                module.elements = read_elements(reader, module)
            case 10:
                module.bodies = read_bodies(reader)
            case 11:
                self._data(reader)
            case 12:
                module.data_count = reader.unsigned(32)
            case 13:
                count = reader.count("tags", limits.TAGS, each=2)
                module.tags += [read_tag_type(reader, module.types) for _ in range(count)]

    def _functions(self, reader: Reader) -> None:
        types = self.module.types
        count = reader.count("functions", limits.FUNCTIONS)
        start = reader.pos
        indexes = [reader.u32() for _ in range(count)]
        if any(index >= len(types) or not isinstance(types[index], FuncType) for index in set(indexes)):
            reader.pos = start  # again, for the place
            indexes = [read_function_type_index(reader, types) for _ in range(count)]
        self.module.function_types += indexes

    def _data(self, reader: Reader) -> None:
        """Check the number of data segments, and skip the data."""
        count = reader.count("data segments", limits.DATA_SEGMENTS)
        announced = self.module.data_count
        if announced not in (None, count):
            raise reader.fail(f"{count} data segments: {announced} were announced")
        reader.skip(reader.left)
