"""Ends what this process has started, also when this process is killed and cannot do so itself.

A small process waits at the other end of a pipe. It knows the process groups and temporary folders of the
process that started it. When the pipe closes, for whatever reason, it kills those groups and removes those
folders. So programs end too that know nothing of stackswitch: a suite's services, a command and its children.

On Linux the command line also marks its environment (``mark``), which all its descendants inherit. If the
process ended without a word (SIGKILL, ``os._exit``), the watchdog kills every process with the mark, in
whatever process group it is.

This file is both sides: imported, the client; run as a program, the watchdog. It imports nothing of ours.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

MARK_VARIABLE = "STACKSWITCH_RUN"
"""The runs that a process belongs to, the outermost first, a colon between."""
_ORDERLY = "end"
_WAIT_S = 5.0
_SCAN_S = 3.0
_PAUSE_S = 0.02
_PRUNE_EVERY = 64
_SEND = {"g": os.killpg, "p": os.kill}
"""How a process group and a single process get a signal."""


class _Client:
    """The process that waits, as the process knows it that it waits for."""

    def __init__(self) -> None:
        # Reentrant: a signal handler may end everything while the main thread is in here.
        self._lock = threading.RLock()
        self._lines: dict[str, None] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self.mark = ""
        self.ended = False

    def update(self, line: str, *, forget: bool = False, start: bool = True) -> None:
        with self._lock:
            if forget:
                self._lines.pop(line, None)
            else:
                self._lines[line] = None
            if self._process is not None:
                try:
                    self._send(f"-{line}" if forget else line)
                except OSError:  # it was killed: another takes its place
                    self._reap()
                else:
                    return
            if start and not forget:
                self.ready()

    def ready(self) -> None:
        with self._lock:
            if self._process is None and not self.ended:
                self._start()

    def _start(self) -> None:
        argv = [sys.executable, "-I", "-S", __file__, self.mark]
        with contextlib.suppress(OSError):  # without one, what was started may outlive a SIGKILL
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=unmarked(),
                cwd="/",
                start_new_session=True,
            )
            for line in self._lines:
                self._send(line)

    def _send(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        os.write(self._process.stdin.fileno(), f"{line}\n".encode("utf-8", "surrogateescape"))

    def end(self, *, orderly: bool) -> None:
        with self._lock:
            self.ended = True
            lines, self._lines = self._lines, {}
            if self._process is None:
                for line in lines:
                    if line.startswith("d "):
                        shutil.rmtree(line[2:], ignore_errors=True)
                return
            if orderly:
                with contextlib.suppress(OSError):
                    self._send(_ORDERLY)
            self._reap()

    def _reap(self) -> None:
        process, self._process = self._process, None
        assert process is not None
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def forked(self) -> None:
        """Let go of the pipe in a fork: it must close when the process ends that started the watchdog."""
        process = self._process
        self.__init__()  # type: ignore[misc]
        if process is not None:
            assert process.stdin is not None
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.returncode = 0  # another process's child


_client = _Client()
atexit.register(lambda: _client.end(orderly=True))
os.register_at_fork(after_in_child=_client.forked)


def mark() -> None:
    """Mark the environment for all that this process starts; of use where there is ``/proc``."""
    _client.mark = f"{os.getpid()}-{time.time_ns():x}"
    outer = os.environ.get(MARK_VARIABLE)
    os.environ[MARK_VARIABLE] = f"{outer}:{_client.mark}" if outer else _client.mark


def unmarked() -> dict[str, str]:
    """Return the environment for a process that has to outlive this one, and ends by itself."""
    return {name: value for name, value in os.environ.items() if name != MARK_VARIABLE}


def ready() -> None:
    """Start the watchdog, if there is none, before a process is started.

    Otherwise a SIGKILL between the start of the process and ``watch`` would leave it behind.
    """
    _client.ready()


def watch(pid: int, *, group: bool = True) -> None:
    """Have a child killed when this process ends, however it ends.

    :param group: it leads a process group: kill the whole group, whether or not the child is still there
    """
    kind = "g" if group else "p"
    if _client.ended:  # a thread that has not noticed yet
        _kill(kind, pid)
    else:
        _client.update(f"{kind} {pid}")


def unwatch(pid: int) -> None:
    """Forget a child that has ended, and its group."""
    for kind in "gp":
        _client.update(f"{kind} {pid}", forget=True)


def run(
    argv: Sequence[str],
    *,
    stdin: Any = None,
    timeout_s: float | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """``subprocess.run`` of a watched process in a session of its own; no Ctrl-C of a terminal reaches it.

    :param stdin: what it is given to read; None: nothing
    :param options: ``cwd``, ``env``, ``text`` and others of ``subprocess.Popen``
    :raises OSError: it does not start
    :raises subprocess.TimeoutExpired: it was killed after ``timeout_s`` (seconds)
    """
    pipes = {
        "stdin": subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    ready()
    with subprocess.Popen(argv, **(pipes | options), start_new_session=True) as process:
        watch(process.pid)
        try:
            output: tuple[Any, Any] = process.communicate(stdin, timeout_s)
        finally:
            if process.returncode is None:
                _kill("g", process.pid)
            unwatch(process.pid)
    return subprocess.CompletedProcess(argv, process.returncode, *output)


def remove_at_end(folder: str | os.PathLike[str]) -> None:
    """Have a temporary folder removed when this process ends, however it ends.

    In a program that uses the library no watchdog is started for a folder alone: a SIGKILL then leaves it.
    """
    line = f"d {os.path.abspath(folder)}"  # noqa: PTH100 (no pathlib: it starts often)
    _client.update(line, start=_client.mark != "")


def keep(folder: str | os.PathLike[str]) -> None:
    """Forget a folder that is removed already, or that has to stay."""
    _client.update(f"d {os.path.abspath(folder)}", forget=True)  # noqa: PTH100


@contextlib.contextmanager
def scratch(prefix: str) -> Iterator[str]:
    """Give a temporary folder, which is removed however this process ends."""
    folder = tempfile.mkdtemp(prefix=prefix)
    remove_at_end(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        keep(folder)


def end_all() -> None:
    """Kill everything that was started, and wait until it is dead."""
    _client.end(orderly=False)


def main() -> None:
    """Wait until the pipe closes; then kill and remove."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[tuple[str, int], str] = {}
    folders: set[str] = set()
    orderly = False
    for raw in sys.stdin.buffer:
        kind, _, what = raw.decode("utf-8", "surrogateescape").rstrip("\n").partition(" ")
        if kind == _ORDERLY:
            orderly = True
        elif kind == "d":
            folders.add(what)
        elif kind == "-d":
            folders.discard(what)
        elif kind in ("g", "p"):
            watched[kind, int(what)] = _started(int(what))
            if len(watched) % _PRUNE_EVERY == 0:
                watched = {key: when for key, when in watched.items() if _there(*key, when)}
        else:
            watched.pop((kind[1:], int(what)), None)
    for (kind, pid), when in watched.items():
        if _there(kind, pid, when):
            _kill(kind, pid)
    if not orderly and len(sys.argv) > 1 and sys.argv[1]:
        _kill_marked(sys.argv[1])
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _kill(kind: str, pid: int) -> None:
    with contextlib.suppress(OSError):
        _SEND[kind](pid, signal.SIGKILL)


