"""Asyncify's protocol as a state machine: plain values in and out, no engine, no memory, no clock.

A build made by Asyncify is in one of three states. Normally its functions run. When an import wants to wait,
the host starts an *unwind*: every function returns at once, saving its locals in a data block.
Later the host starts a *rewind* and calls the same export again: every function restores itself and goes
straight to the call it was in, until the same import is called again, the host stops the rewind, and the
import returns for the second time, now with its results. Source: Binaryen, src/passes/Asyncify.cpp.

One instance has one state and, here, one data block, which holds the call that unwound last; what it held
before is suspended by the caller (``claim`` says whose it is).

What a machine can notice of a name missing from a list is in ``errors.RULES``. It is no proof: some rows of a
wrong list never break the protocol (they run a function twice).
"""

from __future__ import annotations

from typing import Generic, TypeVar

from ..errors import ProtocolError

NORMAL, UNWINDING, REWINDING = 0, 1, 2
"""What ``asyncify_get_state`` gives."""

CallT = TypeVar("CallT")


class StateMachine(Generic[CallT]):
    """The state of one instance, and which calls are in it.

    :ivar state: NORMAL, UNWINDING or REWINDING; the guest's own state is the same
    :ivar switches: how many unwinds and rewinds were begun
    :ivar running: the calls with frames on the native stack, innermost last
    :ivar owner: the call whose saved stack lies in the data block, if any
    :ivar waits: the import that each call which is suspended waits in
    """

    __slots__ = ("owner", "running", "state", "switches", "waits")

    def __init__(self) -> None:
        self.state = NORMAL
        self.switches = 0
        self.running: list[CallT] = []
        self.owner: CallT | None = None
        self.waits: dict[CallT, object] = {}

    @property
    def suspended(self) -> int:
        """How many calls are suspended."""
        return len(self.waits)

    def is_suspended(self, call: CallT) -> bool:
        """Whether a call is suspended."""
        return call in self.waits

    def enter(self, call: CallT) -> None:
        """Begin a call of an export.

        :raises ProtocolError: the instance is in the middle of a switch
        """
        if self.state != NORMAL:
            raise ProtocolError("entered-while-switching")
        self.running.append(call)

    def plain_import(self) -> None:
        """An import that never waits was called.

        :raises ProtocolError: the instance is in the middle of a switch
        """
        if self.state != NORMAL:
            raise ProtocolError(
                "import-while-unwinding" if self.state == UNWINDING else "import-while-rewinding"
            )

    def waiting_import(self, which: object, saved_bytes: int) -> bool:
        """An import that may wait was called: whether it is reached again, to return what it waited for.

        If so the caller stops the guest's rewind.

        :param which: the import; the same object each time
        :param saved_bytes: what is left of the saved stack in the data block (bytes); of no account normally
        :raises ProtocolError: it was called where it should not have been
        """
        if self.state == NORMAL:
            return False
        if self.state == UNWINDING:
            raise ProtocolError("import-while-unwinding")
        call = self.running[-1]
        if self.waits.get(call) is not which:
            raise ProtocolError("other-import")
        if saved_bytes:
            raise ProtocolError("stack-left", f"{saved_bytes} bytes")
        del self.waits[call]
        self.owner = None
        self.state = NORMAL
        return True

    def claim(self, call: CallT) -> CallT | None:
        """Give the data block to a call; return whose saved stack has to be suspended first."""
        before, self.owner = self.owner, call
        return None if before is call else before

    def unwind(self, which: object) -> CallT | None:
        """Begin to unwind the innermost call, which waits in the import ``which``; it claims the data block.

        :returns: whose saved stack has to be suspended first
        """
        call = self.running[-1]
        self.waits[call] = which
        self.state = UNWINDING
        self.switches += 1
        before, self.owner = self.owner, call
        return None if before is call else before

    def left(self) -> bool:
        """The innermost call's export has returned: whether it is now suspended (else it is done).

        If so the caller stops the guest's unwind.

        :raises ProtocolError: it returned in the middle of a rewind
        """
        if self.state == NORMAL:
            self.running.pop()
            return False
        if self.state == REWINDING:
            raise ProtocolError("not-reached")
        self.running.pop()
        self.state = NORMAL
        return True

    def rewind(self, call: CallT) -> None:
        """Begin to rewind a call that was suspended.

        :raises ProtocolError: the instance is in the middle of a switch
        """
        self.enter(call)
        self.state = REWINDING
        self.switches += 1

    def resume(self, call: CallT) -> None:
        """A call that was suspended has been rewound to its import, and the rewind stopped, all without us.

        :raises ProtocolError: the instance is in the middle of a switch
        """
        if self.state == NORMAL:
            self.running.append(call)
            self.switches += 1
        elif self.state == UNWINDING or self.running[-1] is not call:
            raise ProtocolError("import-while-unwinding")
        del self.waits[call]
        self.owner = None
        self.state = NORMAL

    def suspend(self, call: CallT, which: object) -> None:
        """An adapter has unwound a call that waits in the import ``which``, and has stopped the unwind.

        If the call was being resumed, the adapter ended that rewind first. The data block was free.

        :raises ProtocolError: the instance is in the middle of another call's switch
        """
        if self.running and self.running[-1] is call:
            self.running.pop()
            self.switches += self.state != UNWINDING
        elif self.state == NORMAL:
            self.switches += 2
        else:
            raise ProtocolError("import-while-unwinding")
        self.waits[call] = which
        self.owner = call
        self.state = NORMAL

    def suspend_again(self, call: CallT, which: object) -> None:
        """An adapter has rewound a suspended call to its import, and unwound it again in ``which``.

        No other call of the instance has run meanwhile. It equals ``resume`` and ``suspend``.
        """
        if self.state:  # the rewind was seen on its way
            self.suspend(call, which)
            return
        self.waits[call] = which
        self.switches += 2

    def forget(self, call: CallT) -> None:
        """Drop a call that will not go on: it trapped, broke the protocol, or was cancelled."""
        self.waits.pop(call, None)
        if self.owner is call:
            self.owner = None
        if call in self.running:
            del self.running[self.running.index(call) :]
            self.state = NORMAL
