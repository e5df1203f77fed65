"""A trace made from the parts that the observer has left: names, modules, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stackswitch.errors import WasmFormatError
from stackswitch.lists.emscripten_imports import INVOKE, imports_behind, is_invoke
from stackswitch.models.base import Frame
from stackswitch.models.expect import ListName
from stackswitch.models.finding import FindingStack, TraceFinding
from stackswitch.models.trace import (
    REFUSED,
    TraceEnd,
    TraceError,
    TraceLine,
    TraceModule,
    TraceStart,
    TraceSuspension,
    TraceTrap,
)
from stackswitch.reports.escape import json_text

from .call_findings import conversion, find_in_calls
from .explain import NonPromisingEntry, explain_error, refused
from .findings import explained, find
from .missing import missing_names
from .modules import ModuleStore, ObservedModule, PartModules, shown_name, triples
from .parts import CONVERTED, Gaps, Part, RawStack, RawTrap, entered_at, read_parts

RECORDER = "stackswitch"
"""The engine of the lines that are the recorder's own."""


@dataclass
class Trace:
    """What was observed. ``suspensions`` are distinct, over all processes, each with its count."""

    starts: list[TraceStart] = field(default_factory=list)
    modules: list[TraceModule] = field(default_factory=list)
    suspensions: list[TraceSuspension] = field(default_factory=list)
    traps: list[TraceTrap] = field(default_factory=list)
    findings: list[TraceFinding] = field(default_factory=list)
    errors: list[TraceError] = field(default_factory=list)
    ends: list[TraceEnd] = field(default_factory=list)

    @property
    def lines(self) -> list[TraceLine]:
        """All lines, in the order in which they stand in a file."""
        return [
            *self.starts,
            *self.modules,
            *self.suspensions,
            *self.traps,
            *self.findings,
            *self.errors,
            *self.ends,
        ]

    @property
    def observed(self) -> bool:
        """Whether a program was observed, and not only the command started."""
        return any(each.engine != RECORDER for each in self.starts)

    @property
    def suspension_count(self) -> int:
        """How many waits there were, those whose stacks were left out included."""
        return sum(each.count for each in self.suspensions) + sum(each.left_out for each in self.ends)

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """The names that the observed builds lack, by list, sorted."""
        found = {
            "ASYNCIFY_ONLY": {name for each in self.suspensions for name in each.missing},
            "ASYNCIFY_IMPORTS": {name for each in self.suspensions for name in each.missing_imports},
        }
        return {name: tuple(sorted(names)) for name, names in found.items() if names}

    def to_jsonl(self) -> bytes:
        """The file's content."""
        return b"".join(_line(each) for each in self.lines)


def _line(line: TraceLine) -> bytes:
    # The kind first, for those who read it with their eyes or with grep.
    content = {"kind": line.kind, **line.model_dump(mode="json", by_alias=True)}
    return json_text(content, indent=None).encode()


def merge_trace_parts(folder: Path, store: ModuleStore | None = None) -> Trace:
    """Make a trace of the parts in a folder; fit for what a killed program has left.

    :param store: of the modules, where several traces share them; default: those in the folder
    :raises EngineError: the parts are of another version than ours
    :raises OSError: they cannot be read
    """
    parts = read_parts(folder)
    store = store or ModuleStore(folder)
    sizes = {sha256: size for part in parts for sha256, size in part.modules.items()}
    trace = Trace()
    merged: dict[tuple[object, ...], TraceSuspension] = {}
    for part in parts:
        _PartReader(part, PartModules(part, store, sizes), trace, merged).read()
    trace.suspensions = list(merged.values())
    trace.findings = explained([*find(trace.suspensions, trace.traps, store.get), *trace.findings])
    trace.modules = [_module(sha256, size, store.get(sha256)) for sha256, size in sizes.items()]
    trace.errors += [
        TraceError(message=store.problems[sha256]) for sha256 in sizes if sha256 in store.problems
    ]
    return trace


def _module(sha256: str, size: int, found: ObservedModule | None) -> TraceModule:
    return TraceModule(
        module=sha256,
        size_bytes=size,
        functions=found.module.function_count if found else None,
        instrumented=len(found.instrumented) if found and found.asyncified else None,
    )


