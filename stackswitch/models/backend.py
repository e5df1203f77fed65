"""What runs the cases."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

BuildKind = Literal["own", "instrumented"]
"""Of commands on Asyncify: the command's own build, or one made by us of the module that JSPI runs."""


class BackendInfo(Frozen):
    """A backend on an engine: what runs the cases.

    ``engine`` is ``wasmtime``, ``node``, …; ``flags`` are those it was started with; ``features`` are the
    names out of ``models.features`` that this backend on this engine was seen to have; ``details``
    is for people: where the engine and the tools were found, what was passed over and why. ``build``: of
    commands on Asyncify, which build they ran.
    """

    name: str
    engine: str
    engine_version: str
    features: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    details: dict[str, str] = {}
    build: BuildKind | None = None
