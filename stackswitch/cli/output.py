"""Where output goes: files replaced whole or not at all, ``-`` for standard output, the rest to stderr."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from stackswitch.errors import ConfigError, OutputError

STDOUT = "-"


def console_for(files: Sequence[str | None]) -> Console:
    """Return the console for what people read: stdout, unless a file option claims it."""
    claimed = [name for name in files if name == STDOUT]
    if len(claimed) > 1:
        raise ConfigError("two options ask for standard output ('-'); it holds one thing")
    return Console(stderr=bool(claimed), highlight=False)


def check_writable(files: Sequence[str | None]) -> None:
    """Find out before the work, not after it, that a result could not be written.

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

    A file that is there keeps its permissions; of a symbolic link, the file that it leads to is written.
    A pipe or a device is written into.

    :raises OutputError: it could not be written; what stood there before still does
    """
    if name is None:
        return
    if name == STDOUT:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(name)
    part: Path | None = None
    try:
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        with tempfile.NamedTemporaryFile(
            dir=path.absolute().parent, prefix=f".{path.name}.", delete=False
        ) as file:
            part = Path(file.name)
            file.write(data)
        part.chmod(_mode(path))
        part.replace(path)
    except BaseException as error:
        if part is not None:
            with suppress(OSError):
                part.unlink()
        if not isinstance(error, OSError):
            raise
        raise OutputError(f"{path}: could not be written: {error.strerror}") from None


def _mode(path: Path) -> int:
    """The permissions that a file has, or that a new one gets."""
    try:
        return path.stat().st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
