"""Which given module each module of a trace is: by the hash of its bytes, or by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from stackswitch.models.trace import TraceSuspension, TraceTrap
from stackswitch.models.trace_use import UnusedReason
from stackswitch.wasm.module import Module

from .trace_lines import TraceFile

_NAMELESS = re.compile(r"func\[\d+\]\Z")
_DIGITS = 8
_MOST_NAMES = 3


def plain_name(name: str, owner: str) -> str:
    """Return a function's name without the digits of its module's hash in front."""
    return name.removeprefix(f"{owner.removeprefix('sha256:')[:_DIGITS] or '?'}!")


class Owners:
    """The modules of a trace, by hash.

    :ivar functions: the functions on the trace's stacks, by the hash of their module
    :ivar best_match: the most functions that a module of the trace shares with a given one, and how many
        it has
    """

    def __init__(
        self, functions: Mapping[str, set[str]], modules: Sequence[tuple[Module, Mapping[str, int]]]
    ) -> None:
        self.functions = functions
        self._exact = {module.sha256: at for at, (module, _) in reversed(list(enumerate(modules)))}
        self._named: dict[str, int | UnusedReason] = {}
        self.best_match = (0, 0)
        taken = {self._exact[owner] for owner in functions if owner in self._exact}
        for owner, names in functions.items():
            if owner not in self._exact:
                free = {at: known for at, (_, known) in enumerate(modules) if at not in taken}
                self._named[owner] = self._match(names, free)

    def _match(self, names: set[str], modules: Mapping[int, Mapping[str, int]]) -> int | UnusedReason:
        """Return the module that has most of the names, and more than half of them."""
        named = {each for each in names if not _NAMELESS.match(each)}
        counts = sorted(((len(named & known.keys()), at) for at, known in modules.items()), reverse=True)
        most = counts[0][0] if counts else 0
        self.best_match = max(self.best_match, (most, len(names)))
        if most * 2 <= len(names):
            return "other-module"
        same = [at for count, at in counts if count == most]
        return same[0] if len(same) == 1 else "ambiguous-module"

    @property
    def by_name(self) -> bool:
        """Whether some module of the trace is another build of one that was given."""
        return any(isinstance(each, int) for each in self._named.values())

    def is_exact(self, owner: str) -> bool:
        """Whether a module of the trace is one that was given, byte by byte."""
        return owner in self._exact

    def module_of(self, owner: str) -> int | UnusedReason:
        """Return the place of the given module that a module of the trace is, or why there is none."""
        if owner in self._exact:
            return self._exact[owner]
        found = self._named.get(owner, "other-module")
        return "unknown-module" if found == "other-module" and not owner else found

    def builds_of(self, at: int) -> frozenset[str]:
        """Return the modules of the trace that are a given one, by its place."""
        return frozenset(each for each in self.functions if self.module_of(each) == at)

    def shown(self, owner: str) -> str:
        """Name a module of the trace: some of its functions, and the start of its hash."""
        names = sorted(self.functions.get(owner, ()))
        some = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
        return f"{owner.removeprefix('sha256:')[:12]}: {some}" if owner else some


def owners_of(file: TraceFile, modules: Sequence[tuple[Module, Mapping[str, int]]]) -> Owners:
    """Find which given module each module of a trace is.

    :param modules: those given, each with its defined functions by name
    """
    functions: dict[str, set[str]] = {}
    for _, line in file.lines:
        if isinstance(line, (TraceSuspension, TraceTrap)):
            owners = line.frame_modules or (line.module,) * len(line.frames)
            for (_, _, name), owner in zip(line.frames, owners, strict=False):
                functions.setdefault(owner, set()).add(plain_name(name, owner))
    return Owners(functions, modules)
