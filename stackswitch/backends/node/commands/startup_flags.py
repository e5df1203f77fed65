"""Flags for engines whose runs are short: they optimise late, and validate a build once.

V8 begins to optimise WebAssembly after some 2 MB of executed code (Node 20): in a program that is over in a
second, most of the processor's time then goes into code that never pays. Functions that are really hot are
optimised all the same. Measured in docs/performance.md.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stackswitch.tools import watchdog

_BUDGET = 100_000_000
_BUDGET_OF_MANY = 20 * _BUDGET
"""Where one process runs scripts one after another, which share what each function has executed."""
FLAGS = (
    f"--wasm-tiering-budget={_BUDGET}",
    # The first program that gets a build validates all of it (node_shim/commands/builds.mjs).
    "--wasm-lazy-validation",
    # The same for JavaScript, until Node 21.
    "--interrupt-budget=2000000",
)
_TIMEOUT_S = 30.0
_OPTION = re.compile(r"^ {2}(--[a-z0-9-]+) \(", re.MULTILINE)


def known_options(printed: str) -> frozenset[str]:
    """The names of options in what ``node --v8-options`` prints."""
    return frozenset(_OPTION.findall(printed))


def flags_for(known: frozenset[str], given: Sequence[str], *, many: bool = False) -> tuple[str, ...]:
    """The flags that an engine has, but for those that a suite gives itself.

    :param given: the suite's ``node_args``
    :param many: a process runs many scripts
    """
    said = {_name(each) for each in given}
    flags = tuple(each for each in FLAGS if (name := _name(each)) in known and name not in said)
    return tuple(each.replace(f"={_BUDGET}", f"={_BUDGET_OF_MANY}") for each in flags) if many else flags


def _name(flag: str) -> str:
    """A flag as V8 lists it: without its value, and without the ``no`` that turns it off."""
    return flag.split("=")[0].replace("_", "-").replace("--no-", "--", 1)


def flags_of(engine: Path, given: Sequence[str], *, many: bool = False) -> tuple[str, ...]:
    """Ask an engine for its options, and return the flags for it; none if it does not say. Blocks."""
    try:
        done = watchdog.run([str(engine), "--v8-options"], timeout_s=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError):
        return ()
    if done.returncode:
        return ()
    return flags_for(known_options(done.stdout.decode(errors="replace")), given, many=many)
