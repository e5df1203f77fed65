"""Edits the names of a list: every edit is read again and compared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stackswitch.errors import ListFileError

from .elements import ListInFile, rewrite
from .emscripten import FILE_ADVICE, unsupported_names
from .formats.values import OPTION_FORMAT
from .functions import Functions
from .list_file import TextFile, chosen
from .namelist import comma_trouble, shorten
from .ordering import merge

_MOST_SHOWN = 20
_MOST_UNWRITABLE = 500
_HARMLESS = "stackswitch_tries_this_name"
_QUOTES = re.compile(r"[\"'\\$]*")
_NOT_READ_BACK = "it cannot be written here so that it is read back the same"
_SEVERAL = re.compile(r"(?!operator\b)[A-Za-z_]\w*(?:[\s;]+[A-Za-z_]\w*)+[\s;]*")
"""Identifiers separated by something else than commas; ``operator new`` is one name."""


class Editor:
    """Edits one list of a file.

    :param variable: the list's name
    :raises ListFileError: as ``chosen``; or one entry is several names
    """

    def __init__(self, file: TextFile, variable: str) -> None:
        self._file = file
        self._source = file.source
        self._path = file.path
        self._variable = variable
        places = file.lists()
        self._place = place = chosen(places, variable, file.path)
        self._current = place.names
        self._others = [(each.variable, each.written) for each in places if each is not place]
        self._at = next(at for at, each in enumerate(places) if each is place)
        self._refuse_other_separators()

    def _refuse_other_separators(self) -> None:
        """Reject an entry that is several names: emcc separates names by commas, and by nothing else."""
        if self._place.spelling != "emscripten":
            return
        for written, name in zip(self._place.written, self._current, strict=True):
            known = self._file.functions is not None and name in self._file.functions
            if _SEVERAL.fullmatch(written) and not known:
                raise ListFileError(
                    f"{self._place.variable} has {written!r}, which emcc takes for one name: separate names "
                    "by commas",
                    path=self._path,
                    line=self._place.line,
                )

    def edit(self, names: Sequence[str], functions: Functions | None) -> tuple[str, dict[str, str]]:
        """Return the text with the list holding these names, and the wildcards that stand for some of them.

        :param functions: where given, a name that cannot be written is replaced by a wildcard for just it
        :raises ListFileError: a name can neither be written nor replaced
        """
        old = set(self._current)
        if self._file.functions is not None:
            # What is written now is understood to be names.
            self._file = replace(self._file, functions=self._file.functions.with_names(names))
        wildcards = {} if functions is None else self._present(names, functions)
        names = list(dict.fromkeys(wildcards.get(name, name) for name in names))
        if tuple(merge(self._current, names)) == self._current:
            return self._source, wildcards
        added = [name for name in names if name not in old]
        kept = [name for name in names if name in old]
        bad = self._unsupported(added)
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
            if self._attempt([*kept, wildcard]) is not None:
                return wildcard
        return None

    def _attempt(self, names: Sequence[str]) -> str | None:
        """Return the edited text if it is read back as meant, and is the same outside the list; else None."""
        wanted = merge(self._current, names)
        # An entry that stays keeps the spelling that it has.
        spelled: dict[str, list[str]] = {}
        for name, written in zip(self._current, self._place.written, strict=True):
            spelled.setdefault(name, []).append(written)
        written_names = [spelled[name].pop(0) if spelled.get(name) else name for name in wanted]
        try:
            edited = rewrite(self._source, self._place, written_names)
            edited.encode("utf-8")
            found = replace(self._file, source=edited).lists()
            place = chosen(found, self._variable, self._path)
        except (ListFileError, UnicodeEncodeError):
            return None
        others = [(each.variable, each.written) for each in found if each is not place]
        right = (
            place.names == tuple(wanted)
            and others == self._others
            and found[self._at] is place
            and place.format == self._place.format
        )
        return edited if right and "\0" not in edited and self._same_outside(edited, place) else None

    def _same_outside(self, edited: str, place: ListInFile) -> bool:
        """Whether nothing but the list has changed, and the list stands where it stood."""
        start, behind = self._place.start, len(self._source) - self._place.end
        end = len(edited) - behind
        return (
            start <= end
            and self._source[:start] == edited[:start]
            and self._source[self._place.end :] == edited[end:]
            # Quotes around the first and the last name count as theirs.
            and _QUOTES.fullmatch(edited[place.start : start]) is not None
            and _QUOTES.fullmatch(edited[end : place.end]) is not None
        )

    def _unsupported(self, added: Sequence[str]) -> dict[str, str]:
        """Return the new names that would not get to Binaryen from here whatever their quoting, and why."""
        if self._place.is_rewritten:
            return {
                each.name: f"{each.why}; {shorten(each.wildcard)} would match it"
                for each in unsupported_names(added)
            }
        if self._place.format == OPTION_FORMAT and self._place.gap == ",":
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
            if self._attempt([*kept, *part]) is not None:
                continue
            half = len(part) // 2
            if half:
                parts += [part[half:], part[:half]]
            else:
                found += part
        return found

    def _refusal(self, bad: dict[str, str]) -> ListFileError:
        advice = FILE_ADVICE
        if self._place.format == OPTION_FORMAT:
            advice = "put the names into a file, a name a line, and give wasm-opt …@@FILE"
        lost = [f"{shorten(name)}: {why}" for name, why in bad.items()]
        more = [f"and {len(lost) - _MOST_SHOWN} more"] if len(lost) > _MOST_SHOWN else []
        least = "at least " if len(bad) == _MOST_UNWRITABLE else ""  # the search for them ends there
        problem = (
            f"{least}{len(bad)} of the names cannot be given here ({self._place.format}):\n  "
            + "\n  ".join(lost[:_MOST_SHOWN] + more)
            + f"\n  instead: {advice}"
            if bad
            else f"the edited list would not be read back as meant ({self._place.format}), so nothing is "
            f"changed; instead: {advice}"
        )
        return ListFileError(problem, path=self._path, line=self._place.line)
