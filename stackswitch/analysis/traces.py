"""What traces say of given modules: a frame belongs to one by hash, or by name if from another build.

Every line of a trace counts. What cannot be used is reported as unused, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stackswitch.errors import ConfigError
from stackswitch.lists.emscripten_imports import UNKNOWN, imports_behind, is_invoke
from stackswitch.models.base import Frame
from stackswitch.models.trace import (
    REFUSED,
    Suspension,
    TraceEnd,
    TraceError,
    TraceSuspension,
    TraceTrap,
)
from stackswitch.models.trace_use import TraceUse, UnusedLines, UnusedReason
from stackswitch.reports.text import counted
from stackswitch.wasm.callgraph import call_graph, call_sites
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import Module

from .trace_lines import TraceFile
from .trace_owners import Owners, owners_of, plain_name

_MOST_SHOWN = 5
_Evidence = TraceSuspension | TraceTrap


class GivenModule:
    """A module for which traces are read.

    :param name: its name in messages
    :param names: its functions' names by index, if they are not in the module itself
    """

    def __init__(self, module: Module, name: str = "the module", names: Sequence[str] | None = None) -> None:
        self.module = module
        self.name = name
        self._names = names

    @cached_property
    def names(self) -> Sequence[str]:
        """The functions' names by index."""
        return self._names if self._names is not None else binaryen_names(self.module)

    @cached_property
    def by_name(self) -> dict[str, int]:
        """Defined functions by name."""
        first = self.module.imported_function_count
        return {self.names[index]: index for index in reversed(range(first, self.module.function_count))}

    def import_named(self, line: _Evidence, frames: Sequence[Frame], *, exact: bool) -> str | None:
        """Return the full name of the import that waited; None: it cannot be known.

        If the trace does not name it, it is one of these:

        - the only import with the name of the JavaScript function
        - the import that the innermost function calls directly
        - the only import that the innermost function's call through a table can reach
        """
        imports = self.module.import_names
        if line.import_ in imports:
            return line.import_
        named = imports_behind(line.import_.removeprefix(f"{UNKNOWN}."), imports)
        if len(named) == 1:
            return named[0]
        called = self.called(frames[0]) if exact and frames else ()
        both = [each for each in called if each in named] or called
        return both[0] if len(both) == 1 else None

    def called(self, frame: Frame) -> tuple[str, ...]:
        """Return the imports that the call at a frame's place can lead to."""
        index, offset, _ = frame
        if index < self.module.imported_function_count:
            return ()
        site = next((each for each in call_sites(self.module, index) if each.offset == offset), None)
        if site is None:
            return ()
        if site.kind in ("call", "return_call"):
            targets = {site.target}
        else:
            targets = set(call_graph(self.module).functions_of_type(site.target))
        imports = self.module.import_names
        return tuple(dict.fromkeys(imports[each] for each in sorted(targets) if each < len(imports)))


@dataclass
class ModuleLines:
    """What a trace says of a module: stacks at waits (refused ones included), and traps."""

    suspensions: list[Suspension] = field(default_factory=list)
    traps: list[TraceTrap] = field(default_factory=list)


@dataclass(frozen=True)
class UsedTrace:
    """A trace, read for given modules.

    :ivar use: which lines were used
    :ivar modules: what it says of each given module, in their order
    """

    use: TraceUse
    modules: tuple[ModuleLines, ...]

    @property
    def suspensions(self) -> tuple[Suspension, ...]:
        """The stacks of all modules."""
        return tuple(each for of in self.modules for each in of.suspensions)


def is_refused(trap: TraceTrap) -> bool:
    """Whether a trap is a suspension that the engine refused: its stack is one at a wait."""
    return trap.cause in REFUSED or (not trap.cause and trap.error == "SuspendError")


def use_trace(file: TraceFile, modules: Sequence[GivenModule]) -> UsedTrace:
    """Read what a trace says of modules."""
    reader = _TraceReader(modules, owners_of(file, [(each.module, each.by_name) for each in modules]))
    for number, line in file.lines:
        if isinstance(line, TraceSuspension) or (isinstance(line, TraceTrap) and line.frames):
            reader.add(number, line)
        elif isinstance(line, TraceTrap):
            reader.loose.append(line)
    return reader.result(file)


def require_use(
    used: Iterable[UsedTrace], files: Sequence[TraceFile], modules: Sequence[GivenModule]
) -> None:
    """Reject traces of which nothing concerns the modules.

    :raises ConfigError: no stack and no trap of any trace can be used
    """
    if any(of.suspensions or of.traps for each in used for of in each.modules):
        return
    for file in files:
        owners = owners_of(file, [(each.module, each.by_name) for each in modules])
        if owners.functions:
            known, total = owners.best_match
            where = " or ".join(each.name for each in modules)
            functions = f"function{'' if total == 1 else 's'} on its stacks {'is' if known == 1 else 'are'}"
            raise ConfigError(
                f"{file.name}: this trace was recorded on another module: {known} of the {total} {functions} "
                f"in {where} by name; record one of this module, or keep the names in both builds"
            )
    lines = sum(len(file.lines) for file in files)
    names = ", ".join(file.name for file in files)
    were = "was" if lines == 1 else "were"
    raise ConfigError(f"{names}: {counted(lines, 'line')} {were} read, and none records a wait or a trap")


