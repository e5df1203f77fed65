"""Notes on exceptions, on every Python: what ``add_note`` of 3.11 does."""

from __future__ import annotations

from collections.abc import Sequence

from stackswitch.errors import GuestFrame

_MOST_SHOWN = 40


def add_note(error: BaseException, text: str) -> None:
    """Add a note to an exception; before Python 3.11 ``__notes__`` has it but no traceback."""
    try:
        notes = error.__dict__.setdefault("__notes__", [])
        if text not in notes:
            notes.append(text)
    except AttributeError:  # one without a __dict__: there is no place for it
        return


def note_stack(error: BaseException, import_: str, export: str, frames: Sequence[GuestFrame]) -> None:
    """Note on a host function's exception where in the guest it was called."""
    shown = [f"  in {frame}" for frame in frames[:_MOST_SHOWN]]
    if len(frames) > _MOST_SHOWN:
        shown.append(f"  and {len(frames) - _MOST_SHOWN} more")
    add_note(error, "\n".join([f"raised by {import_}, called from the guest's export {export}", *shown]))
