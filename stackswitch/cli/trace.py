"""``stackswitch trace``: observe any Node program; find mistakes in stack switching."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer

from stackswitch.errors import ConfigError, OutputError
from stackswitch.observe.rules import check_silence, silenced
from stackswitch.observe.run import observe
from stackswitch.observe.trace import Trace, merge_trace_parts
from stackswitch.reports.annotations import annotation_lines
from stackswitch.reports.findings import fails, finding_annotations, findings_junit, findings_markdown
from stackswitch.tools import watchdog

from .command import EXIT_FAILED
from .console import Console
from .options import argument, option
from .output import STDOUT, open_outputs, write_output, write_text
from .proposing import proposals_for_trace, show_proposal, with_command
from .resolve import command_on
from .settings import load_settings
from .trace_summary import show_summary

FailOn = Literal["error", "warning"]


@dataclass(frozen=True)
class TraceOptions:
    """Observe any Node program: record each wait with its stack, and find mistakes in stack switching.

    Standard input and output are the program's; findings go to stderr, the trace to a file. Exits with the
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
    fail_on: FailOn | None = option(
        "Exit with 1 if there is a finding so severe, or if no Node program was observed. The program's own "
        "status, if not 0, has priority."
    )
    markdown: str | None = option("Write the findings as Markdown.", metavar="FILE")
    junit: str | None = option("Write the findings as JUnit XML.", metavar="FILE")
    annotate: bool = option(
        "Print the findings, after the program's output, as annotations of GitHub Actions.",
        "--annotations",
        default=False,
    )


def trace(options: TraceOptions) -> None:
    """Run the command under observation, and write the trace.

    :raises typer.Exit: with the command's own status
    """
    outputs = {"--output": options.output, "--markdown": options.markdown, "--junit": options.junit}
    for name, file in outputs.items():
        if file == STDOUT:
            raise ConfigError(f"{name}: standard output is the program's: name a file")
    if bool(options.command) == (options.parts is not None):
        raise typer.BadParameter("give a command after --, or a folder with --from", param_hint="COMMAND")
    silence = load_settings(Path.cwd()).trace.silence
    check_silence(silence)
    open_outputs(*outputs.values())
    console = Console(stderr=True)
    with _locked_folder(Path(options.output)) as folder:
        if options.parts is not None:
            found = _read_parts(options.parts)
        else:
            given = _given_environment()
            argv, environment = command_on(options.engine, options.command or [], given, console)
            found = observe(argv, folder, environment, sample=options.sample)
        proposals = proposals_for_trace(found, Path(options.output))
        found.findings = [
            silenced(with_command(each, proposals.get(each.module)), silence) for each in found.findings
        ]
        write_output(options.output, found.to_jsonl())
    _write_findings(options, found)
    show_summary(console, found, options.output)
    for proposal in proposals.values():
        show_proposal(console, proposal, of_invokes=True)
    status = found.ends[-1].status if options.parts is None else 0
    # Where nothing was observed, no finding means nothing.
    failed = options.fail_on is not None and (not found.observed or fails(found.findings, options.fail_on))
    raise typer.Exit(status or (EXIT_FAILED if failed else 0))


def _write_findings(options: TraceOptions, found: Trace) -> None:
    unseen = [each.message for each in found.errors]
    write_text(options.markdown, lambda: findings_markdown(found.findings, unseen))
    if options.junit is not None:
        name = shlex.join(options.command or [str(options.parts)])
        write_output(options.junit, findings_junit(found.findings, name, unseen, ran=found.observed))
    if options.annotate:
        write_text(STDOUT, lambda: annotation_lines(finding_annotations(found.findings, Path.cwd())))


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
