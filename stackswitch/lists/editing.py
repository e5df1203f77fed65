"""A list is given other names: every edit is read again and compared, and what cannot be written is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from stackswitch.errors import ListFileError

from .elements import Place, rewrite
from .emscripten import FILE_ADVICE, rewritten, unspeakable
from .functions import Functions
from .namelist import comma_trouble, shorten
from .ordering import merge
from .wasm_opt_args import FORMAT as ARGUMENT

_MOST_TOLD = 20
_MOST_UNWRITABLE = 500
_HARMLESS = "stackswitch_tries_this_name"
_QUOTES = re.compile(r"[\"'\\$]*\Z")
_NOT_READ_BACK = "it cannot be written here so that it is read back the same"


def entries_of(place: Place) -> tuple[str, ...]:
    """Return the names as Binaryen gets them."""
    return tuple(map(rewritten, place.names)) if _is_rewritten(place) else place.names


def _is_rewritten(place: Place) -> bool:
    """Whether emcc rewrites the names: it does so for functions, not for imports and exports."""
    return place.spelling == "emscripten" and not re.match(r"JSPI_|ASYNCIFY_IMPORTS", place.variable)


class Editor:
    """Edits one list of a file.

    :param source: the file's text
    :param places: the lists in it
    :param place: the one to edit
    :param read_again: finds the lists of an edited text
    :param choose: picks the one that was edited
    """

    def __init__(
        self,
        source: str,
        places: Sequence[Place],
        place: Place,
        path: str,
        read_again: Callable[[str], Sequence[Place]],
        choose: Callable[[Sequence[Place]], Place],
    ) -> None:
        self._source = source
        self._place = place
        self._path = path
        self._read_again = read_again
        self._choose = choose
        self._current = entries_of(place)
        self._others = [(each.variable, each.names) for each in places if each is not place]
        self._at = next(at for at, each in enumerate(places) if each is place)

    def edit(self, names: Sequence[str], functions: Functions | None) -> tuple[str, dict[str, str]]:
        """Return the text with the list holding these names, and the wildcards that stand for some of them.

        :param functions: where given, a name that cannot be written is replaced by a wildcard for just it
        :raises ListFileError: a name can neither be written nor replaced
        """
        old = set(self._current)
        wildcards = {} if functions is None else self._present(names, functions)
        names = list(dict.fromkeys(wildcards.get(name, name) for name in names))
        if tuple(merge(self._current, names)) == self._current:
            return self._source, wildcards
        added = [name for name in names if name not in old]
        kept = [name for name in names if name in old]
        bad = self._unspeakable(added)
        if not bad:
            edited = self._attempt(names)
            if edited is not None:
                return edited, wildcards
            bad = dict.fromkeys(self._unwritable(kept, added), _NOT_READ_BACK)
        if not bad or functions is None:
            raise self._refusal(bad)
        found = {name: self._wildcard(name, kept, functions) for name in bad}
        left = {name: why for name, why in bad.items() if found[name] is None}
        if left:
            raise self._refusal(left)
        wildcards |= {name: wildcard for name, wildcard in found.items() if wildcard is not None}
        edited = self._attempt(list(dict.fromkeys(wildcards.get(name, name) for name in names)))
        if edited is None:
            raise self._refusal({})
        return edited, wildcards

    def _present(self, names: Sequence[str], functions: Functions) -> dict[str, str]:
        """Return the wildcards in the list that stand for one of these names alone."""
        wanted = set(names)
        entries = [entry for entry in self._current if "*" in entry and entry not in wanted]
        alone = {functions.sole_match(entry): entry for entry in entries}
        return {name: alone[name] for name in wanted.difference(self._current) if name in alone}

    def _wildcard(self, name: str, kept: Sequence[str], functions: Functions) -> str | None:
        """Return a wildcard for a function alone that can be written here."""
        for wildcard in functions.sole_wildcards(name):
            if not self._unspeakable([wildcard]) and self._attempt([*kept, wildcard]) is not None:
                return wildcard
        return None

    def _attempt(self, names: Sequence[str]) -> str | None:
        """Return the edited text if it is read back as meant, and is the same outside the list; else None."""
        wanted = merge(self._current, names)
        # An entry that stays keeps the spelling that it has.
        spelled: dict[str, list[str]] = {}
        for name, written in zip(self._current, self._place.names, strict=True):
            spelled.setdefault(name, []).append(written)
        written_names = [spelled[name].pop(0) if spelled.get(name) else name for name in wanted]
        try:
            edited = rewrite(self._source, self._place, written_names)
            edited.encode("utf-8")
            found = list(self._read_again(edited))
            place = self._choose(found)
        except (ListFileError, UnicodeEncodeError):
            return None
        others = [(each.variable, each.names) for each in found if each is not place]
        right = (
            entries_of(place) == tuple(wanted)
            and others == self._others
            and found[self._at] is place
            and place.format == self._place.format
        )
        return edited if right and "\0" not in edited and self._same_outside(edited, place) else None

    def _same_outside(self, edited: str, place: Place) -> bool:
        """Whether nothing but the list has changed, and the list stands where it stood."""
        start, behind = self._place.start, len(self._source) - self._place.end
        end = len(edited) - behind
        return (
            start <= end
            and self._source[:start] == edited[:start]
            and self._source[self._place.end :] == edited[end:]
            # Quotes around the first and the last name count as theirs.
            and (place.start >= start or _QUOTES.match(edited[place.start : start]) is not None)
            and (place.end <= end or _QUOTES.match(edited[end : place.end]) is not None)
        )

    def _unspeakable(self, added: Sequence[str]) -> dict[str, str]:
        """Return the new names that would not get to Binaryen from here whatever their quoting, and why."""
        if _is_rewritten(self._place):
            return {
                each.name: f"{each.why}; {shorten(each.wildcard)} would match it"
                for each in unspeakable(added)
            }
        if self._place.format == ARGUMENT and self._place.gap == ",":
            return dict(comma_trouble(added))
        return {}

    def _unwritable(self, kept: Sequence[str], added: Sequence[str]) -> list[str]:
        """Find the new names that spoil the edit: by halves, so that few among many are found soon."""
        if self._attempt([*kept, _HARMLESS]) is None:
            return []  # it is not the names
        found: list[str] = []
        parts = [list(added)]
        while parts and len(found) < _MOST_UNWRITABLE:
            part = parts.pop()
            if not part or self._attempt([*kept, *part]) is not None:
                continue
            half = len(part) // 2
            if half:
                parts += [part[half:], part[:half]]
            else:
                found += part
        return found

    def _refusal(self, bad: dict[str, str]) -> ListFileError:
        advice = FILE_ADVICE
        if self._place.format == ARGUMENT:
            advice = "put the names into a file, a name a line, and give wasm-opt …@@FILE"
        if not bad:
            return ListFileError(
                f"the edited list would not be read back as meant ({self._place.format}), so nothing is "
                f"changed; instead: {advice}",
                path=self._path,
                line=self._place.line,
            )
        lost = [f"{shorten(name)}: {why}" for name, why in bad.items()]
        more = [f"and {len(lost) - _MOST_TOLD} more"] if len(lost) > _MOST_TOLD else []
        return ListFileError(
            f"{len(bad)} of the names cannot be given here ({self._place.format}):\n  "
            + "\n  ".join(lost[:_MOST_TOLD] + more)
            + f"\n  instead: {advice}",
            path=self._path,
            line=self._place.line,
        )
