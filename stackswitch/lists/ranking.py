"""The estimated probability that a function waits that was never observed to, fitted to those that were.

A part of the observed functions is hidden in turn, and a model is fitted that predicts which functions are
among the hidden. The same model then predicts which others wait. Nothing is known here of any program: the
weights of names, callees, callers, types of calls and neighbours in the table are fitted anew for each module
and each body of evidence. ``docs/lists.md`` has the results.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import accumulate, chain
from zlib import crc32

from stackswitch.wasm.adjacency import Adjacency
from stackswitch.wasm.callgraph import CallGraph

from .logistic import Row, chance, fit

FOLDS = 4
_NOTHING: frozenset[int] = frozenset()
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_PRIOR = 2.0
"""How many functions' worth of the overall rate each counted rate starts with."""
_WORDS = 4
_NEAR, _FAR = 2, 12
"""How far to look along the table, each way."""
_ALONG = 8
"""How far to look along the module's own order, each way."""
_OTHERS = 3
"""Functions not seen that the fit looks at for each one that was; enough, and the fit stays short."""
_FLOOR = -6.0
_ALONE = 0xFFFF_FFFF
_MARKS = 1 << 24
"""Bytes that say, by a hash, what may be in more than one name."""


_Rates = tuple[Counter[int], Counter[int]]
"""By key, how many functions have it, and how many of those were observed."""


