"""Suspensions: the one currency between running, listing and reporting; and the lines of a trace file.

A trace is JSON Lines (``docs/trace-format.md``); each line is one of the ``Trace…`` models, by ``kind``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from .base import Frozen
from .expect import ListName

TRACE_SCHEMA_VERSION = 1

Frame = tuple[int, int, str]
"""Function index (imports counted), byte offset in the module (-1: not known), name."""


class Suspension(Frozen):
    """A wait, and the stack between the import and the promising export; equal ones are counted.

    ``frames`` are innermost first, the import itself not among them. ``js_frames`` are host frames
    found between frames of the guest, as ``name (place)``. ``truncated``: the stack goes on, unseen.
    ``missing`` are the names on this stack that the build does not instrument. ``through``: the import that
    the innermost frame calls, where JavaScript then called ``import_`` (Emscripten's ``invoke_*``).
    ``import_async``: the program's own glue marks the import as asynchronous. ``refused``: the engine refused
    to suspend, so that nothing waited.
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
    truncated: bool = False
    missing: tuple[str, ...] = ()
    count: int = 1


class TraceStart(Frozen):
    """A process, or a worker thread of one, was there; the first line is of the recorder itself."""

    kind: Literal["start"] = "start"
    schema_version: int = TRACE_SCHEMA_VERSION
    process: int
    parent: int | None = None
    thread: int = 0
    engine: str
    engine_version: str
    argv: tuple[str, ...] = ()


class TraceModule(Frozen):
    """A module that was compiled; ``functions`` None: its bytes could not be read.

    ``instrumented``: how many functions Asyncify has instrumented; None: it is no Asyncify build.
    """

    kind: Literal["module"] = "module"
    module: str
    size_bytes: int
    functions: int | None = None
    instrumented: int | None = None


class TraceSuspension(Suspension):
    """A suspension as a line: ``import_`` is written as ``import``.

    ``frame_modules``: the module of each frame, where not all are of ``module`` (a side module's); their
    names have the first digits of that module's hash and ``!`` in front. ``missing_imports``: imports on
    this stack after whose calls the build does not look whether it is to unwind (``ASYNCIFY_IMPORTS``).
    """

    kind: Literal["suspension"] = "suspension"
    import_: str = Field(alias="import")
    frame_modules: tuple[str, ...] = ()
    missing_imports: tuple[str, ...] = ()


TrapCause = Literal[
    "",
    "not-promising",
    "not-exported",
    "js-frames",
    "no-entry",
    "not-instrumented",
    "saved-stack",
    "engine-stack",
]
"""What stack switching has to do with a trap; empty: nothing that is known.

``not-promising``: an export was called without ``WebAssembly.promising``; ``not-exported``: so was a function
that is not exported, which no list can name; ``js-frames``: JavaScript between; ``no-entry``: refused, and
the stack does not show where it was entered; ``not-instrumented``: Asyncify lacks names; ``saved-stack``:
Asyncify's buffer is too small; ``engine-stack``: the engine's stack is full.
"""
REFUSED: tuple[TrapCause, ...] = ("not-promising", "not-exported", "js-frames", "no-entry")
"""The engine refused to suspend: the stack is one at a wait all the same."""


class TraceTrap(Frozen):
    """An error of the engine's that left the guest, or a suspension that the engine refused.

    ``error`` and ``message`` are the engine's own words; of a refusal that the program caught itself,
    ``message`` is the observer's, and ``caught`` is set. ``frames`` are those that the error itself kept
    (``Error.stackTraceLimit`` of the program: 10 by default). ``import_`` and ``export``: of a refused
    suspension, as in a suspension; ``missing``: the names that would mend it, by list.
    """

    kind: Literal["trap"] = "trap"
    process: int
    thread: int = 0
    module: str = ""
    error: str
    message: str
    frames: tuple[Frame, ...] = ()
    js_frames: tuple[str, ...] = ()
    frame_modules: tuple[str, ...] = ()
    import_: str = Field(default="", alias="import")
    export: str = ""
    cause: TrapCause = ""
    missing: dict[ListName, tuple[str, ...]] = {}
    caught: bool = False
    explanation: str = ""


class TraceError(Frozen):
    """The observer itself fell short: something is missing in this trace."""

    kind: Literal["error"] = "error"
    process: int | None = None
    thread: int = 0
    message: str


class TraceEnd(Frozen):
    """A process or worker ended in an orderly way; one that has none was killed.

    ``status``: what it exits with. ``suspensions``: all waits; ``left_out``: those of them whose stack is not
    in the trace (sampling, limits).
    """

    kind: Literal["end"] = "end"
    process: int
    thread: int = 0
    status: int | None = None
    suspensions: int = 0
    left_out: int = 0


TraceLine = Annotated[
    TraceStart | TraceModule | TraceSuspension | TraceTrap | TraceError | TraceEnd,
    Field(discriminator="kind"),
]
TRACE_LINE: TypeAdapter[TraceLine] = TypeAdapter(TraceLine)
