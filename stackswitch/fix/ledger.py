"""The lists under repair, and what is known of each: names go in, edits come out: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Assertions
from stackswitch.lists.default_policy import Choice, default_policy
from stackswitch.lists.namelist import shorten
from stackswitch.lists.policies import PolicyName
from stackswitch.models.expect import ListName

from .minimise import spared
from .needs import Needs, asserted_of, facts_of, functions_of
from .report import AssertionHeld, Confidence, Edit, ListPolicy
from .seen import SourceSeen, Stacks
from .sources import ListSource
from .telling import edits_of, told_missing
from .trust import confidence, savings


class Ledger:
    """Files with lists, by number.

    :param sources: the files
    :param modules: the modules that each file's lists hold for
    :param policy: how only-lists are drawn; None: each as ``lists.default_policy`` says
    :param assertions: what the user says of functions
    :raises ConfigError: an assertion names no function of any module, or two contradict each other
    :raises ListFileError: a file was taken for a list, a name a line, and names no function of its modules
    """

    def __init__(
        self,
        sources: Sequence[ListSource],
        modules: Sequence[Iterable[bytes]],
        policy: PolicyName | None,
        assertions: Assertions,
    ) -> None:
        self._modules = [list(dict.fromkeys(each)) for each in modules]
        self.sources = [
            each.of_modules(functions_of(of)) for each, of in zip(sources, self._modules, strict=True)
        ]
        self.seen = [SourceSeen() for _ in sources]
        self._asked = None if policy is None else Choice(policy, "as asked")
        self._chosen: dict[int, Choice] = {}
        self.assertions = assertions
        self.notes: list[str] = []
        if assertions:
            self._hold()

    def _hold(self) -> None:
        held = [asserted_of(data, self.assertions) for each in self._modules for data in each]
        unmatched = set.intersection(*(set(each.unmatched) for each in held)) if held else set()
        if unmatched:
            told = ", ".join(f"{kind} {entry!r}" for kind, entry in sorted(unmatched))
            raise ConfigError(f"[lists] no module has a function for {told}")

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
                policy = self._choice(at).policy
                if policy != "observed":
                    needs["ASYNCIFY_ONLY"] |= self.seen[at].drawn(policy, self.assertions)
            elif "ASYNCIFY_ADD" in source.variables:
                needs.setdefault("ASYNCIFY_ADD", set()).update(self._always(at))
            self.sources[at] = source.without(self._never(at)).with_needs(needs)
            self._note_wildcards(self.sources[at])
        return before != [each.data for each in self.sources]

    def _note_wildcards(self, source: ListSource) -> None:
        for name, wildcard in source.wildcards.items():
            note = (
                f"{source.path}: {shorten(name)} cannot be written there; {wildcard} stands for it "
                "and matches no other function"
            )
            if note not in self.notes:
                self.notes.append(note)

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
            policy = self._choice(at).policy
            if policy != "observed":
                seen.used.functions |= seen.drawn(policy, self.assertions)
            seen.used.functions |= self._always(at)
            seen.used.beyond |= self._always(at)
            self.sources[at] = source.without(spared(source.lists, seen.used, emscripten=source.emscripten))
        return before != [each.data for each in self.sources]

    def _choice(self, at: int) -> Choice:
        """Return how a list is drawn: chosen once, by what is known when it is first drawn.

        Of several modules, the largest decides.
        """
        if self._asked is not None:
            return self._asked
        if at not in self._chosen:
            seen = self.seen[at].whole()
            data = max([*seen, *self._modules[at]], key=len, default=b"")
            listed = len(self.sources[at].lists_before.get("ASYNCIFY_ONLY", ()))
            if not data:
                return Choice("observed", "there is no module")
            functions = seen[data].functions if data in seen else frozenset[int]()
            self._chosen[at] = default_policy(facts_of(data).module, functions, listed)
        return self._chosen[at]

    def _drawn(self) -> list[int]:
        return [at for at, each in enumerate(self.sources) if "ASYNCIFY_ONLY" in each.variables]

    def policies(self) -> tuple[ListPolicy, ...]:
        """Say how each only-list is drawn."""
        return tuple(
            ListPolicy(path=str(self.sources[at].path), **vars(self._choice(at))) for at in self._drawn()
        )

    def savings(self) -> tuple[AssertionHeld, ...]:
        """Say what each assertion spares or costs."""
        return savings(
            [(each, self._choice(at).policy) for at, each in enumerate(self.seen)], self.assertions
        )

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
        found = []
        for at in self._drawn():
            source = self.sources[at]
            before = source.lists_before.get("ASYNCIFY_ONLY", ())
            kept = set(before) & set(source.lists.get("ASYNCIFY_ONLY", ()))
            policy = self._choice(at).policy
            path = str(source.path)
            found.append(confidence(path, self.seen[at], policy, self.assertions, before=before, kept=kept))
        return tuple(each for each in found if each is not None)
