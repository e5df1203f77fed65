"""Runs probes on an engine, in a child that may crash, hang or print anything; the other probes still run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from stackswitch.tools import watchdog
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.failures import describe_status
from stackswitch.tools.paths import node_shim_dir, wheel_node
from stackswitch.tools.processes import Ended, run_command
from stackswitch.tools.progress import Progress, silent

from .probe_output import ProbeOutput
from .probes import all_probes
from .targets import Target

START_TIMEOUT_S = 30.0
"""How long an engine may take to its first line: browsers start slowly."""
PROBE_TIMEOUT_S = 20.0
_GRACE_S = 3.0
_STDOUT_LIMIT = 1 << 20

REFUSALS = ("bad option: ", "did not recognize flag ", "invalid option: ")
"""How engines say that they do not know a flag: Node; V8 in Deno; jsc."""
FATAL_MARKS = ("panicked at", "FATAL ERROR:", "Fatal error", "Fatal process", "Fatal JavaScript")
"""The line of standard error that says why an engine died has one of these."""

_THREAD = re.compile(r"^thread '[^']*' (?:\(\d+\) )?")
"""Numbers of threads explain nothing, and differ each time."""


class ProbesNotRunError(Exception):
    """The engine ended before its first probe; the message says why, in one line."""


ProbeCommand = Callable[[Sequence[str]], list[str]]
"""Returns the command that runs the probes of these names."""


def probe_command(target: Target, flags: tuple[str, ...], progress: Progress = silent) -> ProbeCommand:
    """Return a function of probe names that returns the command to run them, with these flags."""
    runtime, shim = target.runtime, node_shim_dir()
    if runtime.how == "library":
        paths = {probe.name: str(probe.path) for probe in all_probes() if probe.runs_in("python")}
        script = str(Path(__file__).with_name("in_wasmtime.py"))
        return lambda names: [sys.executable, script, ",".join(flags), *(paths[name] for name in names)]
    if runtime.how == "browser":
        task = {
            "packages": str(npm_packages(shim / "browsers", progress=progress)),
            "browser": "firefox" if runtime.language == "firefox" else "chrome",
            "program": str(target.path),
            "flags": flags,
        }
        driver = [str(wheel_node()), str(shim / "bin" / "detect-browser.mjs")]
        return lambda names: [*driver, json.dumps({**task, "probes": names})]
    given = [runtime.joined.join(flags)] if runtime.joined and flags else list(flags)
    before = [*runtime.before, *(runtime.flag_form.format(flag) for flag in given)]
    program = [str(target.path), *before, str(shim / "bin" / "detect.mjs"), *runtime.after]
    return lambda names: [*program, *names]


def run_probes(
    command: ProbeCommand,
    names: Sequence[str],
    flags: tuple[str, ...] = (),
    *,
    start_timeout_s: float = START_TIMEOUT_S,
    probe_timeout_s: float = PROBE_TIMEOUT_S,
) -> ProbeOutput:
    """Run probes in turn. Blocks. If a probe kills the engine or never ends, the engine is started again.

    :param command: it includes ``flags`` already; the attempts record them
    :param start_timeout_s: for the engine's first line (seconds)
    :param probe_timeout_s: from one line to the next (seconds)
    :raises ProbesNotRunError: the engine did not start, or printed other lines than ours
    """
    output = ProbeOutput(flags)
    pending = list(names)
    while True:
        output = ProbeOutput(flags, output)
        ended = _EngineOutput(output, start_timeout_s, probe_timeout_s).run(command(pending))
        if not output.version:
            raise ProbesNotRunError(why_no_version(ended, output, start_timeout_s))
        output.timed_out |= ended.late and not output.done
        pending = [name for name in names if name not in output.attempts]
        if pending and not output.done:
            # An engine that ended between two probes is charged to the next one.
            name = output.running if output.running in pending else pending[0]
            why = f"no answer within {probe_timeout_s:g} s" if ended.late else how_ended(ended)
            output.attempts[name] = output.failed_attempt(why, crashed=not ended.late)
            pending.remove(name)
        if output.done or not pending:
            return output


class _EngineOutput:
    """Parses the output of one start of an engine, and computes how long it may take to the next line."""

    def __init__(self, output: ProbeOutput, start_timeout_s: float, probe_timeout_s: float) -> None:
        self.output = output
        self.start_timeout_s, self.probe_timeout_s = start_timeout_s, probe_timeout_s
        self._line = b""
        self._read_at = time.monotonic()

    def run(self, argv: Sequence[str]) -> Ended:
        """Start the engine, and read until it has ended or is late.

        :raises ProbesNotRunError: it cannot be started
        """
        env = {
            key: value for key, value in os.environ.items() if key not in ("NODE_OPTIONS", "DENO_V8_FLAGS")
        }
        with watchdog.scratch("stackswitch-probe-") as scratch:
            # Browsers write profiles. This folder is removed in any case.
            env |= {"TMPDIR": scratch, "NO_COLOR": "1"}
            running = run_command(
                argv,
                env,
                None,
                b"",
                min(self.start_timeout_s, self.probe_timeout_s),
                self._time_left,
                most_stdout=_STDOUT_LIMIT,
                on_stdout=self._read,
                grace_s=_GRACE_S,  # the program that started a browser closes it
            )
            try:
                ended = asyncio.run(running)
            except OSError as error:
                raise ProbesNotRunError(f"it cannot be started: {error.strerror}") from None
        if self._line:
            self.output.read_line(self._line)
        return ended

    def _read(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self.output.read_line(line)
            self._read_at = time.monotonic()

    async def _time_left(self) -> float:
        timeout_s = self.probe_timeout_s if self.output.version else self.start_timeout_s
        return 0 if self.output.done else self._read_at + timeout_s - time.monotonic()


def why_no_version(ended: Ended, output: ProbeOutput, start_timeout_s: float) -> str:
    """Return why an engine did not print its version, in one line."""
    for line in _lines(ended.stderr):
        for mark in REFUSALS:
            if mark in line:
                return f"it does not take {line.partition(mark)[2].strip(chr(39) + ' ')}"
    if ended.late:
        return f"it said nothing for {start_timeout_s:g} s"
    if ended.status:
        return f"it ended with {how_ended(ended)}"
    return output.unreadable or "it printed nothing"


def how_ended(ended: Ended) -> str:
    """Return how an engine ended, and the line of standard error that says why, if there is one."""
    lines = _lines(ended.stderr)
    fatal = next((line for line in lines if any(mark in line for mark in FATAL_MARKS)), "")
    reason = _THREAD.sub("", fatal or (lines[0] if lines else ""))
    status = describe_status(ended.status) if ended.status is not None else "too much output"
    return status + (f" ({reason[:200]})" if reason else "")


def _lines(stderr: bytes) -> list[str]:
    lines = stderr.decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()]
