"""Where output goes: whole files, stdout for ``-`` (then messages go to stderr), outputs of a step in CI."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from stackswitch.errors import ConfigError, OutputError
from stackswitch.reports.escape import terminal
from stackswitch.tools.files import replace_file

from .console import Console

STDOUT = "-"


def open_outputs(*files: str | None) -> Console:
    """Check before the work that results can be written; return the console for what people read.

    :param files: the values of the command's output options
    :raises ConfigError: two options name standard output or the same file
    :raises OutputError: a file cannot be written
    """
    if files.count(STDOUT) > 1:
        raise ConfigError("two options ask for standard output ('-'); it holds one thing")
    check_writable(files)
    paths = [Path(each).resolve() for each in files if each is not None and each != STDOUT]
    regular = [each for each in paths if each.is_file() or not each.exists()]
    if len(set(regular)) < len(regular):
        raise ConfigError("two options name the same file for their output; it holds one thing")
    return Console(stderr=STDOUT in files)


def check_writable(files: Sequence[str | None]) -> None:
    """Check that results can be written.

    :raises OutputError: the folder is not there or not writable, or the name is that of a folder
    """
    for name in files:
        if name is None or name == STDOUT:
            continue
        path = Path(name)
        if path.is_dir():
            raise OutputError(f"{path}: is a folder, not a file to write")
        if not path.absolute().parent.is_dir():
            raise OutputError(f"{path}: there is no folder {path.absolute().parent}")
        if not os.access(path.absolute().parent, os.W_OK):
            raise OutputError(f"{path}: no permission to write into its folder")


def write_output(name: str | None, data: bytes) -> None:
    """Write to a file, whole or not at all, or to standard output.

    An existing file keeps its permissions. A symbolic link is followed. A pipe or a device is written into.

    :raises OutputError: it could not be written; an existing file is as it was
    """
    if name is None:
        return
    if name == STDOUT:
        _write_stdout(data)
        return
    path = Path(name)
    try:
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            replace_file(path, data, mode=_mode(path))
    except OSError as error:
        raise OutputError(f"{path}: could not be written: {error.strerror}") from None


def write_text(name: str | None, make: Callable[[], str]) -> None:
    """Write a text to the file of an output option, if the option is given.

    :param make: returns the text
    :raises OutputError: it could not be written
    """
    if name is not None:
        write_output(name, make().encode("utf-8", "replace"))


def write_guest_output(data: bytes, *, to_stderr: bool) -> None:
    """Pass on what a guest wrote: unchanged into a file or a pipe, escaped on a terminal and for a CI runner.

    A pipe of GitHub Actions is read by a runner that obeys commands in it.

    :raises OutputError: standard output cannot be written
    """
    stream = sys.stderr if to_stderr else sys.stdout
    if not data or (stream is None and to_stderr):
        return
    if stream is not None and (stream.isatty() or _is_ci_runner(stream)):
        data = terminal(data.decode("utf-8", "surrogateescape")).encode("utf-8")
    if not to_stderr:
        _write_stdout(data)
        return
    with suppress(OSError):
        stream.buffer.write(data)
        stream.flush()


def _is_ci_runner(stream: TextIO) -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true" and stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)


def github_file() -> Path:
    """Return the file that ``$GITHUB_OUTPUT`` names.

    :raises ConfigError: it is not set
    """
    name = os.environ.get("GITHUB_OUTPUT", "")
    if not name:
        raise ConfigError("--github-output: $GITHUB_OUTPUT is not set; it is within a job of GitHub Actions")
    return Path(name)


def append_outputs(path: Path, outputs: Mapping[str, str]) -> None:
    """Append outputs, a line each, to the file.

    :param outputs: by name; a value is one line
    :raises OutputError: the file cannot be written
    """
    text = "".join(f"{name}={value}\n" for name, value in outputs.items())
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OutputError(f"{path}: could not be written: {error.strerror}") from None


def _write_stdout(data: bytes) -> None:
    if sys.stdout is None:
        raise OutputError("standard output is closed")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError(f"standard output could not be written: {error.strerror}") from None


def _mode(path: Path) -> int:
    """The permissions that a file has, or that a new one gets."""
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
