"""The content of a folder when it was unpacked, so that a change is noticed before anything in it runs.

The manifest is a file in the folder: for each file its SHA-256, and the size, times and inode that it had
when that hash was last right. If all of that is as it was, the content is: whatever writes to a file sets
its change time, which no program can set back. If not (another machine's copy of the cache, say), the files
concerned are read and hashed, and the manifest is brought up to date. Additional files are of no interest:
nothing runs them.

What this does not notice: a byte that changes on the disk itself, below the file system.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .files import replace_file

NAME = ".stackswitch-manifest.json"
_PART_BYTES = 1 << 20


def write_manifest(folder: Path) -> None:
    """Note what a folder holds.

    :raises OSError: a file cannot be read, or the manifest cannot be written
    """
    files = {
        path: {"is": _content(folder / path), "stat": _stat(f"{folder}/{path}")} for path in _paths(folder)
    }
    _write(folder, files)


def damage(folder: Path) -> str | None:
    """Say what is wrong with a folder that has a manifest; None: all is as it was unpacked.

    :raises OSError: the folder cannot be looked at
    """
    try:
        digest, _, text = (folder / NAME).read_bytes().partition(b"\n")
    except FileNotFoundError:
        return "its manifest is missing"
    if digest != _digest(text):
        return "its manifest cannot be read"
    files: dict[str, Any] = json.loads(text)
    stale = False
    for path, noted in files.items():
        try:
            now = _stat(f"{folder}/{path}")
            if now != noted["stat"]:
                stale = True
                noted["stat"] = now
                if _content(folder / path) != noted["is"]:
                    return f"{path} has changed"
        except (FileNotFoundError, NotADirectoryError):
            return f"{path} is missing"
    if stale:
        with suppress(OSError):  # a cache that is read only is hashed each time
            _write(folder, files)
    return None


def _paths(folder: Path) -> Iterator[str]:
    for where, folders, names in os.walk(folder):
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in (*names, *links):
            path = Path(where, name).relative_to(folder).as_posix()
            if path != NAME:
                yield path


def _stat(path: str) -> list[int]:
    status = os.lstat(path)
    return [status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"link:{os.readlink(path)}"  # noqa: PTH115 (as text, whatever it is)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest()


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _write(folder: Path, files: dict[str, Any]) -> None:
    text = json.dumps(files).encode()
    # Others may use the cache, and may not write to it.
    replace_file(folder / NAME, _digest(text) + b"\n" + text, mode=0o644)
