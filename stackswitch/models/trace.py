"""Suspensions: the one currency between running, listing and reporting."""

from __future__ import annotations

from .base import Frozen

TRACE_SCHEMA_VERSION = 1

Frame = tuple[int, int, str]
"""Function index (imports counted), byte offset in the module (-1: not known), name."""


class Suspension(Frozen):
    """A wait, and the stack between the import and the promising export; equal ones are counted.

    ``frames`` are innermost first, the import itself not among them. ``js_frames`` are host frames
    found between frames of the guest, as ``name (place)``. ``truncated``: the stack goes on, unseen.
    ``missing`` are the names on this stack that the build does not instrument.
    """

    module: str
    backend: str
    import_: str
    export: str
    frames: tuple[Frame, ...]
    js_frames: tuple[str, ...] = ()
    truncated: bool = False
    missing: tuple[str, ...] = ()
    count: int = 1