class Ranking:
    """What scores the functions of one module: its unchanging facts.

    :param graph: its calls
    :param names: of all functions, by index
    :param candidates: defined functions that can come to a wait at all
    """

    def __init__(self, graph: CallGraph, names: Sequence[str], candidates: Collection[int]) -> None:
        self._last: tuple[tuple[frozenset[int], frozenset[int]], Mapping[int, float]] | None = None
        self.graph = graph
        self.candidates = tuple(sorted(candidates))
        self.inside = frozenset(candidates)
        self.families = _Families(names, self.candidates)
        segments = graph.module.elements
        self.table = array("I", (each for one in segments for each in one.functions if each in self.inside))
        count = graph.module.function_count
        self.places, self.order = array("i", [-1]) * count, array("i", [-1]) * count
        for at in range(len(self.table) - 1, -1, -1):
            self.places[self.table[at]] = at
        for at, each in enumerate(self.candidates):
            self.order[each] = at
        self.of_family = Counter(chain.from_iterable(map(self.families.of, self.candidates)))
        self.of_site = Counter(chain.from_iterable(map(self.sites, self.candidates)))
        types = graph.module.function_types
        self.of_type = Counter(types[each] for each in self.candidates if each in graph.address_taken)

    def size(self, function: int) -> int:
        """Return the size of a function's body (bytes)."""
        start, end = self.graph.module.body_range(function)
        return end - start

    def sites(self, function: int) -> tuple[int, ...]:
        """Return the types of a function's calls through tables and references."""
        graph = self.graph
        return tuple(sorted({*graph.indirect.get(function, ()), *graph.call_ref.get(function, ())}))

    def scores(self, seen: Collection[int], waiting: Collection[int]) -> Mapping[int, float]:
        """Return how likely each candidate that was not seen is to wait, 0 to 1.

        :param seen: functions seen on a stack at a wait
        :param waiting: the imports that wait
        """
        known = frozenset(seen) & self.inside
        asked = known, frozenset(waiting)
        if self._last is None or self._last[0] != asked:
            self._last = asked, self._scores(*asked)
        return self._last[1]

    def _scores(self, known: frozenset[int], waiting: frozenset[int]) -> Mapping[int, float]:
        sample = self._sample(known)
        rows: list[tuple[Row, bool]] = []
        for fold in range(FOLDS):
            view = _View(self, frozenset(each for each in known if _fold(each) != fold), waiting)
            rows += [(view.features(each), each in known) for each in sample if _fold(each) == fold]
        weights = fit(rows)
        view = _View(self, known, waiting)
        return {each: chance(weights, view.features(each)) for each in self.candidates if each not in known}

    def _sample(self, known: Collection[int]) -> list[int]:
        """Choose what the fit is made on: all that was seen, and of the rest so many, evenly."""
        rest = [each for each in self.candidates if each not in known]
        step = max(1, len(rest) // max(1, _OTHERS * len(known)))
        return [*sorted(known), *rest[::step]]


class _View:
    """The module as it looks when just these functions have been seen."""

    def __init__(self, of: Ranking, seen: frozenset[int], waiting: Collection[int]) -> None:
        self.of = of
        self.seen = seen
        self.hot = seen | frozenset(waiting)
        self.base = (len(seen) + 1) / (len(of.candidates) + 2)
        types = of.graph.module.function_types
        taken = of.graph.address_taken
        self.family = of.of_family, Counter(chain.from_iterable(map(of.families.of, seen)))
        self.sites = of.of_site, Counter(chain.from_iterable(map(of.sites, seen)))
        self.taken = of.of_type, Counter(types[each] for each in seen if each in taken)
        self.table = _sums(each in seen for each in of.table)
        self.order = _sums(each in seen for each in of.candidates)
        self.called: dict[int, int] = {}

    def features(self, function: int) -> Row:
        """Return what speaks for and against a function, itself not among what was seen."""
        of, graph = self.of, self.of.graph
        own = function in self.seen
        hot = [self._rate_of_callers(each, own) for each in graph.direct.get(function, _NOTHING) & self.hot]
        callers = graph.callers.of(function)
        calling = sum(each in self.seen for each in callers)
        sites = [self._odds(self.sites, each, own) for each in of.sites(function)]
        taken = function in graph.address_taken
        type_ = graph.module.function_types[function]
        short, long, end = self._family_odds(function, own)
        place = of.places[function]
        values = (
            short,
            long,
            end,
            float(bool(hot)),
            -sum(math.log(1 - min(each, 0.98)) for each in hot),
            max(map(_logit, hot), default=_FLOOR),
            max(sites, default=_FLOOR),
            float(bool(sites)),
            float(taken),
            self._odds(self.taken, type_, own) if taken else 0.0,
            float(calling > 0),
            calling / (len(callers) + 1),
            0.0 if place < 0 else self._near(self.table, place, _NEAR, own),
            0.0 if place < 0 else self._near(self.table, place, _FAR, own),
            self._near(self.order, of.order[function], _ALONG, own),
            math.log(of.size(function) + 1) - 5,
        )
        return tuple([round(each, 1) for each in values])

    def _rate_of_callers(self, callee: int, own: bool) -> float:
        """How often a caller of this function was seen."""
        callers = self.of.graph.callers.of(callee)
        seen = self.called.get(callee)
        if seen is None:
            seen = self.called[callee] = sum(each in self.seen for each in callers)
        return self._rate(seen - own, len(callers) - 1, self.base)

    def _family_odds(self, function: int, own: bool) -> tuple[float, float, float]:
        """Odds by the name's first word, by as many first words as it has, by its last word.

        A longer beginning starts from what the shorter one says.
        """
        *beginnings, end = self.of.families.of(function)
        odds = [_logit(self.base)]
        rate = self.base
        for key in beginnings:
            seen, total = _of_key(self.family, key)
            rate = self._rate(seen - own, total - 1, rate)
            odds.append(_logit(rate))
        return odds[min(1, len(odds) - 1)], odds[-1], self._odds(self.family, end, own)

    def _odds(self, rates: _Rates, key: int, own: bool) -> float:
        seen, total = _of_key(rates, key)
        return _logit(self._rate(seen - own, total - 1, self.base))

    def _near(self, sums: Sequence[int], at: int, reach: int, own: bool) -> float:
        first, last = max(0, at - reach), min(len(sums) - 1, at + reach + 1)
        return _logit(self._rate(sums[last] - sums[first] - own, last - first - 1, self.base))

    @staticmethod
    def _rate(seen: int, total: int, prior: float) -> float:
        return (max(seen, 0) + _PRIOR * prior) / (max(total, 0) + _PRIOR)


def _of_key(rates: _Rates, key: int) -> tuple[int, int]:
    """Return how many with a key were observed, and how many there are."""
    total, seen = rates
    return (0, 1) if key == _ALONE else (seen[key], total[key])


def _sums(flags: Iterable[bool]) -> list[int]:
    """Return running sums, 0 first."""
    return list(accumulate(flags, initial=0))


class _Families:
    """The beginnings and the end of each name as numbers, the shortest beginning first.

    What no other name has is ``_ALONE``: it says nothing of others, and a large module has millions.

    :param names: of all functions, by index
    :param functions: those whose names count
    """

    def __init__(self, names: Sequence[str], functions: Sequence[int]) -> None:
        marks = bytearray(_MARKS)
        for each in functions:
            for part in _parts(names[each]):
                at = crc32(part.encode("utf-8", "surrogatepass")) % _MARKS
                marks[at] = min(marks[at] + 1, 2)
        numbers: dict[str, int] = {}

        def number(part: str) -> int:
            shared = marks[crc32(part.encode("utf-8", "surrogatepass")) % _MARKS] > 1
            return numbers.setdefault(part, len(numbers) + 1) if shared else _ALONE

        keys = ((each, map(number, _parts(names[each]))) for each in functions)
        self._keys = Adjacency.from_edges(len(names), keys)

    def of(self, function: int) -> Sequence[int]:
        """Return the numbers of a function's name."""
        return self._keys.of(function)


def _parts(name: str) -> tuple[str, ...]:
    """Return a name's beginnings in words, the shortest first, and then its end (after a mark)."""
    words = _WORD.findall(name)
    beginnings = [" ".join(words[:count]) for count in range(1, min(len(words), _WORDS) + 1)]
    return (*beginnings, "…" + " ".join(words[-1:]))


def _fold(function: int) -> int:
    return crc32(b"%d" % function) % FOLDS


def _logit(rate: float) -> float:
    rate = min(max(rate, 1e-3), 1 - 1e-3)
    return math.log(rate / (1 - rate))
