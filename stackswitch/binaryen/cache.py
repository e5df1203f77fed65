"""Builds made before, by what went into them: the second run of a suite instruments nothing.

An entry is one file: a line of JSON (the findings, and a hash of them and the module) and the module. It is
written beside its place and renamed into it; one that does not read back as it was written counts as
absent. The oldest go when all together pass the bound; a hit makes an entry young again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackswitch.tools.files import replace_file

FORMAT = 3
"""Part of every key: raise it when an entry's form or the way of building changes."""
MOST_BYTES = 512 * 1024 * 1024
_KEEP_SHARE = 0.8
_WRITES_PER_SWEEP = 32


def entry_key(wasm: bytes, options: Mapping[str, Any], version: str) -> str:
    """Return the name of an entry: a hash of the module, all options and the tool's version."""
    return _hash(wasm, [FORMAT, version, dict(options)])


def _hash(wasm: bytes, described: object) -> str:
    text = json.dumps(described, sort_keys=True).encode()
    return hashlib.sha256(hashlib.sha256(wasm).digest() + text).hexdigest()


class BuildCache:
    """Entries in a folder; many processes may use it at once."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._writes = 0

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]

    def read(self, key: str) -> tuple[dict[str, Any], bytes] | None:
        """Return an entry's findings and module; None if it is absent or spoilt."""
        path = self._path(key)
        try:
            line, _, wasm = path.read_bytes().partition(b"\n")
            head = json.loads(line)
            findings = dict(head["findings"])
            if head["sha256"] != _hash(wasm, findings):
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return findings, wasm

    def write(self, key: str, findings: Mapping[str, Any], wasm: bytes) -> None:
        """Keep an entry; a cache that can't be written is no reason to fail."""
        head = {"sha256": _hash(wasm, dict(findings)), "findings": dict(findings)}
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, json.dumps(head).encode() + b"\n" + wasm)
            if self._writes % _WRITES_PER_SWEEP == 0:
                self.sweep()
            self._writes += 1

    def sweep(self) -> None:
        """Remove the entries longest unused if all together are past the bound.

        :raises OSError: the folder can't be read
        """
        entries = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(FileNotFoundError):  # another process sweeps too
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        if total <= self.most_bytes:
            return
        for _, size, path in sorted(entries):
            if total <= self.most_bytes * _KEEP_SHARE:
                return
            path.unlink(missing_ok=True)
            total -= size
