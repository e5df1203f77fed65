"""An instance of the library's as the C API sees it, and what its memories may grow by."""

from __future__ import annotations

from collections.abc import Callable

from stackswitch.wasm.growth_limiter import REMAINING_EXPORT
from stackswitch.wasm.module import Module

from ..capi import Extern
from ..instance import ModuleInstance
from ..store import Store
from .values import PyValues


class BudgetedInstance(ModuleInstance):
    """An instance whose memories share a budget, if the module counts it."""

    def __init__(
        self, store: Store, module: Module, values: Callable[[tuple[str, ...], str], PyValues]
    ) -> None:
        super().__init__("the module", store, module, values)
        self._left: tuple[Callable[[], int], Callable[[int], None]] | None = None

    def connect(self, *, counted: bool) -> None:
        """Look up what the instance exports, once it has been made.

        :param counted: the module has a counter of what its memories may grow by (``wasm.growth_limiter``)
        """
        self.find_memory()
        if counted:
            self._left = self.global_access(REMAINING_EXPORT)

    def grow(self, memory: Extern, pages: int) -> int | None:
        """Grow a memory; return how many pages there were, None if it may not grow so much."""
        size = pages * self.memory_page
        if self._left is not None and size > self._left[0]():
            return None
        before = super().grow(memory, pages)
        if self._left is not None and before is not None:
            read, write = self._left
            write(read() - size)
        return before
