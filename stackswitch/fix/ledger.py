"""The lists under repair, and what is known of each: names go in, edits come out: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.policies import PolicyName
from stackswitch.models.expect import ListName

from .minimise import spared
from .needs import Needs, asserted_of, facts_of
from .report import Confidence, Edit
from .seen import SourceSeen, Stacks
from .sources import Lists, ListSource
from .telling import edits_of, told_missing
from .trust import confidence


class Ledger:
    """Files with lists, by number.

    :param sources: the files
    :param modules: the modules that each file's lists hold for
    :param policy: how only-lists are drawn
    :param assertions: what the user says of functions
    :raises ConfigError: an assertion names no function of any module, or two contradict each other
    """

    def __init__(
        self,
        sources: Sequence[ListSource],
        modules: Sequence[Iterable[bytes]],
        policy: PolicyName,
        assertions: Assertions,
    ) -> None:
        self.sources = list(sources)
        self.seen = [SourceSeen() for _ in sources]
        self.policy: PolicyName = policy
        self.assertions = assertions
        self.notes: list[str] = []
        self._modules = [list(dict.fromkeys(each)) for each in modules]
        if assertions:
            self._hold()

    def _hold(self) -> None:
        held = [asserted_of(data, self.assertions) for each in self._modules for data in each]
        unmatched = set.intersection(*(set(each.unmatched) for each in held)) if held else set()
        if unmatched:
            told = ", ".join(f"{kind} {entry!r}" for kind, entry in sorted(unmatched))
            raise ConfigError(f"[lists] no module has a function for {told}")

    @property
    def lists(self) -> list[Lists]:
        """The names in each file, as they now are."""
        return [each.lists for each in self.sources]

    def note(self, at: int, case: str, needs: Mapping[ListName, Iterable[str]]) -> None:
        """Take down names that a case was seen to need."""
        self.seen[at].note(case, needs)

    def take(self, at: int, stacks: Stacks, *, lacking: bool = True) -> None:
        """Take down stacks.

        :param lacking: they are from a run that rewrote nothing: tell from them what the lists lack
        :raises ConfigError: they contradict an assertion
        """
        if lacking:
            self.note(at, stacks.case, self.seen[at].lacking(stacks))
        self.seen[at].take(stacks, self.assertions)

    def draw(self) -> bool:
        """Put what is missing into the lists; whether that changed any.

        :raises ListFileError: a name cannot be said where its list lives
        """
        before = [each.data for each in self.sources]
        for at, source in enumerate(self.sources):
            needs: Needs = {which: set(names) for which, names in self.seen[at].needs.items()}
            if "ASYNCIFY_ONLY" in source.variables:
                needs.setdefault("ASYNCIFY_ONLY", set()).update(self._always(at))
                if self.policy != "observed":
                    needs["ASYNCIFY_ONLY"] |= self.seen[at].drawn(self.policy, self.assertions)
            elif "ASYNCIFY_ADD" in source.variables:
                needs.setdefault("ASYNCIFY_ADD", set()).update(self._always(at))
            self.sources[at] = source.without(self._never(at)).with_needs(needs)
        return before != [each.data for each in self.sources]

    def minimise(self) -> bool:
        """Take out of the lists what no stack had on it; whether that changed any."""
        before = [each.data for each in self.sources]
        for at, source in enumerate(self.sources):
            seen = self.seen[at]
            if seen.blind:
                some = ", ".join(sorted(seen.blind)[:3])
                self.notes.append(
                    f"{source.path}: not minimised: the stacks of {some} are of several instances"
                )
                continue
            if self.policy != "observed":
                seen.used.functions |= seen.drawn(self.policy, self.assertions)
            seen.used.functions |= self._always(at)
            seen.used.beyond |= self._always(at)
            self.sources[at] = source.without(spared(source.lists, seen.used))
        return before != [each.data for each in self.sources]

    def _always(self, at: int) -> set[str]:
        """Return the names that are asserted to be instrumented always."""
        if not self.assertions.always:
            return set()
        return {
            name
            for data in self._modules[at]
            for name in facts_of(data).names(asserted_of(data, self.assertions).always)
        }

    def _never(self, at: int) -> dict[ListName, tuple[str, ...]]:
        """Return the entries that name functions which are asserted never to wait."""
        if not self.assertions.never:
            return {}
        never = {
            name
            for data in self._modules[at]
            for name in facts_of(data).names(asserted_of(data, self.assertions).never)
        }
        lists = self.sources[at].lists
        functions: tuple[ListName, ...] = ("ASYNCIFY_ONLY", "ASYNCIFY_ADD")
        return {
            which: tuple(each for each in lists[which] if each in never)
            for which in functions
            if which in lists
        }

    def edits(self) -> tuple[Edit, ...]:
        """Return what has changed in each list."""
        return edits_of(self.sources, self.seen)

    def told_missing(self) -> str:
        """Say what the lists lacked, some names of each."""
        return told_missing(self.edits())

    def confidence(self) -> tuple[Confidence, ...]:
        """Say how far each only-list can be trusted."""
        found = [
            confidence(str(source.path), seen, self.policy, self.assertions)
            for source, seen in zip(self.sources, self.seen, strict=True)
            if "ASYNCIFY_ONLY" in source.variables
        ]
        return tuple(each for each in found if each is not None)
