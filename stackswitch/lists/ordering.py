"""Where new names belong in a list: sorted lists stay sorted, others grow at the end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

Key = Callable[[str], str]


_KEYS: tuple[Key, ...] = (str, str.casefold, lambda name: name.lstrip("_").casefold())


def sort_key(names: Sequence[str]) -> Key | None:
    """Return the order that a list keeps: by code point, or without regard to capitals and leading ``_``."""
    if len(names) < 2:
        return None
    for key in _KEYS:
        keys = [key(name) for name in names]
        if all(one <= other for one, other in pairwise(keys)):
            return key
    return None


def merge(current: Sequence[str], wanted: Iterable[str]) -> list[str]:
    """Return the list that has exactly the names of ``wanted``, changing as little as it can.

    Names that stay keep their order and their doubles; new ones go where the sorting says, or, if the
    list is not sorted, to the end in the order given.
    """
    wanted = list(dict.fromkeys(wanted))
    keep = set(wanted)
    have = set(current)
    result = [name for name in current if name in keep]
    added = [name for name in wanted if name not in have]
    key = sort_key(current)
    if key is None:
        return result + added
    for name in sorted(added, key=key):
        result.insert(bisect_right(result, key(name), key=key), name)
    return result
