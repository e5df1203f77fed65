"""What the transform is asked for, and what it says of the module that it made."""

from __future__ import annotations

from pydantic import Field

from stackswitch.models.base import Frozen

REGION_BYTES = 65536
"""How large a call's C stack is by default: what Emscripten gives a whole program."""

LEAST_REGION_BYTES, MOST_REGION_BYTES = 1024, 1 << 30
REGION_ALIGNMENT = 16
NEXT_CALL, CALL_FAILED = "stackswitch.next_call", "stackswitch.call_failed"
"""Exports for hosts: ``(i32) -> i32``, the number of the call that begins next, 0 if there is no room for its
C stack, given whether no other call is open; ``(i32) -> ()``, a call has ended by an error."""
RECLAIM = "stackswitch.reclaim"
"""An export for glue, ``() -> ()``: what runs has trapped. No code of the module is on the native stack."""
TRAPS = "stackswitch."
"""How the names of added functions that only trap begin: they are the message."""


class ReentrantRequest(Frozen):
    """A module, and where its calls begin and wait.

    :ivar wasm: a linked module that runs on JSPI
    :ivar suspend: the imports that may suspend, ``module.name``
    :ivar promise: the exports that are called through ``WebAssembly.promising``
    :ivar promise_table: functions of the table that are, by name or decimal index
    :ivar region_bytes: how large the C stack of a call is, a multiple of 16
    :ivar malloc: the module's function that allocates, if it has another name
    :ivar main_module: it is a main module of dynamic linking; side modules that wait or begin calls are made
        re-entrant, too
    :ivar side_of: it is a side module of dynamic linking; this is its main module, which was made re-entrant
    :ivar invokes: replace Emscripten's ``invoke_*``, so that calls below them may wait
    :ivar invoke_names: what minified imports (full names) stand for: ``invoke_vi``, ``__cxa_throw``
    :ivar new_exceptions: catch exceptions as standardised (``try_table``); None: as the module does, else as
        first shipped, which all engines with JSPI have
    :ivar for_host: the host calls exports itself, and never functions of the table. ``NEXT_CALL`` and
        ``CALL_FAILED`` are exported as well. A module without ``malloc`` has its regions in pages that are
        added to the memory.
    :ivar debug_info: keep what debuggers read; else it is dropped where code moves
    :ivar source_map: the file that the section ``sourceMappingURL`` names
    :ivar source_map_url: what the section names in the build
    :ivar debug_module: the file that the section ``external_debug_info`` names (``-gseparate-dwarf``)
    :ivar debug_module_url: what the section names in the build
    """

    wasm: bytes = Field(repr=False)
    suspend: tuple[str, ...] = ()
    promise: tuple[str, ...] = ()
    promise_table: tuple[str, ...] = ()
    region_bytes: int = Field(
        default=REGION_BYTES, ge=LEAST_REGION_BYTES, le=MOST_REGION_BYTES, multiple_of=REGION_ALIGNMENT
    )
    malloc: str | None = None
    main_module: bool = False
    side_of: bytes | None = Field(default=None, repr=False)
    invokes: bool = False
    invoke_names: dict[str, str] = {}
    new_exceptions: bool | None = None
    for_host: bool = False
    debug_info: bool = True
    source_map: bytes | None = Field(default=None, repr=False)
    source_map_url: str = ""
    debug_module: bytes | None = Field(default=None, repr=False)
    debug_module_url: str = ""


class ReentrantSummary(Frozen):
    """What was done.

    :ivar suspending: the imports whose calls are wrapped, ``module.name``
    :ivar promising: the exports that are wrapped
    :ivar table_functions: the functions wrapped in the table, by name
    :ivar restoring: the exports that set the C stack pointer, which are guarded
    :ivar invokes: the ``invoke_*`` that were replaced
    :ivar throwing: the imports that throw what these catch
    :ivar stack_pointer: the index of the global, and ``evidence`` for it. None: a side module that has none
    :ivar own_stack_bytes: the size of the module's own C stack, at most
    :ivar notes: what the user should know: sections that were dropped, what cannot be made right
    """

    suspending: tuple[str, ...]
    promising: tuple[str, ...]
    table_functions: tuple[str, ...]
    restoring: tuple[str, ...]
    invokes: tuple[str, ...]
    throwing: tuple[str, ...]
    stack_pointer: int | None
    evidence: str
    own_stack_bytes: int
    notes: tuple[str, ...]


class ReentrantResult(ReentrantSummary):
    """The module made, and what was done.

    :ivar call_sites: how many calls of imports were redirected
    :ivar source_map, debug_module: the files that the request gave, of the module made
    """

    wasm: bytes = Field(repr=False)
    call_sites: int
    source_map: bytes | None = Field(default=None, repr=False)
    debug_module: bytes | None = Field(default=None, repr=False)
