"""What is recorded while a case runs: the stack of each wait, and the names that the lists lack."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stackswitch.backends.asyncify_missing import Missing, missing_names
from stackswitch.models.base import Frame
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName
from stackswitch.models.trace import Suspension
from stackswitch.wasm.report_section import find_instrumented

from ..compiled import CompiledModule
from ..engine import WasmtimeEngine


class CompiledCaseModule(CompiledModule):
    """A module of a case, compiled, and what is known of its functions.

    :param name: of the instance
    :param names: by function index, as Binaryen's lists match them
    :param instrumented: indexes of the functions that can be suspended; None: what its build has instrumented
    """

    def __init__(
        self,
        engine: WasmtimeEngine,
        wasm: bytes,
        name: str,
        names: Sequence[str],
        instrumented: Collection[int] | None = None,
    ) -> None:
        super().__init__(engine, wasm)
        self.name = name
        self.names = names
        self.instrumented = find_instrumented(self.module) if instrumented is None else instrumented

    def function_name(self, index: int) -> str:
        """Return a function's name."""
        return self.names[index] if 0 <= index < len(self.names) else f"func[{index}]"


@dataclass
class RecordedStack:
    """A stack at a wait; equal stacks have one record."""

    module: CompiledCaseModule
    import_: str
    export: str
    frames: tuple[int, ...]
    missing: Missing
    count: int = 0

    def suspension(self, backend: str) -> Suspension:
        """Return the record of it."""
        frames: list[Frame] = [(index, -1, self.module.function_name(index)) for index in self.frames]
        return Suspension(
            module=self.module.name,
            backend=backend,
            import_=self.import_,
            export=self.export,
            frames=tuple(frames),
            missing=tuple(sorted(set().union(*self.missing.values()))),
            count=self.count,
        )


class SuspensionRecorder:
    """Records stacks.

    :ivar count: how many waits there were
    """

    def __init__(self, options: AsyncifyOptions) -> None:
        self._options = options
        self._stacks: dict[tuple[str, str, str, tuple[int, ...]], RecordedStack] = {}
        self.count = 0

    def record(
        self, module: CompiledCaseModule, import_: str, export: str, frames: tuple[int, ...]
    ) -> RecordedStack:
        """Return the record of a stack, which may be new; it counts only after ``count_wait`` is called."""
        key = (module.name, import_, export, frames)
        stack = self._stacks.get(key)
        if stack is None:
            missing = missing_names(self._options, import_, frames, module.names, module.instrumented)
            stack = self._stacks[key] = RecordedStack(module, import_, export, frames, missing)
        return stack

    def count_wait(self, stack: RecordedStack | None) -> None:
        """Count a wait with this stack; None: it was not read."""
        self.count += 1
        if stack is not None:
            stack.count += 1

    def suspensions(self, backend: str) -> tuple[Suspension, ...]:
        """Return the stacks seen, in the order of their first wait."""
        return tuple(stack.suspension(backend) for stack in self._stacks.values() if stack.count)

    def missing(self) -> dict[ListName, tuple[str, ...]]:
        """Return the names that the lists lack, by list, sorted."""
        found: Missing = {}
        for stack in self._stacks.values():
            for which, names in stack.missing.items():
                found.setdefault(which, set()).update(names)
        return {which: tuple(sorted(found[which])) for which in sorted(found)}
