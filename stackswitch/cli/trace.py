"""``stackswitch trace``: observe any Node program; say which names are missing."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import typer

from stackswitch.errors import ConfigError, OutputError
from stackswitch.observe.run import observe
from stackswitch.observe.trace import Trace, merge_trace_parts
from stackswitch.reports.text import counted
from stackswitch.tools import watchdog

from .console import Console
from .options import argument, option
from .output import STDOUT, check_writable, write_output
from .resolve import command_on

_SHOWN = 20


@dataclass(frozen=True)
class TraceOptions:
    """Observe any Node program: each wait with its stack, traps explained, and the names that are missing.

    Standard input and output are the program's; a summary goes to stderr, the trace to a file. Exits with the
    program's own status (128 and the signal's number, if one ended it).
    """

    command: list[str] | None = argument("The command, after --, with its own options.", metavar="COMMAND…")
    output: str = option("Where the trace goes, as JSON Lines.", metavar="FILE", default="trace.jsonl")
    engine: str | None = option(
        "What `node` is in the command: node@26 (from npm), node:/path/to/node. Default: PATH's."
    )
    sample: int = option(
        "After an import's first 1,000 waits, take the stack of one in N.", min=1, metavar="N", default=1
    )
    parts: Path | None = option(
        "Run nothing: make the trace of what observed programs left there.", "--from", metavar="FOLDER"
    )


def trace(options: TraceOptions) -> None:
    """Run the command under observation, and write the trace.

    :raises typer.Exit: with the command's own status
    """
    if options.output == STDOUT:
        raise ConfigError(
            "a trace cannot go to standard output, which is the program's: name a file with --output"
        )
    if bool(options.command) == (options.parts is not None):
        raise typer.BadParameter("give a command after --, or a folder with --from", param_hint="COMMAND")
    check_writable([options.output])
    console = Console(stderr=True)
    with _locked_folder(Path(options.output)) as folder:
        if options.parts is not None:
            found = _read_parts(options.parts)
        else:
            given = _given_environment()
            argv, environment = command_on(options.engine, options.command or [], given, console)
            found = observe(argv, folder, environment, sample=options.sample)
        write_output(options.output, found.to_jsonl())
    _show_summary(console, found, options.output)
    status = found.ends[-1].status if options.parts is None else 0
    raise typer.Exit(status or 0)


def _given_environment() -> dict[str, str]:
    """Return our environment without the ``LC_CTYPE`` that Python adds in the C locale (PEP 538)."""
    environment = dict(os.environ)
    with suppress(OSError):  # no Linux
        if b"\0LC_CTYPE=" not in b"\0" + Path("/proc/self/environ").read_bytes():
            environment.pop("LC_CTYPE", None)
    return environment


def _read_parts(folder: Path) -> Trace:
    try:
        found = merge_trace_parts(folder)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}") from None
    if not found.lines:
        raise ConfigError(f"{folder}: no observed program has left anything there")
    return found


@contextmanager
def _locked_folder(output: Path) -> Iterator[Path]:
    """Give a folder for the parts of a trace, which one process at a time may write.

    The folder and the lock are among temporary files. Beside the trace, a program that lists its folder would
    see them.
    """
    name = hashlib.sha256(os.fsencode(output.absolute())).hexdigest()[:16]
    lock = Path(tempfile.gettempdir()) / f"stackswitch-trace-{os.getuid()}-{name}.lock"
    try:
        with lock.open("w") as locked:
            try:
                fcntl.flock(locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(
                    f"{output}: another stackswitch trace is writing it: name another file"
                ) from None
            folder = Path(tempfile.mkdtemp(prefix="stackswitch-trace-"))
            watchdog.remove_at_end(folder)
            try:
                yield folder
            except OutputError:
                watchdog.keep(folder)
                Console(stderr=True).print(f"stackswitch: what was observed is in {folder}: trace --from")
                raise
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            finally:
                lock.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{output}: could not be prepared: {error.strerror}") from None


def _show_summary(console: Console, found: Trace, output: str) -> None:
    def say(text: str, style: str = "") -> None:
        console.message(f"stackswitch: {text}", style=style)

    imports = {(each.module, each.import_) for each in found.suspensions}
    say(
        f"{counted(found.suspension_count, 'suspension')},"
        f" {counted(len(found.suspensions), 'distinct stack')},"
        f" {counted(len(imports), 'waiting import')} → {output}"
    )
    ran = sorted({f"{each.engine} {each.engine_version}" for each in found.starts if each.engine == "node"})
    if ran and not found.suspensions and not found.traps:
        why = "no wait was observed" if found.modules else "no WebAssembly module was compiled"
        hint = "; `--engine node@26` runs the command on another Node" if found.modules else ""
        say(f"{why} ({', '.join(ran)}){hint}", style="yellow")
    for name, names in found.missing.items():
        say(f"{name} lacks {counted(len(names), 'name')}:", style="red")
        for each in names[:_SHOWN]:
            console.print(f"  {each}")
        if len(names) > _SHOWN:
            console.print(f"  … and {len(names) - _SHOWN} more, in the trace")
    for trap in found.traps:
        say(f"{trap.error}: {trap.message}", style="red")
        if trap.explanation:
            console.message(trap.explanation, indent=2)
    for error in found.errors:
        whose = "" if error.process is None else f"process {error.process}: "
        say(f"{whose}{error.message}", style="yellow")
