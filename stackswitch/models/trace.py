"""Suspensions, which running, lists and reports exchange; and the lines of a trace file.

A trace is JSON Lines (``docs/trace-format.md``). Each line is one of the ``Trace…`` models, by ``kind``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from .base import Frame, Frozen
from .expect import ListName
from .finding import TraceFinding

TRACE_SCHEMA_VERSION = 1


class Suspension(Frozen):
    """A suspension: the import, and the stack between it and the promising export. Equal ones are counted.

    ``frames``: innermost first, without the import. ``js_frames``: host frames between frames of the guest,
    as ``name (place)``. ``call_site``: the JavaScript that entered the guest, the first time; empty: not
    seen. ``truncated``: the stack has more frames. ``missing``: the names on this stack that
    the build does not instrument. ``through``: the import that the innermost frame calls, if JavaScript then
    called ``import_`` (Emscripten's ``invoke_*``). ``import_async``: the program's own glue marks the import
    as asynchronous. ``refused``: the engine refused to suspend, so nothing waited.
    """

    module: str
    backend: str
    import_: str
    export: str
    frames: tuple[Frame, ...]
    through: str = ""
    import_async: bool = False
    refused: bool = False
    js_frames: tuple[str, ...] = ()
    call_site: str = ""
    truncated: bool = False
    missing: tuple[str, ...] = ()
    count: int = 1


class TraceStart(Frozen):
    """A process or a worker thread began; the first line is the recorder's own."""

    kind: Literal["start"] = "start"
    schema_version: int = TRACE_SCHEMA_VERSION
    process: int
    parent: int | None = None
    thread: int = 0
    engine: str
    engine_version: str
    argv: tuple[str, ...] = ()


class TraceModule(Frozen):
    """A module was compiled.

    ``functions``: how many; None: its bytes could not be read. ``instrumented``: how many functions Asyncify
    has instrumented; None: it is not an Asyncify build.
    """

    kind: Literal["module"] = "module"
    module: str
    size_bytes: int
    functions: int | None = None
    instrumented: int | None = None


class TraceSuspension(Suspension):
    """A suspension as a line: ``import_`` is written as ``import``.

    ``frame_modules``: the module of each frame, if some are of another module than ``module`` (a side
    module); their names begin with the first digits of that module's hash and ``!``. ``missing_imports``:
    imports on this stack after which the build does not check whether to unwind (``ASYNCIFY_IMPORTS``).
    ``saved_bytes``, ``saved_room``: the most that Asyncify saved of this stack, and the room for it (bytes).
    """

    kind: Literal["suspension"] = "suspension"
    import_: str = Field(alias="import")
    frame_modules: tuple[str, ...] = ()
    missing_imports: tuple[str, ...] = ()
    saved_bytes: int | None = None
    saved_room: int | None = None


TrapCause = Literal[
    "",
    "not-promising",
    "not-exported",
    "js-frames",
    "no-entry",
    "not-instrumented",
    "saved-stack",
    "engine-stack",
    "no-jspi",
]
"""How stack switching caused a trap; empty: unknown, or it did not.

``not-promising``: an export was called without ``WebAssembly.promising``. ``not-exported``: so was a function
that is not exported, which no list can name. ``js-frames``: JavaScript was between frames of the guest.
``no-entry``: the engine refused, and the stack does not show the entry. ``not-instrumented``: the build lacks
names. ``saved-stack``: Asyncify's buffer is too small. ``engine-stack``: the engine's stack is full.
``no-jspi``: the engine has no JSPI.
"""
REFUSED: tuple[TrapCause, ...] = ("not-promising", "not-exported", "js-frames", "no-entry")
"""Causes with which the engine refused to suspend. The stack is still one of a suspension."""


class TraceTrap(Frozen):
    """An error of the engine that left the guest, or a suspension that the engine refused.

    ``error``, ``message``: the engine's; for a refusal that the program itself caught, ``message`` is the
    observer's and ``caught`` is set. ``frames``: those of the error (``Error.stackTraceLimit`` of the
    program: 10 by default). ``import_``, ``export``: of a refused suspension. ``missing``: by list, the names
    that would fix it.
    """

    kind: Literal["trap"] = "trap"
    process: int
    thread: int = 0
    module: str = ""
    error: str
    message: str
    frames: tuple[Frame, ...] = ()
    js_frames: tuple[str, ...] = ()
    call_site: str = ""
    frame_modules: tuple[str, ...] = ()
    import_: str = Field(default="", alias="import")
    export: str = ""
    cause: TrapCause = ""
    missing: dict[ListName, tuple[str, ...]] = {}
    caught: bool = False
    explanation: str = ""


class TraceError(Frozen):
    """The observer failed: something is missing in this trace."""

    kind: Literal["error"] = "error"
    process: int | None = None
    thread: int = 0
    message: str


class TraceEnd(Frozen):
    """A process or worker ended by itself; one without this line was killed.

    ``status``: its exit status. ``suspensions``: how many there were. ``left_out``: how many of them have no
    stack in the trace (sampling, limits).
    """

    kind: Literal["end"] = "end"
    process: int
    thread: int = 0
    status: int | None = None
    suspensions: int = 0
    left_out: int = 0


TraceLine = Annotated[
    TraceStart | TraceModule | TraceSuspension | TraceTrap | TraceFinding | TraceError | TraceEnd,
    Field(discriminator="kind"),
]
TRACE_LINE: TypeAdapter[TraceLine] = TypeAdapter(TraceLine)
