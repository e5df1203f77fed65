"""Which names a build lacks, judged by a stack at a wait: pure."""

from __future__ import annotations

from collections.abc import Sequence

from .modules import ObservedModule, PartModules, short

RawFrame = tuple[int, int, int]
"""The URL's number, function index, offset."""


def missing_names(
    modules: PartModules, how: str, frames: Sequence[RawFrame], gaps: Sequence[tuple[int, str]], base: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the functions and the imports on a stack that the build is not ready to suspend.

    :param how: the backend; only Asyncify needs a build that is ready
    :param gaps: JavaScript frames, each with the number of guest frames inside it
    :param base: the hash of the module whose names have no prefix
    """
    functions: dict[str, None] = {}
    imports: dict[str, None] = {}
    outside_js = {at for at, _ in gaps} | {0}
    for at, (url, index, offset) in enumerate(frames if how == "asyncify" else ()):
        sha256, found = modules.module(url)
        if found is None or index >= found.module.function_count:
            continue
        prefix = "" if sha256 == base else f"{short(sha256)}!"
        if index not in found.instrumented:
            inner = frames[at - 1] if at and at not in outside_js else None
            outer = frames[at + 1] if at + 1 < len(frames) and at + 1 not in outside_js else None
            if _was_there(found, frames[at], inner, outer):
                functions.setdefault(prefix + found.list_names[index])
        elif at in outside_js:
            imported = found.called_import(index, offset)
            if imported is not None and not found.can_wait(index, offset, imported.index):
                imports.setdefault(prefix + imported.full_name)
    return tuple(functions), tuple(imports)


def _was_there(
    module: ObservedModule, frame: RawFrame, inner: RawFrame | None, outer: RawFrame | None
) -> bool:
    """Whether a frame can have been: it calls what is inside it, or what is outside does not call past it."""
    url, index, offset = frame
    if inner is None or inner[0] != url or module.may_call(index, offset, inner[1]):
        return True
    return not (outer is not None and outer[0] == url and module.may_call(*outer[1:], inner[1]))
