"""What the cases of a suite need of an engine."""

from __future__ import annotations

from functools import cache

from stackswitch.errors import WasmFormatError
from stackswitch.wasm.features import used_features
from stackswitch.wasm.module import parse_module

from .loader import Suite


def suite_needs(suite: Suite) -> dict[str, frozenset[str]]:
    """Return the features each case needs: those that it declares, and those that its modules use.

    What the modules of a command use is unknown before it runs. It needs what it declares.
    """
    used = cache(_used)
    needs = {
        each.case.id: frozenset(each.case.needs).union(*map(used, each.modules.values()))
        for each in suite.cases
    }
    return needs | {each.case.id: frozenset(each.case.needs) for each in suite.commands}


def _used(binary: bytes) -> frozenset[str]:
    try:
        return frozenset(used_features(parse_module(binary)))
    except WasmFormatError:  # no engine runs it: that is the case's result, not reported here
        return frozenset()
