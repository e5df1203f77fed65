"""The options with which Binaryen instruments the functions of a policy."""

from __future__ import annotations

from dataclasses import dataclass

from stackswitch.lists.evidence import Evidence
from stackswitch.lists.policies import ListBuilder, PolicyName
from stackswitch.models.expect import ListName


@dataclass(frozen=True)
class PassOptions:
    """Options of the pass; ``ASYNCIFY_IMPORTS`` as ``module.name``, other names as Binaryen matches them."""

    lists: dict[ListName, tuple[str, ...]]
    ignore_indirect: bool = False
    propagate_add: bool = False


@dataclass(frozen=True)
class BuiltList:
    """The functions of a policy, and the options for them."""

    functions: frozenset[int]
    options: PassOptions


def built_list(builder: ListBuilder, policy: PolicyName, evidence: Evidence) -> BuiltList:
    """Return the functions of a policy, and the options for them."""
    functions = builder.build(policy, evidence)
    imports = (builder.module.function_import(index) for index in sorted(builder.imports))
    lists: dict[ListName, tuple[str, ...]] = {
        "ASYNCIFY_IMPORTS": tuple(dict.fromkeys(each.full_name for each in imports if each is not None))
    }
    if policy in ("observed", "ranked"):
        lists["ASYNCIFY_ONLY"] = tuple(sorted(builder.index.defined(functions)))
    if policy not in ("dispatch", "typed"):
        return BuiltList(functions, PassOptions(lists))
    dispatchers = evidence.dispatchers if policy == "dispatch" else builder._through_tables
    if names := tuple(sorted(builder.index.defined(dispatchers))):
        lists["ASYNCIFY_ADD"] = names
    return BuiltList(functions, PassOptions(lists, ignore_indirect=True, propagate_add=True))
