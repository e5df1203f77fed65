"""Runs probes on an engine, in a child that may crash, hang or print anything; the other probes still run."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence

from stackswitch.models.base import Frozen
from stackswitch.models.engine import Attempt
from stackswitch.tools import watchdog
from stackswitch.tools.failures import describe_status

from .probe_output import ProbeOutput

START_TIMEOUT_S = 30.0
"""How long an engine may take to its first line: browsers start slowly."""
PROBE_TIMEOUT_S = 20.0
_GRACE_S = 3.0
_LINES_LIMIT = 10_000
_LINE_LIMIT = 1 << 20
_STDERR_LIMIT = 64 << 10

REFUSALS = ("bad option: ", "did not recognize flag ")
"""How engines say that they do not know a flag: Node; V8 in Deno."""
FATAL_MARKS = ("panicked at", "FATAL ERROR:", "Fatal error", "Fatal process", "Fatal JavaScript")
"""The line of standard error that says why an engine died has one of these."""

_THREAD = re.compile(r"^thread '[^']*' (?:\(\d+\) )?")
"""Numbers of threads explain nothing, and differ each time."""


class ProbesNotRunError(Exception):
    """The engine ended before its first probe; the message says why, in one line."""


class ProbeRun(Frozen):
    """An engine's version, its notes, and an attempt per probe. ``timed_out``: a probe did not end."""

    version: str
    notes: tuple[str, ...] = ()
    attempts: dict[str, Attempt] = {}
    timed_out: bool = False


ProbeCommand = Callable[[Sequence[str]], list[str]]
"""Returns the command that runs the probes of these names."""


def run_probes(
    command: ProbeCommand,
    names: Sequence[str],
    flags: tuple[str, ...] = (),
    *,
    start_timeout_s: float = START_TIMEOUT_S,
    probe_timeout_s: float = PROBE_TIMEOUT_S,
) -> ProbeRun:
    """Run probes in turn. Blocks. If a probe kills the engine or never ends, the engine is started again.

    :param command: it includes ``flags`` already; the attempts record them
    :param start_timeout_s: for the engine's first line (seconds)
    :param probe_timeout_s: from one line to the next (seconds)
    :raises ProbesNotRunError: the engine did not start, or printed other lines than ours
    """
    pending = list(names)
    attempts: dict[str, Attempt] = {}
    timed_out = False
    while True:
        process = _ProbeProcess(command(pending), ProbeOutput(flags), start_timeout_s, probe_timeout_s)
        process.run()
        output = process.output
        if not output.version:
            raise ProbesNotRunError(process.why_no_version())
        timed_out = timed_out or process.timed_out
        attempts |= output.attempts
        pending = [name for name in pending if name not in attempts]
        if pending and not output.done:
            # An engine that ended between two probes is charged to the next one.
            name = output.running if output.running in pending else pending[0]
            why = f"no answer within {probe_timeout_s:g} s" if process.timed_out else process.how_ended()
            attempts[name] = output.failed_attempt(why, crashed=not process.timed_out)
            pending.remove(name)
        if output.done or not pending:
            return ProbeRun(
                version=output.version, notes=output.notes, attempts=attempts, timed_out=timed_out
            )


class _ProbeProcess:
    """One start of an engine."""

    def __init__(
        self, argv: list[str], output: ProbeOutput, start_timeout_s: float, probe_timeout_s: float
    ) -> None:
        self.output = output
        self.timed_out = False
        self._argv, self._start_timeout_s, self._probe_timeout_s = argv, start_timeout_s, probe_timeout_s
        self._status: int | None = None
        self._stderr = b""
        self._start_error = ""

    def run(self) -> None:
        """Start the engine, read until it is done, ended or late, and leave nothing of it behind."""
        env = {
            key: value for key, value in os.environ.items() if key not in ("NODE_OPTIONS", "DENO_V8_FLAGS")
        }
        with watchdog.scratch("stackswitch-probe-") as scratch:
            # Browsers write profiles. This folder is removed in any case.
            env |= {"TMPDIR": scratch, "NO_COLOR": "1"}
            try:
                watchdog.ready()
                process = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=env,
                    start_new_session=True,
                )
            except OSError as error:
                self._start_error = f"it cannot be started: {error.strerror}"
                return
            watchdog.watch(process.pid)
            lines: queue.Queue[bytes | None] = queue.Queue()
            readers = [
                threading.Thread(target=self._read_stdout, args=(process, lines), daemon=True),
                threading.Thread(target=self._read_stderr, args=(process,), daemon=True),
            ]
            for reader in readers:
                reader.start()
            try:
                self._read_lines(lines)
                self._status = self._end(process)
            finally:
                _kill(process)
                for reader in readers:
                    reader.join(_GRACE_S)
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        with contextlib.suppress(OSError):
                            pipe.close()

    def _read_lines(self, lines: queue.Queue[bytes | None]) -> None:
        for _ in range(_LINES_LIMIT):
            timeout_s = self._probe_timeout_s if self.output.version else self._start_timeout_s
            try:
                line = lines.get(timeout=timeout_s)
            except queue.Empty:
                self.timed_out = True
                return
            if line is None:
                return
            self.output.read_line(line)
            if self.output.done:
                return

    def _read_stdout(self, process: subprocess.Popen[bytes], lines: queue.Queue[bytes | None]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for _ in range(_LINES_LIMIT):
                line = process.stdout.readline(_LINE_LIMIT) if process.stdout else b""
                if not line:
                    break
                lines.put(line)
        lines.put(None)

    def _read_stderr(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while process.stderr and (part := process.stderr.read(4096)):
                if len(self._stderr) < _STDERR_LIMIT:
                    self._stderr += part

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for an engine that is done or has closed its pipe; kill one that is late."""
        if not self.timed_out:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_GRACE_S)
        _kill(process)
        return process.wait()

    def why_no_version(self) -> str:
        """Return why the engine did not print its version, in one line."""
        for line in self._stderr_lines():
            for mark in REFUSALS:
                if mark in line:
                    return f"it does not take {line.partition(mark)[2].strip(chr(39) + ' ')}"
        if self._start_error:
            return self._start_error
        if self.timed_out:
            return f"it said nothing for {self._start_timeout_s:g} s"
        if self._status:
            return f"it ended with {self.how_ended()}"
        return self.output.unreadable or "it printed nothing"

    def how_ended(self) -> str:
        """Return how the engine ended, and the line of standard error that says why, if there is one."""
        lines = self._stderr_lines()
        fatal = next((line for line in lines if any(mark in line for mark in FATAL_MARKS)), "")
        reason = _THREAD.sub("", fatal or (lines[0] if lines else ""))
        status = describe_status(self._status) if self._status is not None else "no status"
        return status + (f" ({reason[:200]})" if reason else "")

    def _stderr_lines(self) -> list[str]:
        lines = self._stderr.decode("utf-8", "replace").splitlines()
        return [line.strip() for line in lines if line.strip()]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End an engine and its children. SIGTERM first: the program that started a browser then closes it."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    watchdog.unwatch(process.pid)
