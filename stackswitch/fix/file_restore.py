"""Files that are restored if we die: while a build command runs, the new list has to be in its file.

This file is also a program, which imports nothing else of ours. It reads the old contents from its standard
input, and waits for the end of that. Unless the last word is ``KEEP``, whoever started it was killed, and it
writes the old contents back, each file whole. It has a session of its own, so that no Ctrl-C reaches it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

KEEP = "keep"


class FileRestorer:
    """Restores files at its end, unless ``keep`` is called; a context manager."""

    def __init__(self) -> None:
        self._old: dict[Path, bytes | None] = {}
        self._process: subprocess.Popen[str] | None = None

    def protect(self, files: Mapping[Path, bytes | None]) -> None:
        """Restore these (None: remove) if we die before the end; a second call does nothing.

        :param files: the old contents, by file
        """
        if self._process is not None:
            return
        self._old = {path.resolve(): data for path, data in files.items()}
        contents = {
            str(path): None if data is None else base64.b64encode(data).decode()
            for path, data in self._old.items()
        }
        from stackswitch.tools.watchdog import unmarked  # not at the top: this file is a program, too

        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            text=True,
            env=unmarked(),  # the watchdog would kill it with the rest, before it has restored anything
            start_new_session=True,
        )
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(contents) + "\n")
            self._process.stdin.flush()

    def keep(self) -> None:
        """Leave the files as they now are."""
        self._end(KEEP)

    def _end(self, word: str) -> None:
        if self._process is not None:
            self._process.communicate(word)
            self._process = None

    def __enter__(self) -> FileRestorer:
        return self

    def __exit__(self, *_: object) -> None:
        self._end("")


def restore(old: Mapping[str, str | None]) -> None:
    """Write old contents, each file whole; a file that did not exist is removed."""
    for name, data in old.items():
        path = Path(name)
        if data is None:
            path.unlink(missing_ok=True)
            continue
        content = base64.b64decode(data)
        if path.is_file() and path.read_bytes() == content:
            continue
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_bytes(content)
        if path.exists():
            part.chmod(path.stat().st_mode & 0o7777)
        part.replace(path)


def main() -> None:
    """Wait for the end of the process that started this one."""
    old = json.loads(sys.stdin.readline() or "{}")
    if sys.stdin.read().strip() != KEEP:
        restore(old)


if __name__ == "__main__":
    main()
