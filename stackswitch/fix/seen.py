"""What runs and traces have shown, gathered for each file of lists: pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stackswitch.lists.assertions import Assertions
from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import PolicyName
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName
from stackswitch.models.trace import Suspension

from .minimise import Used
from .needs import Needs, asserted_of, drawn, facts_of, merge_needs, needs_of_stacks


@dataclass(frozen=True)
class Stacks:
    """Stacks of a module at waits.

    :ivar case: whose run they are from: a case's id, a trace's file
    :ivar data: the module
    :ivar options: the lists as they were
    :ivar waiting: the imports that may wait, where the options name none
    """

    case: str
    data: bytes = field(repr=False)
    options: AsyncifyOptions
    waiting: tuple[str, ...]
    suspensions: tuple[Suspension, ...]


@dataclass
class SourceSeen:
    """What is known of the lists in one file.

    :ivar needs: names that were found missing, by list
    :ivar needed_by: the cases on whose stacks each was seen
    :ivar evidence: by module and by case
    :ivar used: what the lists are there for
    :ivar blind: cases whose stacks cannot be told apart
    """

    needs: Needs = field(default_factory=dict)
    needed_by: defaultdict[tuple[ListName, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    evidence: defaultdict[bytes, dict[str, Evidence]] = field(default_factory=lambda: defaultdict(dict))
    waiting: defaultdict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    used: Used = field(default_factory=Used)
    blind: set[str] = field(default_factory=set)

    def note(self, case: str, needs: Mapping[ListName, Iterable[str]]) -> None:
        """Take down names that a case needs."""
        merge_needs(self.needs, needs)
        for which, names in needs.items():
            for name in names:
                self.needed_by[which, name].add(case)

    def take(self, stacks: Stacks, assertions: Assertions) -> None:
        """Take down what stacks show.

        :raises ConfigError: they contradict an assertion
        """
        facts = facts_of(stacks.data)
        asserted_of(stacks.data, assertions).check(facts.stacks, stacks.suspensions, stacks.case)
        found = facts.stacks.evidence(stacks.suspensions)
        cases = self.evidence[stacks.data]
        cases[stacks.case] = cases.get(stacks.case, Evidence()) | found
        self.waiting[stacks.data] |= set(stacks.waiting)
        self.used.imports |= {name for each in stacks.suspensions for name in (each.import_, each.through)}
        self.used.exports |= {each.export for each in stacks.suspensions}
        by_itself = facts.instrumented(stacks.options.model_copy(update={"add": None}), stacks.waiting)
        self.used.functions |= facts.names(found.functions)
        self.used.beyond |= facts.names(found.functions - by_itself)

    def lacking(self, stacks: Stacks) -> Needs:
        """Return the names that the lists of these stacks lack."""
        return needs_of_stacks(stacks.data, stacks.options, stacks.waiting, stacks.suspensions)

    def whole(self) -> dict[bytes, Evidence]:
        """Return what all cases have shown, by module."""
        found = {}
        for data, cases in self.evidence.items():
            found[data] = Evidence()
            for each in cases.values():
                found[data] |= each
        return found

    def drawn(self, policy: PolicyName, assertions: Assertions) -> set[str]:
        """Return the names that a policy puts on the only-list of all modules of the file."""
        names: set[str] = set()
        for data, evidence in self.whole().items():
            functions = drawn(data, policy, evidence, self.waiting[data], assertions)
            names |= facts_of(data).names(functions)
        return names