class _TraceReader:
    """Reads the lines of a trace.

    :ivar loose: traps without a stack, which may be of any module
    """

    def __init__(self, modules: Sequence[GivenModule], owners: Owners) -> None:
        self.modules = modules
        self.owners = owners
        self.found = tuple(ModuleLines() for _ in modules)
        self.loose: list[TraceTrap] = []
        self.stacks = self.waits = 0
        self._unused: dict[UnusedReason, dict[int, tuple[int, tuple[str, ...]]]] = {}

    def add(self, number: int, line: _Evidence) -> None:
        """Add a line that has a stack."""
        count = line.count if isinstance(line, TraceSuspension) else 0
        waited = isinstance(line, TraceSuspension) or is_refused(line)
        self.stacks += waited
        self.waits += count
        frames: dict[int, list[Frame]] = {}
        problem: tuple[UnusedReason, tuple[str, ...]] | None = None
        owners = line.frame_modules or (line.module,) * len(line.frames)
        for frame, owner in zip(line.frames, owners, strict=False):
            at = self.owners.module_of(owner)
            if isinstance(at, str):
                problem = problem or (at, (self.owners.shown(owner),))
                continue
            found = self._frame(at, owner, frame)
            if found is not None:
                frames.setdefault(at, []).append(found)
            else:
                exact = self.owners.is_exact(owner)
                problem = problem or ("bad-frame" if exact else "no-name", (plain_name(frame[2], owner),))
        if not line.frames:
            problem = ("no-frames", ())
        elif len(owners) < len(line.frames):
            problem = problem or ("bad-frame", ())
        for at, of in frames.items():
            inner, outer = (owners[end] in self.owners.builds_of(at) for end in (0, -1))
            unknown = self._put(at, line, of, exact=self.owners.is_exact(owners[0]), inner=inner, outer=outer)
            problem = problem or unknown
        if problem is not None:
            reason, what = problem
            self._unused.setdefault(reason, {})[number] = (count, what)

    def _frame(self, at: int, owner: str, frame: Frame) -> Frame | None:
        """Return a frame as one of a given module; None: the module has no such function."""
        given = self.modules[at]
        index, offset, name = frame[0], frame[1], plain_name(frame[2], owner)
        if self.owners.is_exact(owner):
            exists = given.module.imported_function_count <= index < given.module.function_count
            return (index, offset, name) if exists else None
        mapped = given.by_name.get(name)
        return None if mapped is None else (mapped, -1, name)

    def _put(
        self, at: int, line: _Evidence, frames: list[Frame], *, exact: bool, inner: bool, outer: bool
    ) -> tuple[UnusedReason, tuple[str, ...]] | None:
        """Add a stack to what is known of a module; return the problem if its import is not known.

        :param exact: the frames are of these very bytes
        :param inner: the innermost frame is of this module, and so is the import that waited
        :param outer: the outermost frame is of this module, and so is the export
        """
        given = self.modules[at]
        if isinstance(line, TraceTrap):
            self.found[at].traps.append(line)
            if not is_refused(line):
                return None
        problem: tuple[UnusedReason, tuple[str, ...]] | None = None
        import_, through = line.import_, line.through if isinstance(line, TraceSuspension) else ""
        if inner:
            known = given.import_named(line, frames, exact=exact)
            if known is not None and is_invoke(known):
                through, known = known, None
            # An Asyncify build needs no more than the import that it calls itself.
            asyncify = isinstance(line, TraceSuspension) and line.backend == "asyncify"
            if known is None and not (through and asyncify):
                problem = ("unknown-import", (through or import_ or UNKNOWN,))
            import_ = known or f"{UNKNOWN}.{import_.removeprefix(f'{UNKNOWN}.')}"
        else:
            # This module waits for a function of another module, which it calls.
            called = given.called(frames[0])
            through = called[0] if len(called) == 1 else UNKNOWN
        wait = line if isinstance(line, TraceSuspension) else None
        self.found[at].suspensions.append(
            Suspension(
                module=given.module.sha256,
                backend=wait.backend if wait else "jspi",
                import_=import_,
                export=line.export if outer and line.export in given.module.exported_functions else "",
                frames=tuple(frames),
                through=through,
                import_async=wait is not None and wait.import_async,
                refused=wait is None,
                js_frames=line.js_frames,
                truncated=wait is not None and wait.truncated,
                missing=wait.missing if wait else (),
                count=wait.count if wait else 1,
            )
        )
        return problem

    def result(self, file: TraceFile) -> UsedTrace:
        """Return the trace as read, after all lines were added."""
        for trap in self.loose:
            for of in [each for each in self.found if each.suspensions or each.traps] or self.found:
                of.traps.append(trap)
        unused = tuple(
            UnusedLines(
                reason=reason,
                lines=len(lines),
                waits=sum(count for count, _ in lines.values()),
                numbers=tuple(lines)[:_MOST_SHOWN],
                what=tuple(dict.fromkeys(each for _, what in lines.values() for each in what))[:_MOST_SHOWN],
            )
            for reason, lines in sorted(self._unused.items())
        )
        total = len(file.lines)
        use = TraceUse(
            trace=file.name,
            lines=total,
            used=total - sum(each.lines for each in unused),
            unused=unused,
            stacks=self.stacks,
            waits=self.waits,
            traps=len(file.traps),
            by_name=self.owners.by_name,
            says=_says(file),
        )
        return UsedTrace(use, self.found)


def _says(file: TraceFile) -> tuple[str, ...]:
    """Return what the recorder says is missing in a trace."""
    messages = [line.message for _, line in file.lines if isinstance(line, TraceError)]
    left = sum(line.left_out for _, line in file.lines if isinstance(line, TraceEnd))
    if left:
        messages.append(f"the stacks of {counted(left, 'wait')} were left out (sampling, limits)")
    return tuple(dict.fromkeys(messages))