def _there(kind: str, pid: int, when: str) -> bool:
    """Whether a process, or its group, is still the one that was watched."""
    try:
        _SEND[kind](pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    now = _started(pid)
    # A leader that is gone: a number is not given out again while its group has members.
    return not when or not now or now == when


def _started(pid: int) -> str:
    """When a process was started (clock ticks since the machine was), empty where that cannot be read."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 (see remove_at_end)
            return file.read().rpartition(b")")[2].split()[19].decode("ascii")
    except (OSError, IndexError):
        return ""


def _kill_marked(run: str) -> None:
    """Kill the processes that have a run's mark, until there are none: some may be starting others."""
    end = time.monotonic() + _SCAN_S
    while time.monotonic() < end:
        found = marked(run)
        if not found:
            return
        for pid in found:
            _kill("p", pid)
        time.sleep(_PAUSE_S)


def marked(run: str) -> list[int]:
    """The processes of this user that have a run's mark in the environment that they were started with.

    :param run: the mark; empty where there is no ``/proc``
    """
    found = []
    variable, mark = f"{MARK_VARIABLE}=".encode(), run.encode()
    try:
        names = os.listdir("/proc")  # noqa: PTH208 (see remove_at_end)
    except OSError:
        return []
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:  # noqa: PTH123 (see remove_at_end)
                pairs = file.read().split(b"\0")
        except OSError:
            continue
        if any(pair.startswith(variable) and mark in pair[len(variable) :].split(b":") for pair in pairs):
            found.append(int(name))
    return found


if __name__ == "__main__":
    main()