class _PartReader:
    """Adds one part to a trace."""

    def __init__(
        self,
        part: Part,
        modules: PartModules,
        trace: Trace,
        merged: dict[tuple[object, ...], TraceSuspension],
    ) -> None:
        self.part = part
        self.modules = modules
        self.trace = trace
        self.merged = merged
        self.missing: set[str] = set()
        self.missing_imports: set[str] = set()
        self.refusals: list[RawStack] = []
        self.by_number: dict[int, TraceSuspension] = {}

    def read(self) -> None:
        part, start = self.part, self.part.start
        if start:
            self.trace.starts.append(
                TraceStart(
                    process=part.process,
                    parent=start.get("parent"),
                    thread=part.thread,
                    engine=str(start.get("engine", "")),
                    engine_version=str(start.get("engine_version", "")),
                    argv=tuple(map(str, start.get("argv", ()))),
                )
            )
        for message in part.errors:
            self._error(message)
        for number, stack in part.stacks.items():
            try:
                self._add(number, stack)
            except WasmFormatError as error:
                self._error(f"a stack cannot be read: {error}")
        traps = [self._trap(each) for each in part.traps]
        self.trace.traps += [*traps, *self._refusals(traps)]
        self.trace.findings += find_in_calls(part, self.by_number, trapped=bool(traps))
        if part.end is None:
            self._error(
                "ended without a word (killed, died, or the disk full): its last waits may be missing"
            )
            return
        end = part.end
        taken = int(end.get("taken", 0)) - int(end.get("left_out", 0))
        self.trace.ends.append(
            TraceEnd(
                process=part.process,
                thread=part.thread,
                status=end.get("status"),
                suspensions=int(end.get("suspensions", 0)),
                left_out=int(end.get("suspensions", 0)) - taken,
            )
        )

    def _error(self, message: str) -> None:
        self.trace.errors.append(
            TraceError(process=self.part.process or None, thread=self.part.thread, message=message)
        )

    def _add(self, number: int, stack: RawStack) -> None:
        frames, gaps = self._cut(stack)
        if not frames:
            self._error(f"{stack.count} suspensions below no frame of the guest")
            return
        if stack.how in CONVERTED:
            self.trace.findings.append(self._conversion(stack, frames))
            return
        if stack.how == "jspi" and self.part.has_promising and frames[-1][1] not in self.part.promising:
            # Node 23 and 24 call the import before they refuse: this was no wait.
            self.refusals.append(stack)
            return
        base, innermost = self.modules.module(frames[0][0])
        missing, missing_imports = missing_names(self.modules, stack.how, frames, gaps, base)
        self.missing.update(missing)
        self.missing_imports.update(missing_imports)
        import_, through = self._import(stack, innermost, frames[0])
        saved_bytes, saved_room = stack.saved or (None, None)
        self.by_number[number] = self._merge(
            TraceSuspension.model_construct(
                kind="suspension",
                module=base,
                backend=stack.how,
                import_=import_,
                through=through,
                import_async=stack.import_async,
                export=self._entry(frames[-1]).name,
                frames=self._names(frames, base),
                js_frames=tuple(text for at, text in gaps if 0 < at < len(frames)),
                call_site=entered_at(frames, gaps),
                truncated=stack.truncated,
                missing=missing,
                count=stack.count,
                frame_modules=self._frame_modules(frames),
                missing_imports=missing_imports,
                saved_bytes=saved_bytes,
                saved_room=saved_room,
            )
        )

    def _conversion(self, stack: RawStack, frames: Sequence[tuple[int, int, int]]) -> TraceFinding:
        base, innermost = self.modules.module(frames[0][0])
        asyncified = innermost is not None and innermost.asyncified
        shown = FindingStack(
            label="the conversion",
            import_=self._import(stack, innermost, frames[0])[0],
            export=self._entry(frames[-1]).name,
            frames=self._names(frames, base),
            call_site=entered_at(frames, stack.gaps),
        )
        place = {
            "process": self.part.process,
            "thread": self.part.thread,
            "module": base,
            "count": stack.count,
        }
        return conversion(shown, promising=stack.how == CONVERTED[1], asyncified=asyncified, **place)

    def _merge(self, one: TraceSuspension) -> TraceSuspension:
        key = (
            one.backend,
            one.import_,
            one.through,
            one.export,
            one.module,
            one.frames,
            one.frame_modules,
            one.js_frames,
        )
        known = self.merged.get(key)
        if known is not None:
            most = one if (one.saved_bytes or 0) > (known.saved_bytes or 0) else known
            one = most.model_copy(update={"count": known.count + one.count})
        self.merged[key] = one
        return one

    def _cut(self, stack: RawStack) -> tuple[list[tuple[int, int, int]], Gaps]:
        """Leave out what lies below: a guest's frames, beyond JavaScript, that Asyncify has no hand in."""
        frames = triples(stack.frames)
        for at, _ in stack.gaps:
            if 0 < at < len(frames):
                found = self.modules.module(frames[at][0])[1]
                if found is not None and not found.asyncified:
                    return frames[:at], tuple(gap for gap in stack.gaps if gap[0] <= at)
        return frames, stack.gaps

    def _names(self, frames: Sequence[tuple[int, int, int]], base: str) -> tuple[Frame, ...]:
        named: list[Frame] = []
        for url, index, offset in frames:
            sha256, found = self.modules.module(url)
            named.append((index, offset, shown_name(sha256, found, index, base or sha256)))
        return tuple(named)

    def _frame_modules(self, frames: Sequence[tuple[int, int, int]]) -> tuple[str, ...]:
        """Return the hash of each frame's module; empty: it is one module."""
        hashes = tuple(self.modules.module(url)[0] for url, _, _ in frames)
        return hashes if len(set(hashes)) > 1 else ()

    def _import(
        self, stack: RawStack, module: ObservedModule | None, frame: tuple[int, int, int]
    ) -> tuple[str, str]:
        """The import's name, and that of the import that the guest called, if it is another.

        It is what the innermost frame calls by name, what the glue said, or an import that a JavaScript frame
        above may be by its name: what is called through a table, or by way of ``invoke_*``, is known by that.
        """
        imported = module.called_import(*frame[1:]) if module is not None else None
        inside = [text for at, text in stack.gaps if at == 0]
        if imported is not None and not imported.name.startswith(INVOKE):
            return imported.full_name, ""
        if stack.import_ is not None:
            return stack.import_, ""
        through = "" if imported is None else imported.full_name
        for text in reversed(inside[:-1] if through else inside):
            behind = () if module is None else imports_behind(text, module.module.import_names)
            if len(behind) == 1 and not is_invoke(behind[0]):
                return behind[0], through
        if through:
            return through, ""
        return (f"?.{inside[-1].split(' (')[0]}" if inside else "?"), ""

    def _entry(self, frame: tuple[int, int, int]) -> NonPromisingEntry:
        sha256, found = self.modules.module(frame[0])
        exported = found.module.export_names.get(frame[1]) if found is not None else None
        name = exported or shown_name(sha256, found, frame[1], sha256)
        return NonPromisingEntry(name, exported is not None)

    def _trap(self, trap: RawTrap) -> TraceTrap:
        frames = triples(trap.frames)
        entry = None
        if frames and not trap.may_be_cut and frames[-1][1] not in self.part.promising:
            entry = self._entry(frames[-1])
        between = tuple(text for at, text in trap.gaps if 0 < at < len(frames))
        line = self._trap_line(frames, trap.error, trap.message)
        lacking = sorted(self.missing | self.missing_imports)
        names = [name for _, _, name in line.frames]
        found = explain_error(trap.error, trap.message, names, between, entry, lacking)
        missing: dict[ListName, tuple[str, ...]] = {}
        if found.cause == "not-promising" and entry is not None:
            missing["JSPI_EXPORTS"] = (entry.name,)
        elif found.cause == "not-instrumented":
            by_list: dict[ListName, set[str]] = {
                "ASYNCIFY_ONLY": self.missing,
                "ASYNCIFY_IMPORTS": self.missing_imports,
            }
            missing = {which: tuple(sorted(names)) for which, names in by_list.items() if names}
        update: dict[str, object] = {
            "js_frames": between,
            "cause": found.cause,
            "missing": missing,
            "explanation": found.text,
            "call_site": entered_at(frames, trap.gaps),
        }
        if found.cause in REFUSED and frames:
            update |= {"import_": self._refused_import(frames), "export": self._entry(frames[-1]).name}
        return line.model_copy(update=update)

    def _trap_line(self, frames: Sequence[tuple[int, int, int]], error: str, message: str) -> TraceTrap:
        base = self.modules.module(frames[0][0])[0] if frames else ""
        return TraceTrap(
            process=self.part.process,
            thread=self.part.thread,
            module=base,
            error=error,
            message=message,
            frames=self._names(frames, base),
            frame_modules=self._frame_modules(frames),
        )

    def _refused_import(self, frames: Sequence[tuple[int, int, int]]) -> str:
        """The import that was refused: as its own stack has it, if the engine called it before the error."""
        innermost = self.modules.module(frames[0][0])[1]
        for stack in self.refusals:
            inner = triples(stack.frames)
            if inner == list(frames[: len(inner)]):
                return self._import(stack, innermost, inner[0])[0]
        imported = None if innermost is None else innermost.called_import(*frames[0][1:])
        return "?" if imported is None else imported.full_name

    def _refusals(self, traps: Sequence[TraceTrap]) -> list[TraceTrap]:
        """Return the refused suspensions that no trap reports: the program caught the error."""
        shown = [each.frames for each in traps if each.cause in REFUSED]
        found = []
        for stack in self.refusals:
            frames = triples(stack.frames)
            entry = self._entry(frames[-1])
            import_, _ = self._import(stack, self.modules.module(frames[0][0])[1], frames[0])
            message = f"{import_} was called below {entry.name}, which is not promising"
            line = self._trap_line(frames, "SuspendError", message)
            if any(each[: len(line.frames)] == line.frames for each in shown):
                continue
            why = refused((), entry)
            update = {
                "import_": import_,
                "export": entry.name,
                "cause": why.cause,
                "missing": {"JSPI_EXPORTS": (entry.name,)} if entry.exported else {},
                "caught": True,
                "explanation": why.text,
                "call_site": entered_at(frames, stack.gaps),
            }
            found.append(line.model_copy(update=update))
        return found
