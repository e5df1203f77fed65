"""Notes on exceptions, as ``add_note`` of Python 3.11 makes them, on every Python."""

from __future__ import annotations

from collections.abc import Sequence

from stackswitch.errors import GuestFrame

_MOST_SHOWN = 40


def add_note(error: BaseException, text: str) -> None:
    """Add a note to an exception, once. Before Python 3.11 only ``__notes__`` has it, not the traceback."""
    try:
        notes = error.__dict__.setdefault("__notes__", [])
        if text not in notes:
            notes.append(text)
    except AttributeError:  # it has no __dict__, and so no place for a note
        return


def note_stack(error: BaseException, import_: str, export: str, frames: Sequence[GuestFrame]) -> None:
    """Add a note to a host function's exception: where in the guest the function was called."""
    shown = [f"  in {frame}" for frame in frames[:_MOST_SHOWN]]
    if len(frames) > _MOST_SHOWN:
        shown.append(f"  and {len(frames) - _MOST_SHOWN} more")
    add_note(error, "\n".join([f"raised by {import_}, called from the guest's export {export}", *shown]))
