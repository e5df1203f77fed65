"""The lists of one file under repair, and what was observed for them: names go in, edits come out: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from stackswitch.errors import ConfigError
from stackswitch.lists.assertions import Asserted, Assertions
from stackswitch.lists.default_policy import Choice, default_policy
from stackswitch.lists.namelist import shorten
from stackswitch.lists.policies import PolicyName
from stackswitch.models.expect import ListName

from .confidence import confidence
from .list_evidence import ListEvidence
from .minimise import unneeded
from .needs import Needs, asserted_of, calls_of, functions_of
from .report import ListCoverage, ListPolicy
from .sources import ListSource


class ListState:
    """The lists of a file, as they are to be.

    :param source: the file
    :param modules: the modules that its lists are for
    :param policy: how an only-list is computed; None: as ``lists.default_policy`` chooses
    :param assertions: what the user asserts of functions
    :ivar notes: remarks for the report
    :raises ListFileError: the file was read as a list, a name a line, and names no function of its modules
    """

    def __init__(
        self, source: ListSource, modules: Iterable[bytes], policy: PolicyName | None, assertions: Assertions
    ) -> None:
        self._modules = list(dict.fromkeys(modules))
        self.source = source.of_modules(functions_of(self._modules))
        self.evidence = ListEvidence(assertions)
        self.notes: list[str] = []
        self._choice = None if policy is None else Choice(policy, "as requested")

    @property
    def asserted(self) -> dict[bytes, Asserted]:
        """The assertions, matched with each module.

        :raises ConfigError: two contradict each other
        """
        return {data: asserted_of(data, self.evidence.assertions) for data in self._modules}

    def update(self) -> bool:
        """Put what is missing into the lists; whether that changed any.

        :raises ListFileError: a name cannot be written where its list lives
        """
        before = self.source.data
        needs: Needs = {which: set(names) for which, names in self.evidence.needs.items()}
        if "ASYNCIFY_ONLY" in self.source.variables:
            needs.setdefault("ASYNCIFY_ONLY", set()).update(self._always())
            policy = self.choice().policy
            if policy != "observed":
                needs["ASYNCIFY_ONLY"] |= self.evidence.names_by(policy)
        elif "ASYNCIFY_ADD" in self.source.variables:
            needs.setdefault("ASYNCIFY_ADD", set()).update(self._always())
        self.source = self.source.without(self._never()).with_needs(needs)
        for name, wildcard in self.source.wildcards.items():
            note = (
                f"{self.source.path}: {shorten(name)} cannot be written there; {wildcard} is written "
                "instead, which matches no other function"
            )
            if note not in self.notes:
                self.notes.append(note)
        return before != self.source.data

    def minimise(self) -> bool:
        """Remove entries that no observed stack needs; whether that changed any list."""
        before, source, evidence = self.source.data, self.source, self.evidence
        if evidence.mixed:
            some = ", ".join(sorted(evidence.mixed)[:3])
            self.notes.append(f"{source.path}: not minimised: the stacks of {some} are of several instances")
            return False
        policy = self.choice().policy
        if policy != "observed":
            evidence.used["ASYNCIFY_ONLY"] |= evidence.names_by(policy)
        evidence.used["ASYNCIFY_ONLY"] |= self._always()
        evidence.used["ASYNCIFY_ADD"] |= self._always()
        self.source = source.without(unneeded(source.lists, evidence.used, emscripten=source.emscripten))
        return before != self.source.data

    def choice(self) -> Choice:
        """Return how the list is computed: chosen once, by what is known when it is first computed.

        Of several modules, the largest decides.
        """
        if self._choice is None:
            data = max([*self.evidence.by_case, *self._modules], key=len, default=b"")
            if not data:
                return Choice("observed", "there is no module")
            functions = self.evidence.of_module(data).functions
            listed = len(self.source.lists_before.get("ASYNCIFY_ONLY", ()))
            self._choice = default_policy(calls_of(data).module, functions, listed)
        return self._choice

    def policy(self) -> ListPolicy | None:
        """Say how the only-list is computed; None: the file has none."""
        if "ASYNCIFY_ONLY" not in self.source.variables:
            return None
        return ListPolicy(path=str(self.source.path), **vars(self.choice()))

    def confidence(self) -> ListCoverage | None:
        """Say how far the only-list can be trusted; None: there is none, or fewer than two cases wait."""
        if "ASYNCIFY_ONLY" not in self.source.variables:
            return None
        before = self.source.lists_before.get("ASYNCIFY_ONLY", ())
        still_listed = set(before) & set(self.source.lists.get("ASYNCIFY_ONLY", ()))
        path, policy = str(self.source.path), self.choice().policy
        return confidence(path, self.evidence, policy, before=before, still_listed=still_listed)

    def _asserted(self, functions: Callable[[Asserted], frozenset[int]]) -> set[str]:
        """Return the names of functions of assertions, in all modules."""
        if not self.evidence.assertions:
            return set()
        found = ((data, functions(each)) for data, each in self.asserted.items())
        return {name for data, each in found for name in calls_of(data).index.defined(each)}

    def _always(self) -> set[str]:
        """Return the names that are asserted to be instrumented always."""
        return self._asserted(lambda each: each.always)

    def _never(self) -> dict[ListName, tuple[str, ...]]:
        """Return the entries that name functions which are asserted never to wait."""
        never = self._asserted(lambda each: each.never)
        lists = self.source.lists
        functions: tuple[ListName, ...] = ("ASYNCIFY_ONLY", "ASYNCIFY_ADD")
        return {
            which: tuple(each for each in lists[which] if each in never)
            for which in functions
            if never and which in lists
        }


def list_states(
    sources: Sequence[ListSource],
    modules: Sequence[Iterable[bytes]],
    policy: PolicyName | None,
    assertions: Assertions,
) -> list[ListState]:
    """Return the state of each file of lists.

    :param modules: by file, those that its lists are for
    :raises ConfigError: an assertion names no function of any module, or two contradict each other
    :raises ListFileError: see ``ListState``
    """
    states = [ListState(source, of, policy, assertions) for source, of in zip(sources, modules, strict=True)]
    if assertions:
        asserted = [one for each in states for one in each.asserted.values()]
        unmatched = set.intersection(*(set(each.unmatched) for each in asserted)) if asserted else set()
        if unmatched:
            entries = ", ".join(f"{kind} {entry!r}" for kind, entry in sorted(unmatched))
            raise ConfigError(f"[lists] no module has a function for {entries}")
    return states
