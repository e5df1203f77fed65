"""Run a command under observation: its Node programs record their waits, and run as they would otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from stackswitch import __version__
from stackswitch.errors import ConfigError
from stackswitch.models.trace import TraceEnd, TraceError, TraceStart
from stackswitch.tools import watchdog
from stackswitch.tools.paths import node_shim_dir
from stackswitch.tools.processes import start

from .trace import RECORDER, Trace, merge_trace_parts

FOLDER_VARIABLE = "STACKSWITCH_TRACE"
SAMPLE_VARIABLE = "STACKSWITCH_TRACE_SAMPLE"
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)


def observed_environment(environment: Mapping[str, str], folder: Path, *, sample: int = 1) -> dict[str, str]:
    """Return an environment in which Node programs are observed; the user's own ``NODE_OPTIONS`` stay.

    :param folder: where the parts go; it need not exist
    :param sample: of an import's waits after the first 1,000, take the stack of one in so many
    :raises ConfigError: the installation lacks our JavaScript
    """
    preload = node_shim_dir() / "observe.cjs"
    # --require, not --import: see node_shim/observe.mjs.
    options = [f"--require {quoted(str(preload))}", environment.get("NODE_OPTIONS", "")]
    return {
        **environment,
        "NODE_OPTIONS": " ".join(filter(None, options)),
        FOLDER_VARIABLE: str(folder.absolute()),
        SAMPLE_VARIABLE: str(sample),
    }


def quoted(text: str) -> str:
    """Quote as Node reads its NODE_OPTIONS: double quotes, in which a backslash escapes."""
    if not any(each in text for each in ' "\\'):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def observe(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, sample: int = 1
) -> Trace:
    """Run a command to its end, stdio passed through, and read what its Node programs have left.

    The trace's first line is of the recorder itself; its last one holds the status that the command
    ended with (128 and the signal's number, if one ended it).

    :param folder: for the parts and the modules' bytes; exists, ours alone
    :raises ConfigError: no command
    :raises ToolNotFoundError: there is no such command
    :raises ToolError: it does not start
    """
    if not command:
        raise ConfigError("there is no command to observe")
    status = _run(command, observed_environment(environment, folder, sample=sample))
    return whole_trace(command, status, merge_trace_parts(folder))


def whole_trace(command: Sequence[str], status: int | None, trace: Trace) -> Trace:
    """Put the recorder's own first and last lines to a trace, and say if no Node program was observed.

    :param status: what the command ended with
    """
    trace.starts.insert(
        0,
        TraceStart(process=os.getpid(), engine=RECORDER, engine_version=__version__, argv=tuple(command)),
    )
    if not trace.observed:
        trace.errors.append(
            TraceError(
                message=f"no Node program was observed: {command[0]} started none,"
                " or one that does not heed NODE_OPTIONS"
            )
        )
    trace.ends.append(TraceEnd(process=os.getpid(), status=status))
    return trace


def _run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    # What the command inherits from whoever started us it inherits through us; ours are not inheritable.
    # It shares our group: the terminal is its own.
    child = start(command, group=False, env=dict(environment), close_fds=False)
    with _signals_for(child):
        status = child.wait()
    watchdog.unwatch(child.pid)
    return 128 - status if status < 0 else status


@contextmanager
def _signals_for(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the child decide on Ctrl-C, which the terminal sends to both, and hand on a request to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    before |= {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
