"""Files that are put back if we die: while a build command runs, the new list has to stand where it lives.

Run as a program of its own (this very file, nothing of ours imported), it is told the old contents on its
standard input, and waits for the end of it. Unless the last thing it hears is ``KEEP`` it writes them back,
each whole: whoever started it was killed. It has a session of its own, so that no Ctrl-C reaches it.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

KEEP = "keep"


class Guard:
    """Holds the old contents of files, until ``keep``; a context manager, which otherwise puts them back."""

    def __init__(self) -> None:
        self._old: dict[Path, bytes | None] = {}
        self._process: subprocess.Popen[str] | None = None

    def hold(self, files: Mapping[Path, bytes | None]) -> None:
        """Have these put back (None: removed) if we die before the end; a second call does nothing."""
        if self._process is not None:
            return
        self._old = {path.resolve(): data for path, data in files.items()}
        told = {
            str(path): None if data is None else base64.b64encode(data).decode()
            for path, data in self._old.items()
        }
        from stackswitch.tools.watchdog import unmarked  # not at the top: this file is a program, too

        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__],
            stdin=subprocess.PIPE,
            text=True,
            env=unmarked(),  # the watchdog would kill it with the rest, before it has put anything back
            start_new_session=True,
        )
        pipe = self._pipe()
        pipe.write(json.dumps(told) + "\n")
        pipe.flush()

    def _pipe(self) -> IO[str]:
        assert self._process is not None
        assert self._process.stdin is not None
        return self._process.stdin

    def keep(self) -> None:
        """What now stands in the files is to stay."""
        self._end(KEEP)

    def _end(self, word: str) -> None:
        if self._process is None:
            return
        pipe = self._pipe()
        pipe.write(word)
        pipe.close()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self._end("")


def put_back(old: Mapping[str, str | None]) -> None:
    """Write old contents, each file whole; one that was not there goes."""
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
    """Wait for the end of the one who started us."""
    old = json.loads(sys.stdin.readline() or "{}")
    if sys.stdin.read().strip() != KEEP:
        put_back(old)


if __name__ == "__main__":
    main()
