"""Imports that unwind before the host is called, since they have waited each time of late.

See ``fast_path``, which uses it, and ``stackswitch.wasm.adapters.EARLY``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stackswitch.wasm.adapters import EARLY_IMPORTS

from .call import Answer

ENOUGH = 4
"""So many waits of an import in a row, and the next is expected to be one."""
LESS_SURE = 8
"""How many times as many it takes after an expected wait was none."""


@dataclass(slots=True, eq=False)
class AdaptedImport:
    """An import that may wait and that the guest calls through its adapter.

    :ivar number: the adapter's of it
    :ivar begin: called with the call's note, reads the arguments from the slots and calls the host function
    :ivar answer: see ``AsyncifyCall``
    :ivar which: stands for it in the state machine
    :ivar waits: how many times in a row it has waited
    :ivar enough: how many of them make it likely to wait again
    """

    number: int
    name: str
    begin: Callable[[Any], Any]
    answer: Answer
    which: object = field(default_factory=object)
    waits: int = 0
    enough: int = ENOUGH


class PredictedUnwinds:
    """Which imports of an instance unwind before the host is called.

    :ivar word: where the adapter reads it
    :ivar expected: a bit for each that is expected to wait; :ivar now: as the adapter has it
    """

    def __init__(self) -> None:
        self.word = ctypes.c_uint32()
        self.now = 0
        self.expected = 0

    def allow(self, allowed: bool) -> None:
        """Have imports unwind early from now on, or none."""
        imports = self.expected if allowed else 0
        if imports != self.now:
            self.now = self.word.value = imports

    def expect_wait(self, import_: AdaptedImport) -> None:
        """Have an import unwind early from its next call on."""
        if import_.number < EARLY_IMPORTS:
            self.expected |= 1 << import_.number
            self.allow(True)

    def expect_no_wait(self, import_: AdaptedImport) -> None:
        """Have the host called first: the import was expected to wait, and did not."""
        import_.waits = 0
        import_.enough *= LESS_SURE
        self.expected &= ~(1 << import_.number)
        self.allow(bool(self.now))
