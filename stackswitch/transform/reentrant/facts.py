"""What a module must have to be made re-entrant, and what must not be in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property

from stackswitch.errors import ConfigError, ModuleRefusedError, WasmFormatError
from stackswitch.wasm.asyncified import is_asyncified
from stackswitch.wasm.instructions import MEMORY_GROW, MEMORY_SIZE, TRY, TRY_TABLE
from stackswitch.wasm.module import Module
from stackswitch.wasm.scan import find_instructions
from stackswitch.wasm.stack_pointer import NO_STACK_SPACE
from stackswitch.wasm.types import FuncType

from .pointer import Pointer, find_pointer

HOOKS = ("__jspi_enter", "__jspi_exit", "__jspi_suspend", "__jspi_resume")
"""Exports of the contract of binaryen#9102. Modules made here have them too."""
_BINDGEN = ("__jspi_stack_base", "__jspi_suspended", "__jspi_stack_top")
_SCANNED_BYTES = 1 << 20
"""Modules larger than this are searched for exceptions only if they declare a tag."""
_OF_MEMORY = frozenset({MEMORY_SIZE, MEMORY_GROW})
_MALLOC = ("malloc", "_malloc", "emscripten_builtin_malloc", "dlmalloc", "__libc_malloc")


@dataclass(frozen=True)
class StackFunctions:
    """Functions of the module that concern its C stack, by index; None: it has none.

    Without ``malloc``, regions are in pages that are added to the memory.
    """

    malloc: int | None
    exceptions: int | None
    set_limits: int | None
    set_checked_limits: int | None
    get_base: int | None
    get_end: int | None

    def by_name(self) -> dict[str, int]:
        """Return those that there are, as ``regions.wat`` names them."""
        named = {f"${each.name}": getattr(self, each.name) for each in fields(self)}
        return {name: index for name, index in named.items() if index is not None}


class Facts:
    """What the transform needs to know of a module.

    :param for_host: see ``ReentrantRequest``
    :ivar address: the type of addresses, ``i32`` or ``i64``
    :raises ModuleRefusedError: the module cannot be made re-entrant
    """

    def __init__(
        self,
        module: Module,
        malloc: str | None = None,
        *,
        main_module: bool = False,
        for_host: bool = False,
    ) -> None:
        self.module = module
        _refuse_other_schemes(module)
        _refuse_several_modules(module, main_module=main_module)
        self.address = _address_type(module)
        self.pointer: Pointer = find_pointer(module, self.address)
        self.functions = self._find_functions(malloc, for_host=for_host)

    def find(self, names: Iterable[str], params: tuple[str, ...], results: tuple[str, ...]) -> int | None:
        """Return the function of this type that is exported under one of the names, or else is named so."""
        wanted = FuncType(params, results)
        for name in names:
            exported = self.module.export_named(name)
            if exported is not None and exported.kind == "func" and self._has_type(exported.index, wanted):
                return exported.index
        for name in names:
            index = self._by_name.get(name.encode())
            if index is not None and self._has_type(index, wanted):
                return index
        return None

    def _has_type(self, index: int, wanted: FuncType) -> bool:
        return index >= self.module.imported_function_count and self.module.function_type(index) == wanted

    @cached_property
    def _by_name(self) -> dict[bytes, int]:
        try:
            return {name: index for index, name in self.module.function_names.items()}
        except WasmFormatError:
            return {}

    @cached_property
    def new_exceptions(self) -> bool:
        """Whether the module's code has exceptions as standardised (``try_table``), not as first shipped."""
        module = self.module
        if not module.tags and len(module.data) > _SCANNED_BYTES:
            return False
        opcodes = frozenset({TRY, TRY_TABLE})
        for function in module.defined_functions:
            start, end = module.code_range(function)
            for each in find_instructions(module.data, start, end, opcodes):
                return each.opcode == TRY_TABLE
        return False

    def _find_functions(self, malloc: str | None, *, for_host: bool) -> StackFunctions:
        one, two = (self.address,), (self.address, self.address)
        allocate = self.find((malloc,) if malloc else _MALLOC, one, one)
        if allocate is None and malloc is not None:
            raise ConfigError(f"the module has no function {malloc} that takes a size and returns an address")
        if allocate is None and for_host:
            _refuse_pages(self.module)
        elif allocate is None:
            raise ModuleRefusedError(
                "no-malloc",
                "the module has no malloc, exported or named: link with -sEXPORTED_FUNCTIONS=_malloc,… or "
                "keep the name section, or name its allocator with --malloc",
            )
        return StackFunctions(
            malloc=allocate,
            exceptions=self.find(("__cxa_get_globals", "__cxa_get_globals_fast"), (), one),
            set_limits=self.find(("emscripten_stack_set_limits", "_emscripten_stack_set_limits"), two, ()),
            set_checked_limits=self.find(("__set_stack_limits", "___set_stack_limits"), two, ()),
            get_base=self.find(("emscripten_stack_get_base", "_emscripten_stack_get_base"), (), one),
            get_end=self.find(("emscripten_stack_get_end", "_emscripten_stack_get_end"), (), one),
        )


