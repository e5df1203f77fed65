"""What the preloaded observer has left: a file per process and worker, and the modules' bytes.

A part may end in the middle of a line (its process was killed, the disk was full): all before it holds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackswitch.errors import EngineError

PART_VERSION = 1
PARTS = "*.part.jsonl"
CONVERTED = ("converted", "converted-promising")
"""How stacks were seen where a promise became a number: that of an import, that of a promising call."""
EVENTS = ("drift", "overlap", "overwritten", "pending", "protocol", "shared", "unfinished", "unjudged")
MODULES = "modules"

Flat = tuple[int, ...]
"""Frames as flat numbers, innermost first, three a frame: the URL's number, function index, offset."""
Gaps = tuple[tuple[int, str], ...]
"""JavaScript frames, as ``name (place)``, each with the number of guest frames inside it."""


@dataclass
class RawStack:
    """A stack at a wait.

    ``gaps``: JavaScript frames, each with the number of guest frames inside it; the one that entered the
    guest has all inside it.
    """

    how: str
    import_: str | None
    frames: Flat
    gaps: Gaps
    truncated: bool
    count: int = 1
    import_async: bool = False
    saved: tuple[int, int] | None = None
    """The most bytes that Asyncify saved of it, and the room for them."""


def entered_at(frames: Sequence[object], gaps: Gaps) -> str:
    """Return the JavaScript that entered the guest, the innermost frame of it; empty: not known."""
    return next((text for at, text in gaps if at == len(frames)), "") if frames else ""


_DEFAULT_STACK_TRACE_LIMIT = 10
_FIRST_WITH_PROMISING = 23
"""The first Node with ``WebAssembly.promising``; 20 and 22 have the API before it, behind flags."""


@dataclass
class RawTrap:
    """An error as it left the guest."""

    error: str
    message: str
    frames: Flat
    gaps: Gaps

    @property
    def may_be_cut(self) -> bool:
        """Whether the guest's stack may go on: no JavaScript is seen below it, and the error is full."""
        frames = len(self.frames) // 3
        below = any(at == frames for at, _ in self.gaps)
        return not below and frames + len(self.gaps) >= _DEFAULT_STACK_TRACE_LIMIT


@dataclass
class Part:
    """One process's or worker's part."""

    process: int = 0
    thread: int = 0
    start: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, int] = field(default_factory=dict)
    stacks: dict[int, RawStack] = field(default_factory=dict)
    promising: set[int] = field(default_factory=set)
    traps: list[RawTrap] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    """What was seen of calls: lines of the kinds in ``EVENTS``, as they are."""
    errors: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None

    @property
    def has_promising(self) -> bool:
        """Whether exports are made promising by a function that is observed, not by the API before it."""
        major = str(self.start.get("engine_version", "")).split(".")[0]
        return bool(self.promising) or (major.isdigit() and int(major) >= _FIRST_WITH_PROMISING)


def read_parts(folder: Path) -> list[Part]:
    """Read all parts, oldest process first.

    :raises EngineError: a part is of another version than ours
    :raises OSError: a part cannot be read
    """
    parts = [read_part(path.read_bytes()) for path in sorted(folder.glob(PARTS))]
    return sorted(parts, key=lambda part: (part.process, part.thread))


def read_part(data: bytes) -> Part:
    """Read one part; what cannot be understood is noted among its errors.

    :raises EngineError: it is of another version than ours
    """
    part = Part()
    lines = data.split(b"\n")
    torn = lines.pop()
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            _take(part, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            part.errors.append(f"line {number} of a part cannot be read: {error!r}")
    if torn:
        part.errors.append("the part ends in the middle of a line")
    return part


def _take(part: Part, line: dict[str, Any]) -> None:
    kind = line["kind"]
    if kind == "start":
        if line["part_version"] != PART_VERSION:
            raise EngineError(
                f"a part of the trace has version {line['part_version']}, not {PART_VERSION}:"
                " the observer that wrote it is of another stackswitch"
            )
        part.process, part.thread, part.start = int(line["process"]), int(line["thread"]), line
    elif kind == "module":
        part.modules[str(line["sha256"])] = int(line["size"])
    elif kind == "promising":
        part.promising.add(int(line["index"]))
    elif kind == "stack":
        part.stacks[line["id"]] = RawStack(
            how=line["how"],
            import_=line["import"],
            frames=_flat(line["frames"]),
            gaps=_gaps(line["gaps"]),
            truncated=bool(line["truncated"]),
            import_async=bool(line.get("async", False)),
        )
    elif kind == "count":
        part.stacks[line["id"]].count = int(line["count"])
    elif kind == "saved":
        part.stacks[line["stack"]].saved = (int(line["bytes"]), int(line["room"]))
    elif kind in EVENTS:
        part.events.append(line)
    elif kind == "trap":
        trap = RawTrap(line["error"], line["message"], _flat(line["frames"]), _gaps(line["gaps"]))
        part.traps.append(trap)
    elif kind == "error":
        part.errors.append(str(line["message"]))
    elif kind == "end":
        part.end = line
    elif kind != "url":  # the engine's URLs are for those who read the part themselves
        raise ValueError(f"unknown kind {kind!r}")


def _flat(numbers: list[int]) -> Flat:
    if len(numbers) % 3 or not all(isinstance(each, int) for each in numbers):
        raise ValueError("frames are three numbers each")
    return tuple(numbers)


def _gaps(gaps: list[tuple[int, str]]) -> Gaps:
    return tuple((int(at), str(text)) for at, text in gaps)
