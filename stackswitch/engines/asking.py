"""Ask an engine: run its probes in a child that may crash, hang or talk nonsense, and go on after it."""

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

from .hearing import Hearing
from .probe import ending

START_TIMEOUT_S = 30.0
"""How long an engine may take to its first line: browsers start slowly."""
PROBE_TIMEOUT_S = 20.0
_GRACE_S = 3.0
_LINES_LIMIT = 10_000
_LINE_LIMIT = 1 << 20
_STDERR_LIMIT = 64 << 10

REFUSALS = ("bad option: ", "did not recognize flag ")
"""How engines say that they do not take a flag: Node; V8, by way of Deno."""
FATAL_MARKS = ("panicked at", "FATAL ERROR:", "Fatal error", "Fatal process", "Fatal JavaScript")
"""By which the one line is found that says why an engine died."""

_THREAD = re.compile(r"^thread '[^']*' (?:\(\d+\) )?")
"""Numbers of threads say nothing, and differ each time."""


class Refused(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The engine did not get as far as a probe; the message says why."""


class Said(Frozen):
    """What an engine said: version, notes for a reader, an attempt per probe; and whether one never ended."""

    version: str
    notes: tuple[str, ...] = ()
    attempts: dict[str, Attempt] = {}
    hung: bool = False


Argv = Callable[[Sequence[str]], list[str]]
"""Makes the command that asks the probes of these names."""


def ask(
    argv: Argv,
    names: Sequence[str],
    flags: tuple[str, ...] = (),
    *,
    start_timeout_s: float = START_TIMEOUT_S,
    probe_timeout_s: float = PROBE_TIMEOUT_S,
) -> Said:
    """Ask probes in turn. Blocks; a probe that kills the engine, or never ends, costs a new start, no more.

    :param argv: the command; ``flags`` are in it already and are noted in the attempts
    :param start_timeout_s: for the engine's first line (seconds)
    :param probe_timeout_s: from one line to the next (seconds)
    :raises Refused: it did not start, or what it says are not our lines
    """
    pending = list(names)
    attempts: dict[str, Attempt] = {}
    hung = False
    while True:
        child = _Child(argv(pending), Hearing(flags), start_timeout_s, probe_timeout_s)
        child.run()
        heard = child.heard
        if not heard.version:
            raise Refused(child.why_ended())
        hung = hung or child.late
        attempts |= heard.attempts
        pending = [name for name in pending if name not in attempts]
        if pending and not heard.done:
            # If it ended between two probes, the next one is to blame for want of a better.
            name = heard.at if heard.at in pending else pending[0]
            why = f"no answer within {probe_timeout_s:g} s" if child.late else child.how_ended()
            attempts[name] = heard.last_words(why, crashed=not child.late)
            pending.remove(name)
        if heard.done or not pending:
            return Said(version=heard.version, notes=heard.notes, attempts=attempts, hung=hung)


class _Child:
    """One start of an engine."""

    def __init__(
        self, argv: list[str], heard: Hearing, start_timeout_s: float, probe_timeout_s: float
    ) -> None:
        self.heard = heard
        self.late = False
        self._argv, self._start_s, self._probe_s = argv, start_timeout_s, probe_timeout_s
        self._status: int | None = None
        self._errors = b""
        self._not_started = ""

    def run(self) -> None:
        """Start it, listen until it is done, ended or late, and leave nothing of it behind."""
        env = {
            key: value for key, value in os.environ.items() if key not in ("NODE_OPTIONS", "DENO_V8_FLAGS")
        }
        with watchdog.scratch("stackswitch-probe-") as scratch:
            # Browsers keep profiles: let them lie where they are sure to be removed.
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
                self._not_started = f"it cannot be started: {error.strerror}"
                return
            watchdog.watch(process.pid)
            lines: queue.Queue[bytes | None] = queue.Queue()
            readers = [
                threading.Thread(target=self._read_lines, args=(process, lines), daemon=True),
                threading.Thread(target=self._read_errors, args=(process,), daemon=True),
            ]
            for reader in readers:
                reader.start()
            try:
                self._listen(lines)
                self._status = self._end(process)
            finally:
                _kill(process)
                for reader in readers:
                    reader.join(_GRACE_S)
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        with contextlib.suppress(OSError):
                            pipe.close()

    def _listen(self, lines: queue.Queue[bytes | None]) -> None:
        for _ in range(_LINES_LIMIT):
            try:
                line = lines.get(timeout=self._probe_s if self.heard.version else self._start_s)
            except queue.Empty:
                self.late = True
                return
            if line is None:
                return
            self.heard.take(line)
            if self.heard.done:
                return

    def _read_lines(self, process: subprocess.Popen[bytes], lines: queue.Queue[bytes | None]) -> None:
        with contextlib.suppress(OSError, ValueError):
            for _ in range(_LINES_LIMIT):
                line = process.stdout.readline(_LINE_LIMIT) if process.stdout else b""
                if not line:
                    break
                lines.put(line)
        lines.put(None)

    def _read_errors(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while process.stderr and (part := process.stderr.read(4096)):
                if len(self._errors) < _STDERR_LIMIT:
                    self._errors += part

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        """Let it end by itself where it said that it is done, or its pipe is closed; else make it."""
        if not self.late:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(_GRACE_S)
        _kill(process)
        return process.wait()

    def why_ended(self) -> str:
        """Why there was nothing to hear, in one line."""
        for line in self._said():
            for mark in REFUSALS:
                if mark in line:
                    return f"it does not take {line.partition(mark)[2].strip(chr(39) + ' ')}"
        if self._not_started:
            return self._not_started
        if self.late:
            return f"it said nothing for {self._start_s:g} s"
        if self._status:
            return f"it ended with {self.how_ended()}"
        return self.heard.nonsense or "it printed nothing"

    def how_ended(self) -> str:
        """How it ended, and the line that says why, if there is one."""
        said = self._said()
        telling = next((line for line in said if any(mark in line for mark in FATAL_MARKS)), "")
        telling = _THREAD.sub("", telling or (said[0] if said else ""))
        how = ending(self._status) if self._status is not None else "no status"
        return how + (f" ({telling[:200]})" if telling else "")

    def _said(self) -> list[str]:
        lines = self._errors.decode("utf-8", "replace").splitlines()
        return [line.strip() for line in lines if line.strip()]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a child and what it started; by asking first, for a browser's keeper then closes the browser."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    watchdog.unwatch(process.pid)
