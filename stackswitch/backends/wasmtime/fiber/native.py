"""The callback of host functions on fibers in machine code, where we have it: on x86-64 Linux.

``capi.HostCallback`` puts it together from C functions of ctypes, which takes 2 µs a call and needs Python's
lock, objects and a stack deep enough. These 17 instructions touch nothing of Python's: they write where the
arguments are into a record and fill the continuation. So nothing of Python's can be run on the fiber,
by whatever way.

The record, in words of 8 bytes: a flag (1: the guest may go on; the callback sets it to 0, and so the guest
waits), the number of the host function, where its arguments are, its results, its trap, ``strlen``, the
flag's address. The callback's environment is two words: the record's address and the number.

Calling convention: System V AMD64, six arguments in registers and the rest on the stack.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import sys
from functools import cache, partial
from struct import Struct

from ..capi import address
from .capi import c_library

_CODE = bytes.fromhex(
    "f30f1efa"  # endbr64
    "488b07"  # mov rax, [rdi]          the record
    "488b7f08"  # mov rdi, [rdi + 8]      the number
    "48897808"  # mov [rax + 8], rdi
    "48895010"  # mov [rax + 16], rdx     arguments
    "4c894018"  # mov [rax + 24], r8      results
    "488b7c2408"  # mov rdi, [rsp + 8]      trap
    "48897820"  # mov [rax + 32], rdi
    "48c70000000000"  # mov qword [rax], 0      the guest waits
    "488b7c2410"  # mov rdi, [rsp + 16]     continuation
    "488b7028"  # mov rsi, [rax + 40]     strlen
    "488937"  # mov [rdi], rsi
    "488b7030"  # mov rsi, [rax + 48]     the flag's address
    "48897708"  # mov [rdi + 8], rsi
    "48c7471000000000"  # mov qword [rdi + 16], 0 no finalizer
    "c3"  # ret
)
_RECORD = Struct("<7Q")
_ARMED = Struct("<2Q")
_CALLED = Struct("<4Q")
_FIRST = 8


@cache
def _code() -> tuple[mmap.mmap, int] | None:
    """Return the page with the code and where it is; None: there is none here, or the system forbids it."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.maxsize < 1 << 32:
        return None
    page = mmap.mmap(-1, mmap.PAGESIZE)
    page.write(_CODE)
    at = ctypes.addressof(ctypes.c_char.from_buffer(page))
    try:
        protect = ctypes.PyDLL(None, use_errno=True).mprotect
    except (AttributeError, OSError):
        return None
    protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    # Never to be written and run at once: kernels may forbid that, and rightly.
    failed = protect(at, mmap.PAGESIZE, mmap.PROT_READ | mmap.PROT_EXEC)
    return None if failed else (page, at)


class NativeCallback:
    """The C function that host functions are called through (see ``capi.HostCallback``).

    :ivar address: the C function's address
    :ivar arm: to be called before each poll of a guest
    :ivar called: the number of the host function that was called since, 0 for none, and where its
        arguments, its results and its trap are
    """

    def __init__(self, code: int) -> None:
        self.address = code
        self._record = ctypes.create_string_buffer(_RECORD.size)
        self._at = at = ctypes.addressof(self._record)
        _RECORD.pack_into(self._record, 0, 0, 0, 0, 0, 0, address(c_library().strlen), at)
        self._environments: list[ctypes.Array[ctypes.c_uint64]] = []
        self.arm = partial(_ARMED.pack_into, self._record, 0, 1, 0)
        self.called = partial(_CALLED.unpack_from, self._record, _FIRST)

    def environment(self, number: int) -> int:
        """Return what the callback is given for a host function."""
        words = (ctypes.c_uint64 * 2)(self._at, number)
        self._environments.append(words)
        return ctypes.addressof(words)


def native_callback() -> NativeCallback | None:
    """Return a callback in machine code, None where there is none."""
    code = _code()
    return None if code is None else NativeCallback(code[1])
