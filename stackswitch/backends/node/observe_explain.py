"""What an engine's error means for stack switching, in a sentence: pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SUSPEND = re.compile(
    r"(trying|attempting) to suspend|frames? (found )?between|not on a suspendable stack", re.IGNORECASE
)
_AFTER_BAD_UNWIND = re.compile(
    r"unreachable|null function|signature mismatch|out of bounds|divide|remainder|illegal cast",
    re.IGNORECASE,
)
_FULL_STACK = re.compile(r"call stack size exceeded", re.IGNORECASE)
_CONTROL = "asyncify_"
_MOST_NAMED = 5


def explain(
    error: str,
    message: str,
    names: Sequence[str],
    js_frames: Sequence[str],
    not_promising: str | None,
    missing: Sequence[str],
) -> str:
    """Explain an error that left the guest; empty: stack switching has nothing to say to it.

    :param names: functions on the error's stack, innermost first
    :param js_frames: host frames between them
    :param not_promising: the outermost function, if the program has not made it promising
    :param missing: the names that the process's waits have shown to be missing, before or after
    """
    if error == "SuspendError" or _SUSPEND.search(message):
        return _refused(js_frames, not_promising)
    if names and names[0].startswith(_CONTROL):
        return "Asyncify's buffer for saved stacks is too small (ASYNCIFY_STACK_SIZE), or its state is wrong"
    if missing and _AFTER_BAD_UNWIND.search(message):
        shown = ", ".join(missing[:_MOST_NAMED]) + (", …" if len(missing) > _MOST_NAMED else "")
        return f"a wait went through functions that Asyncify has not instrumented: {shown}"
    if _FULL_STACK.search(message):
        return "the engine's stack is full; JSPI's own stacks are as large as --stack-size says"
    return ""


def _refused(js_frames: Sequence[str], not_promising: str | None) -> str:
    if js_frames:
        return (
            f"JavaScript lies between the promising export and the import that waits: {'; '.join(js_frames)}"
        )
    if not_promising is not None:
        return f"{not_promising} was called without WebAssembly.promising: JSPI_EXPORTS lacks it"
    return "an import that waits was called where no promising export can be set aside"
