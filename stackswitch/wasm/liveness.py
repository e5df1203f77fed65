"""Which locals are read after a call with a value that they had before it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from . import instructions as op
from .instructions import Instruction


@dataclass
class _Block:
    """A block that is open.

    ``before``: locals that held an old value where it began; ``leaving``: at jumps to its label (its end,
    or a loop's beginning) and at the ends of its earlier arms; ``written``: set in it so far, whatever way
    was taken; ``earlier``: set in all earlier arms (None: this is the first arm);
    ``read_first``: read before they were set; ``jumped``: something may leave before its end.
    """

    opcode: int
    before: set[int]
    leaving: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    earlier: set[int] | None = None
    read_first: set[int] = field(default_factory=set)
    has_call: bool = False
    jumped: bool = False


class ReadsAfterCalls:
    """Goes over a function's code once; a local is *old* when its value is from before some call.

    A local that is read at the beginning of a loop, and old where the loop is taken again, is read after
    the call too. If it is not known, a local counts as old.

    :param numbers: the locals to look at
    """

    def __init__(self, numbers: Collection[int]) -> None:
        self.numbers = frozenset(numbers)
        self.blocks = [_Block(op.BLOCK, set())]
        self.old: set[int] = set()

    def call(self) -> None:
        """Note a call: all locals are old from here on."""
        self.old = set(self.numbers)
        for block in self.blocks:
            block.has_call = True

    def step(self, instruction: Instruction) -> int | None:
        """Go on by an instruction other than such a call; return its offset if it shows an old local read."""
        opcode = instruction.opcode
        if opcode == op.LOCAL_GET:
            return self._read(instruction.immediates[0], instruction.offset)
        if opcode in (op.LOCAL_SET, op.LOCAL_TEE):
            self.old.discard(instruction.immediates[0])
            self.blocks[-1].written.add(instruction.immediates[0])
        elif opcode in (op.BR, op.BR_IF):
            self._jump(instruction.immediates[0])
        elif opcode == op.BR_TABLE:
            for depth in set(instruction.immediates[0]):
                self._jump(depth)
        elif opcode in op.BLOCKS:
            self.blocks.append(_Block(opcode, set(self.old)))
        elif opcode in (op.ELSE, op.CATCH, op.CATCH_ALL):
            self._next_arm()
        elif opcode in (op.END, op.DELEGATE) and len(self.blocks) > 1:
            return self._leave(instruction.offset)
        return None

    def _read(self, index: int, offset: int) -> int | None:
        if index in self.old:
            return offset
        if index not in self.blocks[-1].written:
            self.blocks[-1].read_first.add(index)
        return None

    def _jump(self, depth: int) -> None:
        if depth < len(self.blocks):
            self.blocks[-1 - depth].leaving |= self.old
            self.blocks[-1 - depth].jumped = True

    def _next_arm(self) -> None:
        block = self.blocks[-1]
        block.leaving |= self.old
        block.earlier = block.written if block.earlier is None else block.earlier & block.written
        block.written = set()
        # A throw may come from any call in the body; and the pass makes both arms of an ``if`` with a call in
        # the first run one after the other when it rewinds.
        self.old = block.before | (self.numbers if block.has_call else frozenset())

    def _leave(self, offset: int) -> int | None:
        block = self.blocks.pop()
        outer = self.blocks[-1]
        outer.read_first |= block.read_first - outer.written
        if block.has_call and (block.jumped or block.opcode != op.BLOCK):
            # The pass makes each part of the block conditional, so what stands behind the call may not run. A
            # block that nothing jumps out of is none to it.
            self.old = set(self.numbers)
        if block.opcode == op.LOOP:
            outer.written |= block.written
            return offset if block.read_first & block.leaving else None
        self.old |= block.leaving
        if block.opcode == op.IF and block.earlier is None:
            self.old |= block.before
        elif not block.jumped:
            outer.written |= block.written if block.earlier is None else block.written & block.earlier
        return None
