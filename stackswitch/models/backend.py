"""Which backend ran, and on which engine."""

from __future__ import annotations

from typing import Literal

from .base import Frozen

BuildKind = Literal["own", "instrumented"]
"""The Asyncify build of a command: its own, or one that stackswitch makes from the module that JSPI runs."""


class BackendInfo(Frozen):
    """A backend on an engine.

    :ivar engine: ``wasmtime``, ``node``, …
    :ivar features: names out of ``models.features`` that probes have shown to work
    :ivar flags: with which the engine was started
    :ivar details: for people: where the engine and the tools were found, and what was rejected and why
    :ivar build: which build commands on Asyncify ran
    """

    name: str
    engine: str
    engine_version: str
    features: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    details: dict[str, str] = {}
    build: BuildKind | None = None
