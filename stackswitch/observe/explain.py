"""What an engine's error means for stack switching, in a sentence: pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stackswitch.lists.emscripten_imports import INVOKE
from stackswitch.models.trace import TrapCause

_SUSPEND = re.compile(
    r"(trying|attempting) to suspend|frames? (found )?between|not on a suspendable stack", re.IGNORECASE
)
_AFTER_BAD_UNWIND = re.compile(
    r"unreachable|null function|signature mismatch|out of bounds|divide|remainder|illegal cast",
    re.IGNORECASE,
)
_NO_JSPI = re.compile(r"WebAssembly\.(Suspending|promising) is not a")
_FULL_STACK = re.compile(r"call stack size exceeded", re.IGNORECASE)
_CONTROL = "asyncify_"
_MOST_NAMED = 5


@dataclass(frozen=True)
class NonPromisingEntry:
    """A function that JavaScript called without ``WebAssembly.promising``.

    :ivar exported: whether the module exports it, under this name
    """

    name: str
    exported: bool = True


@dataclass(frozen=True)
class Explained:
    """What stack switching has to do with an error: a word, and a sentence; empty: nothing."""

    cause: TrapCause = ""
    text: str = ""


def explain_error(
    error: str,
    message: str,
    names: Sequence[str],
    js_frames: Sequence[str],
    entry: NonPromisingEntry | None,
    missing: Sequence[str],
) -> Explained:
    """Explain an error that left the guest.

    :param names: functions on the error's stack, innermost first
    :param js_frames: host frames between them
    :param entry: the outermost function, if the program has not made it promising
    :param missing: the names that the process's waits have shown to be missing, before or after
    """
    if _NO_JSPI.search(message):
        return Explained("no-jspi", f"the program uses JSPI, and the engine has none: {message}")
    if error == "SuspendError" or _SUSPEND.search(message):
        return refused(js_frames, entry)
    if names and names[0].startswith(_CONTROL):
        text = "Asyncify's buffer for saved stacks is too small (ASYNCIFY_STACK_SIZE), or its state is wrong"
        return Explained("saved-stack", text)
    if missing and _AFTER_BAD_UNWIND.search(message):
        shown = ", ".join(missing[:_MOST_NAMED]) + (", …" if len(missing) > _MOST_NAMED else "")
        return Explained(
            "not-instrumented", f"a wait went through functions that Asyncify has not instrumented: {shown}"
        )
    if _FULL_STACK.search(message):
        text = "the engine's stack is full; JSPI's own stacks are as large as --stack-size says"
        return Explained("engine-stack", text)
    return Explained()


def refused(js_frames: Sequence[str], entry: NonPromisingEntry | None) -> Explained:
    """Explain why the engine refused to suspend."""
    invoke = next((each for each in js_frames if each.startswith(INVOKE)), None)
    if invoke is not None:
        text = (
            f"{invoke} of Emscripten's glue lies between the promising export and the import that waits: it "
            "carries C++ exceptions and longjmp"
        )
        return Explained("js-frames", text)
    if js_frames:
        between = "; ".join(js_frames)
        text = f"JavaScript lies between the promising export and the import that waits: {between}"
        return Explained("js-frames", text)
    if entry is None:
        text = "an import that waits was called where no promising export can be suspended"
        return Explained("no-entry", text)
    if entry.exported:
        text = f"{entry.name} was called without WebAssembly.promising: JSPI_EXPORTS lacks it"
        return Explained("not-promising", text)
    return Explained(
        "not-exported",
        f"{entry.name} was called without WebAssembly.promising. It is not exported, so that JSPI_EXPORTS "
        "cannot name it: wrap it in WebAssembly.promising in the JavaScript that calls it",
    )
