"""Runs calls of a JSPI module at once on Node, and compares each with the same call alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.tools.scripts import run_script
from stackswitch.wasm.module import Module, parse_module

from .locate import Engine
from .stubs import import_stubs

COUNT = 100
"""How many calls are begun."""
_TIMEOUT_S = 90.0
_CALL = re.compile(r"(?P<name>[^()]+)(?:\((?P<values>[^()]*)\))?")


class OverlapRun(Frozen):
    """How many calls ended otherwise than alone, and how; values that differ are counted together.

    ``waits``: how often they waited.
    """

    calls: int
    wrong: int
    waits: int = 0
    errors: dict[str, int] = {}


class PlannedCall(Frozen):
    """A call of an export; values of i64 are texts."""

    name: str
    values: tuple[float | int | dict[str, str], ...] = ()


def planned_call(module: Module, text: str) -> PlannedCall:
    """Read a call as users write it: ``go``, ``go(1, 2)``.

    :raises ConfigError: it is written otherwise, or does not fit an export
    """
    match = _CALL.fullmatch(text.strip())
    export = module.export_named(match["name"].strip()) if match else None
    if match is None or export is None or export.kind != "func":
        raise ConfigError(f"{text}: no call of an exported function; write NAME or NAME(VALUE, …)")
    words = [each.strip() for each in (match["values"] or "").split(",") if each.strip()]
    kinds = module.function_type(export.index).params
    if len(words) != len(kinds):
        raise ConfigError(f"{text}: {export.name} takes {len(kinds)} values ({', '.join(kinds) or 'none'})")
    return PlannedCall(
        name=export.name,
        values=tuple(_value(kind, word, text) for kind, word in zip(kinds, words, strict=True)),
    )


def overlap_calls(
    path: Path,
    suspending: Sequence[str],
    calls: Sequence[PlannedCall],
    *,
    engine: Engine,
    count: int = COUNT,
    seed: int = 1,
) -> OverlapRun:
    """Run the calls, in turn, until there are ``count``. Blocks.

    :param suspending: the imports that suspend, ``module.name``; the others do nothing
    :raises ToolError: Node does not run the module, or it does not end
    """
    plan: dict[str, Any] = {
        "imports": import_stubs(parse_module(path.read_bytes())),
        "suspending": list(suspending),
        "calls": [each.model_dump() for each in calls],
        "count": count,
        "seed": seed,
    }
    found = run_script(
        "overlap.mjs",
        str(path),
        stdin=json.dumps(plan).encode(),
        node=engine.path,
        flags=engine.flags,
        timeout_s=_TIMEOUT_S,
        problem=f"the calls of {path} did not end",
    )
    return OverlapRun.model_validate(found)


def _value(kind: str, word: str, text: str) -> float | int | dict[str, str]:
    try:
        if kind == "i64":
            return {"i64": str(int(word, 0))}
        if kind in ("f32", "f64"):
            return float(word)
        if kind == "i32":
            return int(word, 0)
    except ValueError:
        pass
    raise ConfigError(f"{text}: {word} is no {kind}")