def _refuse_pages(module: Module) -> None:
    """Check that pages which are added to the memory stay those of whoever has added them.

    :raises ModuleRefusedError: the memory cannot grow, or the module may take all memory for its own, as
        Emscripten's ``sbrk`` does: it compares ``memory.size`` with the end of what it has given out
    """
    memory = module.memories[0]
    if memory.maximum == memory.minimum:
        raise ModuleRefusedError("no-room", NO_STACK_SPACE)
    names = {each.name for each in module.exports} | {each.name for each in module.function_imports()}
    by_name = any("emscripten" in each or "sbrk" in each for each in names)
    found = {
        each.opcode
        for function in module.defined_functions
        for each in find_instructions(module.data, *module.code_range(function), _OF_MEMORY)
    }
    if by_name or (MEMORY_SIZE in found and MEMORY_GROW not in found):
        raise ModuleRefusedError(
            "no-malloc",
            "the module has no malloc, exported or named, and may take added pages of memory for its own",
        )


def _address_type(module: Module) -> str:
    """Return the type of addresses of the one memory.

    :raises ModuleRefusedError: there is none, or more than one, or it is shared
    """
    if len(module.memories) != 1:
        raise ModuleRefusedError(
            "memories",
            f"the module has {len(module.memories)} memories; a C stack is known in the one memory only",
        )
    memory = module.memories[0]
    if memory.shared:
        raise ModuleRefusedError(
            "threads",
            "the memory is shared (pthreads): each thread needs its own regions, which is not supported yet",
        )
    return "i64" if memory.is64 else "i32"


def _refuse_other_schemes(module: Module) -> None:
    if is_asyncified(module):
        raise ModuleRefusedError(
            "asyncify", "this is an Asyncify build, which has its own rules: give the JSPI build (-sJSPI)"
        )
    has = [each for each in HOOKS if module.export_named(each) is not None]
    if has:
        raise ModuleRefusedError(
            "hooks",
            f"the module exports {has[0]}: it is re-entrant already (by this command, -sREENTRANT_JSPI "
            "or the hooks of -sJSPI_HOOKS), and two schemes would exclude each other",
        )
    exported = [each for each in _BINDGEN if module.export_named(each) is not None]
    if exported:
        raise ModuleRefusedError(
            "wasm-bindgen",
            f"the module exports {exported[0]}: wasm-bindgen saves and restores its stack itself",
        )


def _refuse_several_modules(module: Module, *, main_module: bool) -> None:
    if "dylink.0" in module.custom_sections and not main_module:
        raise ModuleRefusedError(
            "dynamic-linking",
            "the module is dynamically linked (dylink.0): side modules share its C stack, and their waits "
            "are not seen; link it statically, or use --main-module if they neither wait nor begin calls",
        )
    linked = [each for each in module.imports if each.module in ("GOT.mem", "GOT.func")]
    if linked:
        raise ModuleRefusedError(
            "dynamic-linking",
            f"the module imports {linked[0].full_name}: it is one of several that share a C stack",
        )
    objects = [each for each in module.custom_sections if each == "linking" or each.startswith("reloc.")]
    if objects:
        raise ModuleRefusedError(
            "object-file", f"the module has a section {objects[0]}: it is not linked yet"
        )
