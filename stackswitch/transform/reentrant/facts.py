"""What a module must have to be made re-entrant, and what must not be in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.module import Module
from stackswitch.wasm.types import FuncType

from .adapter import adapter, mistake, names, refusal
from .added_pages import refuse_pages
from .linking import refuse_linking, refuse_objects
from .other_schemes import refuse_other_schemes
from .pointer import Pointer, find_pointer, setters


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
    :ivar linked: side modules share the C stack
    :ivar threads: other instances share the memory
    :ivar limits_exports: the exports by which glue says where a thread's stack is
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
        refuse_other_schemes(module)
        self.linked = main_module and not for_host
        refuse_linking(module, main_module=main_module, linked=self.linked)
        refuse_objects(module)
        self.address = _address_type(module)
        self.pointer: Pointer = find_pointer(module, self.address, may_import=self.linked)
        if self.linked and not any(True for _ in setters(module, self.pointer.index)):
            raise refusal("dynamic-linking:main")
        self.functions = self._find_functions(malloc, for_host=for_host)
        self.threads = module.memories[0].shared
        self.limits_exports = self._exports_of(self.functions.set_limits)
        if self.threads:
            self._check_threads(for_host=for_host)

    def _exports_of(self, function: int | None) -> tuple[str, ...]:
        exported = self.module.exported_functions.items()
        return tuple(name for name, index in exported if function is not None and index == function)

    def _check_threads(self, *, for_host: bool) -> None:
        """Check that the stack of each thread is known.

        :raises ModuleRefusedError: it is not
        """
        if for_host:
            raise refusal("threads:host")
        if not self.limits_exports:
            raise refusal("threads")
        has_bounds = self.functions.get_base is not None and self.functions.get_end is not None
        if self.module.export_named(names("wasm_worker")[0]) is not None and not has_bounds:
            raise refusal("threads:workers")

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

    def _find_functions(self, malloc: str | None, *, for_host: bool) -> StackFunctions:
        allocate = self._known("malloc", malloc)
        if allocate is None and malloc is not None:
            raise mistake("malloc", name=malloc)
        if allocate is None and for_host:
            refuse_pages(self.module)
        elif allocate is None:
            raise refusal("no-malloc")
        return StackFunctions(
            malloc=allocate,
            exceptions=self._known("exceptions"),
            set_limits=self._known("set_limits"),
            set_checked_limits=self._known("set_checked_limits"),
            get_base=self._known("get_base"),
            get_end=self._known("get_end"),
        )

    def _known(self, key: str, name: str | None = None) -> int | None:
        """Return a function of ``functions`` in ``adapter.toml``.

        :param name: its name, if it has another one
        """
        known, params, results = adapter().functions[key]
        types = [
            tuple(self.address if each == "addr" else each for each in side) for side in (params, results)
        ]
        return self.find((name,) if name else known, *types)


def _address_type(module: Module) -> str:
    """Return the type of addresses of the one memory.

    :raises ModuleRefusedError: there is none, or more than one
    """
    if len(module.memories) != 1:
        raise refusal("memories", count=len(module.memories))
    return "i64" if module.memories[0].is64 else "i32"
