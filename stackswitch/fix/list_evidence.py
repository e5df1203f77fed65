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

from .minimise import MINIMISED
from .needs import Needs, asserted_of, calls_of, functions_by, merge_needs, needs_of_stacks


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

    def needs(self) -> Needs:
        """Return the names that the lists lack."""
        return needs_of_stacks(self.data, self.options, self.waiting, self.suspensions)


@dataclass
class ListEvidence:
    """What was observed for the lists in one file.

    :ivar assertions: what the user asserts of functions
    :ivar needs: names that were found missing, by list
    :ivar needed_by: the cases on whose stacks each was observed
    :ivar by_case: by module and by case
    :ivar waiting: the imports that may wait, by module
    :ivar used: the names that each list is there for
    :ivar mixed: cases of several instances, whose stacks cannot be separated
    """

    assertions: Assertions = field(default_factory=Assertions)
    needs: Needs = field(default_factory=dict)
    needed_by: defaultdict[tuple[ListName, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    by_case: defaultdict[bytes, dict[str, Evidence]] = field(default_factory=lambda: defaultdict(dict))
    waiting: defaultdict[bytes, set[str]] = field(default_factory=lambda: defaultdict(set))
    used: dict[ListName, set[str]] = field(default_factory=lambda: {which: set() for which in MINIMISED})
    mixed: set[str] = field(default_factory=set)

    def add_needs(self, case: str, needs: Mapping[ListName, Iterable[str]]) -> None:
        """Add names that a case needs."""
        merge_needs(self.needs, needs)
        for which, names in needs.items():
            for name in names:
                self.needed_by[which, name].add(case)

    def add_stacks(self, stacks: Stacks) -> None:
        """Add what stacks show.

        :raises ConfigError: they contradict an assertion
        """
        calls = calls_of(stacks.data)
        asserted_of(stacks.data, self.assertions).check(calls.stacks, stacks.suspensions, stacks.case)
        found = calls.stacks.evidence(stacks.suspensions)
        cases = self.by_case[stacks.data]
        cases[stacks.case] = cases.get(stacks.case, Evidence()) | found
        self.waiting[stacks.data] |= set(stacks.waiting)
        imports = {name for each in stacks.suspensions for name in (each.import_, each.through)}
        self.used["ASYNCIFY_IMPORTS"] |= imports
        self.used["JSPI_IMPORTS"] |= imports
        self.used["JSPI_EXPORTS"] |= {each.export for each in stacks.suspensions}
        by_itself = calls.instrumented(stacks.options.model_copy(update={"add": None}), stacks.waiting)
        self.used["ASYNCIFY_ONLY"] |= calls.index.defined(found.functions)
        # Binaryen instruments the others by itself, with no add-list.
        self.used["ASYNCIFY_ADD"] |= calls.index.defined(found.functions - by_itself)

    def of_module(self, data: bytes) -> Evidence:
        """Return what all cases together have shown of a module."""
        found = Evidence()
        for each in self.by_case.get(data, {}).values():
            found |= each
        return found

    def names_by(self, policy: PolicyName) -> set[str]:
        """Return the names that a policy puts on the only-list of all modules of the file."""
        names: set[str] = set()
        for data in self.by_case:
            evidence, waiting = self.of_module(data), self.waiting[data]
            names |= calls_of(data).index.defined(
                functions_by(policy, data, evidence, waiting, self.assertions)
            )
        return names
