"""The probes: one small file each in ``node_shim/probes``.

A probe is a module whose export ``run`` returns 42 (``NAME.wat``, or ``NAME.hex`` where no text format has
it), or a script (``NAME.mjs``, ``NAME.py``) that returns ``{shown, why, facts}``. Comments at the top
describe it. The first line: its question. ``needs NAME``: it runs with the flags that made NAME work, or
not at all. ``try v8: FLAGS``: flags to try, in order, if it fails without. ``deep``: it runs only on
request. ``probes/modules`` has the modules that scripts run, ``probes/cases`` what an engine must be able to
do before it runs cases (``probe``).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Literal

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.tools.paths import cache_dir, node_shim_dir

MODULE_SUFFIXES = (".wat", ".hex")
_SUFFIXES = (*MODULE_SUFFIXES, ".mjs", ".py")


class Probe(Frozen):
    """A probe. ``tries``: sets of flags by flag language (``v8``, ``firefox``), in order."""

    name: str
    path: Path
    asks: str
    needs: str = ""
    deep: bool = False
    tries: dict[str, tuple[tuple[str, ...], ...]] = {}

    def runs_in(self, language: Literal["javascript", "python"]) -> bool:
        """Whether a host of that kind can run it; a module alone runs in any."""
        return self.path.suffix in (*MODULE_SUFFIXES, ".mjs" if language == "javascript" else ".py")


@cache
def all_probes() -> tuple[Probe, ...]:
    """Return every probe: those that others need first, then by name.

    :raises ConfigError: a file of the installation is wrong
    """
    folder = node_shim_dir() / "probes"
    paths = [path for path in folder.iterdir() if path.suffix in _SUFFIXES]
    probes = [parse_head(path, path.read_text("utf-8")) for path in paths]
    names = {probe.name for probe in probes}
    for probe in probes:
        if probe.needs and probe.needs not in names:
            raise ConfigError(f"{probe.path}: it needs the probe {probe.needs}, which is not there")
    needed = {probe.needs for probe in probes}
    return tuple(sorted(probes, key=lambda probe: (probe.name not in needed, bool(probe.needs), probe.name)))


def parse_head(path: Path, text: str) -> Probe:
    """Read the comments at the top of a probe.

    :raises ConfigError: none of them gives its question
    """
    head: list[str] = []
    for line in text.splitlines():
        match = re.match(r"(?://|;;|#) (.*)", line)
        if match is None:
            break
        head.append(match[1].strip())
    if not head or not head[0]:
        raise ConfigError(f"{path}: the first line has to say, in a comment, what the probe asks")
    tries: dict[str, tuple[tuple[str, ...], ...]] = {}
    needs = ""
    for line in head[1:]:
        if match := re.match(r"try (\w+): (.+)", line):
            tries[match[1]] = (*tries.get(match[1], ()), tuple(match[2].split()))
        elif match := re.match(r"needs ([a-z0-9-]+)\Z", line):
            needs = match[1]
    return Probe(name=path.stem, path=path, asks=head[0], needs=needs, deep="deep" in head[1:], tries=tries)


@cache
def probes_version() -> str:
    """Return a hash of the probes and of what runs them; cached reports of another hash are not used."""
    shim, here = node_shim_dir(), Path(__file__).parent
    paths = [shim / name for name in ("probes", "detect", "browsers", "polyfill", "wasm")]
    files = sorted(path for folder in paths for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in [*files, *sorted(here.glob("*.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def cache_file(folder: str, engine: str, *facts: str) -> Path:
    """Return where results of probes are cached: by the engine, facts about it, and the probes."""
    digest = hashlib.sha256("\0".join([engine, probes_version(), *facts]).encode()).hexdigest()[:24]
    return cache_dir() / folder / f"{engine}-{digest}.json"


def file_stamp(path: Path) -> str:
    """Return a file's size and time, by which a change is noticed; empty if there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return ""
    return f"{stat.st_size}-{stat.st_mtime_ns}"
