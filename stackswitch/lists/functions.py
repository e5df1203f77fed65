"""The functions of the modules that a list is for: what an entry matches in any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from .emscripten import wildcard_for
from .namelist import NameIndex


class Functions:
    """The functions of one or several modules.

    :param load: returns the modules' names; called once, and only if a name has to be looked up
    """

    def __init__(self, load: Callable[[], Iterable[NameIndex]]) -> None:
        self._load = load
        self._more: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Sequence[str], imported: int = 0) -> Functions:
        """Take the functions of a module, by index, imports first."""
        return cls(lambda: [NameIndex(names, imported)])

    @cached_property
    def _modules(self) -> tuple[NameIndex, ...]:
        return tuple(self._load())

    def with_names(self, names: Iterable[str]) -> Functions:
        """Return these, and entries that are to count as matching."""
        result = Functions(lambda: self._modules)
        result._more = self._more | frozenset(names)
        return result

    @property
    def known(self) -> bool:
        """Whether any function is known."""
        return any(each.names for each in self._modules)

    def __contains__(self, entry: str) -> bool:
        """Whether an entry matches a function of any module, or names one of its imports."""
        return entry in self._more or any(each.matching(entry) for each in self._modules)

    def sole_wildcards(self, name: str) -> Iterator[str]:
        """Find wildcards that match this function and no other: the most readable first.

        None: each would match other functions too, or nothing that is known has this name.
        """
        if name not in self:
            return
        for candidate in dict.fromkeys((wildcard_for(name), _plain_wildcard(name))):
            if candidate != name and self.sole_match(candidate) == name:
                yield candidate

    def sole_match(self, entry: str) -> str | None:
        """Return the one name of a function that an entry matches; None: it matches none, or several."""
        matched = {each.names[at] for each in self._modules for at in each.matching(entry)}
        return matched.pop() if len(matched) == 1 else None


def _plain_wildcard(name: str) -> str:
    """Return a wildcard of letters, digits and ``_`` alone."""
    return re.sub(r"[^A-Za-z0-9_]+", "*", name) or "*"
