"""What runs the cases."""

from __future__ import annotations

from .base import Frozen


class BackendInfo(Frozen):
    """A backend on an engine: what runs the cases.

    ``engine`` is ``wasmtime``, ``node``, …; ``flags`` are those it was started with; ``features`` are the
    names out of ``models.features`` that this backend on this engine was seen to have; ``details``
    is for people: where the engine and the tools were found, what was passed over and why.
    """

    name: str
    engine: str
    engine_version: str
    features: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    details: dict[str, str] = {}
