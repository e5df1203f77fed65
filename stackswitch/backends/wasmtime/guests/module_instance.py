"""An instance of the library's as the C API sees it: exports by name, values Python's, memory that grows."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from stackswitch.wasm.growthcounter import LEFT_EXPORT
from stackswitch.wasm.module import Module

from ..asyncify.data_block import grow_memory
from ..capi import Extern, Handle
from ..instance import ModuleInstance, ScriptError, value_kind
from ..store import Store
from .values import PyValues

_IN_EXTERN = 8


class LowInstance(ModuleInstance):
    """An instance whose values are Python's; ``make_values`` reads and writes those of given types."""

    def __init__(
        self,
        store: Store,
        module: Module,
        handle: Handle,
        make_values: Callable[[tuple[str, ...], str], PyValues],
    ) -> None:
        super().__init__("the module", store, module, handle, frozenset())
        self._make_values = make_values
        self._left: tuple[Callable[[], int], Callable[[int], None]] | None = None

    def connect(self, *, counted: bool) -> None:
        """Look up what the instance exports, once it stands.

        :param counted: the module has a counter of what its memories may grow by (``wasm.growthcounter``)
        """
        self.find_memory()
        if counted:
            self._left = self.global_access(LEFT_EXPORT)

    def grow(self, memory: Extern, pages: int) -> int | None:
        """Grow a memory; return how many pages there were, None if it may not grow so much."""
        size = pages * self.memory_page
        if self._left is not None and size > self._left[0]():
            return None
        at = ctypes.addressof(memory) + _IN_EXTERN
        before = grow_memory(self.store.api, self.store.context, at, pages)
        if self._left is not None and before is not None:
            read, write = self._left
            write(read() - size)
        return before

    def grow_memory(self, pages: int) -> int:
        """Grow the first exported memory; return how many pages it had.

        :raises ScriptError: none is exported, or it cannot grow so much
        """
        before = self.grow(self.memory, pages) if self.memory is not None else None
        if before is None:
            raise ScriptError(f"its memory cannot grow by {pages} pages")
        return before

    def codec(self, types: tuple[str, ...], place: str = "") -> Any:
        """Return what reads and writes values of these types."""
        kinds = tuple([value_kind(each, self.module) for each in types])
        return self._make_values(kinds, place)
