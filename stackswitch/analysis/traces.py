"""Traces taken for a module: its suspensions, by the hash of its bytes, or by name from another build."""

from __future__ import annotations

from collections import Counter

from pydantic import ValidationError

from stackswitch.errors import ConfigError
from stackswitch.models.base import Frozen
from stackswitch.models.trace import TRACE_LINE, Frame, Suspension, TraceSuspension
from stackswitch.wasm.module import Module
from stackswitch.wasm.names import binaryen_names


class TraceOfModule(Frozen):
    """What a trace says of a module.

    ``by_name``: it was taken on another build; functions were found by their names. ``lost``: frames of such
    a trace whose function the module does not have.
    """

    suspensions: tuple[Suspension, ...]
    by_name: bool = False
    lost: int = 0


def read_trace_lines(data: bytes, path: str) -> tuple[TraceSuspension, ...]:
    """Read the suspensions of a trace file.

    :raises ConfigError: a line is none of a trace; its number is told
    """
    found = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            read = TRACE_LINE.validate_json(line)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]["msg"]
            raise ConfigError(f"{path}: line {number} is no line of a trace: {problem}") from None
        if isinstance(read, TraceSuspension):
            found.append(read)
    return tuple(found)


def trace_of_module(lines: tuple[TraceSuspension, ...], module: Module, path: str) -> TraceOfModule:
    """Pick what concerns a module; where no line was taken on these very bytes, functions go by name.

    :raises ConfigError: the trace has suspensions, and they are another module's by any measure
    """
    own = [_own_frames(each, module.sha256) for each in lines if module.sha256 in _modules(each)]
    if own or not lines:
        return TraceOfModule(suspensions=tuple(own))
    names = {name: index for index, name in reversed(list(enumerate(binaryen_names(module))))}
    imported = {f"{each.module}.{each.name}" for each in module.function_imports()}
    # The module of a trace that has most of our imports is the other build.
    votes = Counter(each.module for each in lines if each.import_ in imported)
    best = votes.most_common(1)
    found = []
    lost = kept = 0
    for each in lines:
        if not best or each.module != best[0][0] or each.import_ not in imported:
            continue
        frames: list[Frame] = []
        for _, _, name in _own_frames(each, each.module).frames:
            index = names.get(name)
            if index is None or index < module.imported_function_count:
                lost += 1
            else:
                kept += 1
                frames.append((index, -1, name))
        found.append(_plain(each, tuple(frames)))
    if kept <= lost:
        raise ConfigError(
            f"{path}: this trace was taken on another module: {kept} of the {kept + lost} functions on its "
            "stacks are there by name; take one of this module, or keep the names in both builds"
        )
    return TraceOfModule(suspensions=tuple(found), by_name=True, lost=lost)


def _modules(line: TraceSuspension) -> set[str]:
    return {line.module, *line.frame_modules}


def _own_frames(line: TraceSuspension, sha256: str) -> Suspension:
    """Return a suspension with the frames of one module only."""
    owners = line.frame_modules or (line.module,) * len(line.frames)
    frames = tuple(frame for frame, owner in zip(line.frames, owners, strict=False) if owner == sha256)
    return _plain(line, frames)


def _plain(line: TraceSuspension, frames: tuple[Frame, ...]) -> Suspension:
    return Suspension(
        module=line.module,
        backend=line.backend,
        import_=line.import_,
        export=line.export,
        frames=frames,
        truncated=line.truncated,
        missing=line.missing,
        count=line.count,
    )
