"""What a case expects, and what backends are known to do differently."""

from __future__ import annotations

import operator
import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from .backend import BackendInfo
from .base import Frozen
from .features import FeatureName
from .values import HexBytes, ValueText

ListName = Literal[
    "ASYNCIFY_ONLY", "ASYNCIFY_ADD", "ASYNCIFY_REMOVE", "ASYNCIFY_IMPORTS", "JSPI_EXPORTS", "JSPI_IMPORTS"
]
ExpectedOutcome = Literal[
    "returned", "trapped", "wrong", "hung", "needs-list-fix", "unsupported", "crashed", "error"
]
Outcome = Literal[ExpectedOutcome, "skipped"]
"""How a case ended. ``skipped``: its backend cannot run here; no case can expect that."""
TrapKind = Literal[
    "unreachable",
    "integer-divide-by-zero",
    "integer-overflow",
    "bad-conversion",
    "memory-out-of-bounds",
    "table-out-of-bounds",
    "null-call",
    "signature-mismatch",
    "null-reference",
    "bad-cast",
    "stack-overflow",
    "uncaught-exception",
    "host-error",
    "suspend-error",
    "asyncify-overflow",
    "asyncify-state",
    "exit",
    "other",
]
"""Why a call did not return, in words that do not depend on the engine.

``uncaught-exception``: a wasm exception left the export. ``host-error``: a host function failed and
nothing caught it (``error`` has its message). ``suspend-error``: JSPI refused to suspend.
``asyncify-overflow``: Asyncify's buffer was too small. ``asyncify-state``: the unwind/rewind protocol
was broken. ``exit``: WASI's proc_exit with a status other than 0.
"""

_ENGINE = re.compile(r"([a-z]+)\s*(?:(<=|>=|==|<|>)\s*(\d+(?:\.\d+)*))?\Z")
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}


class MemoryExpect(Frozen):
    """Bytes that an instance's first exported memory must contain."""

    at: int = Field(ge=0)
    hex: HexBytes


_IMPLIED: dict[str, ExpectedOutcome] = {
    "missing": "needs-list-fix",
    "symptom": "needs-list-fix",
    "feature": "unsupported",
    "trap": "trapped",
}
"""By key of an expectation, the outcome that it implies if none is given; the first key counts."""


class Expectation(Frozen):
    """What every case can expect; what is not given is not compared.

    ``missing``: by list, exactly these names. ``feature``: what an ``unsupported`` case lacks.
    """

    outcome: ExpectedOutcome = "returned"
    stdout: str | None = None
    suspensions: int | None = Field(default=None, ge=0)
    missing: dict[ListName, tuple[str, ...]] = {}
    feature: FeatureName | None = None

    @model_validator(mode="before")
    @classmethod
    def _outcome_follows(cls, data: object) -> object:
        if isinstance(data, dict) and "outcome" not in data:
            implied = (outcome for key, outcome in _IMPLIED.items() if data.get(key))
            return {**data, "outcome": next(implied, "returned")}
        return data


class Expect(Expectation):
    """What a call must do; what is not given is not compared.

    ``values``: results. ``trap``: why it did not return. ``error``: the message of the host function's
    failure. ``suspensions``: how often the call (of a case: all its calls) was suspended. ``log``: the
    imports called, in order, without WASI's.
    """

    values: tuple[ValueText, ...] | None = None
    trap: TrapKind | None = None
    error: str | None = None
    log: tuple[str, ...] | None = None
    memory: tuple[MemoryExpect, ...] = ()
    globals: dict[str, ValueText] = {}


class Difference(Frozen):
    """What a backend or an engine is known to do differently: what to expect instead, and why.

    ``engine``: a name, or a name and a bound for the version: ``node``, ``node<24``, ``wasmtime>=50``.
    ``expect``: replaces the whole expectation of the case, or of the step ``step`` (counted from 0).
    """

    backend: Literal["asyncify", "jspi", "fiber"] | None = None
    engine: str | None = None
    step: int | None = Field(default=None, ge=0)
    expect: Expect
    reason: str = Field(min_length=1)
    link: str | None = None

    @field_validator("engine")
    @classmethod
    def _is_an_engine(cls, spec: str | None) -> str | None:
        if spec is not None and not _ENGINE.match(spec):
            raise ValueError(
                f"{spec!r} is not an engine: write a name, or a name and a bound such as node<24"
            )
        return spec

    @model_validator(mode="after")
    def _says_where(self) -> Difference:
        if not self._names_something():
            raise ValueError("a difference names a backend, an engine, or both")
        return self

    def _names_something(self) -> bool:
        return self.backend is not None or self.engine is not None

    def fits(self, info: BackendInfo) -> bool:
        """Whether it applies to this backend and engine; only the given parts of a version count."""
        if self.backend not in (None, info.name):
            return False
        match = _ENGINE.match(self.engine) if self.engine is not None else None
        if match is None:
            return True
        if match[1] != info.engine:
            return False
        if match[2] is None:
            return True
        bound = [int(part) for part in match[3].split(".")]
        parts = [int(part) for part in re.findall(r"\d+", info.engine_version)][: len(bound)]
        return bool(_COMPARE[match[2]](parts, bound))
