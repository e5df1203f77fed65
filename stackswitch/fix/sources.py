"""The files in which lists live: read, edited in memory, applied to cases. The caller writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stackswitch.backends.base import LoadedCase
from stackswitch.binaryen.listfile import matches
from stackswitch.errors import ListFileError
from stackswitch.lists.elements import Spelling
from stackswitch.lists.emscripten_imports import (
    IMPORT_LISTS,
    full_import_name,
    in_list_by_itself,
    same_spelling,
)
from stackswitch.lists.files import ListInFile, edit_list, find_lists, read_list
from stackswitch.lists.functions import Functions
from stackswitch.lists.list_file import refuse_new
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName

_FIELDS: dict[ListName, tuple[str, str]] = {
    "ASYNCIFY_ONLY": ("asyncify", "only"),
    "ASYNCIFY_ADD": ("asyncify", "add"),
    "ASYNCIFY_REMOVE": ("asyncify", "remove"),
    "ASYNCIFY_IMPORTS": ("asyncify", "imports"),
    "JSPI_EXPORTS": ("jspi", "exports"),
    "JSPI_IMPORTS": ("jspi", "imports"),
}
"""Where a case has each list: the table and the key."""

Lists = dict[ListName, tuple[str, ...]]


@dataclass(frozen=True)
class ListSource:
    """A file with lists in it.

    :ivar path: the file
    :ivar before: its bytes as they were read (None: the file does not exist yet)
    :ivar data: its bytes as they are to be
    :ivar variables: the name that each list has there
    :ivar spelling: the tool that reads the file if it has a name on each line
    :ivar emscripten: its lists of imports are Emscripten's settings, to which it adds its own
    :ivar functions: those of the modules that the lists are for
    :ivar wildcards: by name that cannot be written in the file: the entry that matches it
    """

    path: Path
    before: bytes | None
    data: bytes
    variables: Mapping[ListName, str]
    spelling: Spelling = "binaryen"
    emscripten: bool = True
    functions: Functions = field(default=Functions.of(()), compare=False)
    wildcards: Mapping[str, str] = field(default_factory=dict)

    def lists_for(self, imports: Iterable[str]) -> Lists:
        """Return the names as a build of a module gets them: imports in full, and Emscripten's own ones.

        :param imports: the imported functions of the module, full names
        """
        lists = self.lists
        for which in IMPORT_LISTS:
            if which in lists:
                listed = (
                    [full_import_name(each) for each in lists[which]] if self.emscripten else lists[which]
                )
                own = [each for each in imports if self.emscripten and in_list_by_itself(which, each)]
                lists[which] = tuple(dict.fromkeys([*listed, *own]))
        return lists

    def lacking(self, which: ListName, names: Iterable[str]) -> list[str]:
        """Return those of these names that a list does not have, and that need an entry in it; sorted.

        :param names: functions, imports in full, or exports
        """
        entries = set(self.lists.get(which, ()))
        imports = which in IMPORT_LISTS and self.emscripten
        if imports:
            entries = set(map(full_import_name, entries))
        wildcards = [each for each in entries if "*" in each]
        return [
            name
            for name in sorted(set(names) - entries)
            if not any(matches(each, name) for each in wildcards)
            and not (imports and in_list_by_itself(which, name))
        ]

    @property
    def lists(self) -> Lists:
        """The names by list, as Binaryen gets them."""
        return self._read(self.data)

    @property
    def lists_before(self) -> Lists:
        """The names as they stood when the file was read."""
        if self.before is None:
            return dict.fromkeys(self.variables, ())
        return self._read(self.before)

    @property
    def changed(self) -> bool:
        """Whether the file is to be written."""
        return self.before != self.data

    @property
    def changed_of_jspi(self) -> bool:
        """Whether a list for JSPI changes."""
        before, after = self.lists_before, self.lists
        return any(before[each] != after[each] for each in self.variables if each.startswith("JSPI_"))

    def _read(self, data: bytes) -> Lists:
        return {
            which: read_list(data, variable, path=str(self.path), spelling=self.spelling).names
            for which, variable in self.variables.items()
        }

    def with_needs(self, needs: Mapping[ListName, Iterable[str]]) -> ListSource:
        """Return the file with missing names added (in a remove-list: removed).

        :raises ListFileError: a name cannot be written there; the message says what to do
        """
        result = self
        lists = self.lists
        for which, names in needs.items():
            if which not in self.variables:
                continue
            current = lists[which]
            if which == "ASYNCIFY_REMOVE":
                wanted = [each for each in current if not any(matches(each, name) for name in names)]
            else:
                new = self.lacking(which, names)
                if which in IMPORT_LISTS and self.emscripten:
                    new = [same_spelling(name, current) for name in new]
                wanted = [*current, *new]
            result = result._edited(which, wanted)
        return result

    def _edited(self, which: ListName, names: Iterable[str]) -> ListSource:
        edited = edit_list(
            self.data,
            names,
            self.variables[which],
            path=str(self.path),
            spelling=self.spelling,
            functions=self.functions,
            wildcards=True,
        )
        return replace(self, data=edited.data, wildcards={**self.wildcards, **edited.wildcards})

    def of_modules(self, functions: Functions) -> ListSource:
        """Return the file as the list of modules with these functions.

        :raises ListFileError: the file was read as a list, a name a line, and names none of them
        """
        if functions.known and self.before is not None:
            find_lists(self.before, path=str(self.path), spelling=self.spelling, functions=functions)
        return replace(self, functions=functions)

    def without(self, entries: Mapping[ListName, Iterable[str]]) -> ListSource:
        """Return the file without some entries."""
        result = self
        lists = self.lists
        for which, unwanted in entries.items():
            names = set(unwanted)
            rest = [each for each in lists[which] if each not in names]
            if len(rest) != len(lists[which]):
                result = result._edited(which, rest)
        return result


def own_source(path: Path, data: bytes) -> ListSource:
    """Return the lists that a case file has of its own.

    :raises ListFileError: there is none, or one cannot be read
    """
    found = find_lists(data, path=str(path))
    return ListSource(path, data, data, _known(found), emscripten=False)


def _known(found: Iterable[ListInFile]) -> dict[ListName, str]:
    return {each.variable: each.variable for each in found if each.variable in _FIELDS}


def shared_source(
    path: Path, data: bytes | None, variable: str | None = None, *, spelling: Spelling = "binaryen"
) -> ListSource:
    """Return the lists of a file that all cases share.

    :param data: its bytes; None, it is to be made: a name a line
    :param variable: the name of the only list to use, read as ``ASYNCIFY_ONLY`` unless it is the name of
        another list; default: every list whose name is known
    :raises ListFileError: it holds no list, or one that cannot be read
    """
    if data is None:
        refuse_new(str(path))
        return ListSource(path, None, b"", {"ASYNCIFY_ONLY": variable or "ASYNCIFY_ONLY"}, spelling)
    if variable is not None:
        which: ListName = variable if variable in _FIELDS else "ASYNCIFY_ONLY"
        variables: dict[ListName, str] = {which: variable}
    else:
        found = find_lists(data, path=str(path), spelling=spelling)
        variables = _known(found)
        if any(not each.variable for each in found):
            variables["ASYNCIFY_ONLY"] = "ASYNCIFY_ONLY"
        if not variables:
            present = ", ".join(dict.fromkeys(each.variable for each in found))
            raise ListFileError(
                f"it is not clear which list is meant: there are {present}; say --variable", path=str(path)
            )
    source = ListSource(path, data, data, variables, spelling)
    _ = source.lists  # errors in it are raised now
    return source


def apply_lists(loaded: LoadedCase, lists: Mapping[ListName, tuple[str, ...]]) -> LoadedCase:
    """Return the case with these lists instead of its own."""
    tables: dict[str, dict[str, tuple[str, ...]]] = {"asyncify": {}, "jspi": {}}
    for which, names in lists.items():
        table, key = _FIELDS[which]
        tables[table][key] = names
    case = loaded.case
    update = {table: getattr(case, table).model_copy(update=keys) for table, keys in tables.items() if keys}
    return loaded.model_copy(update={"case": case.model_copy(update=update)})


def asyncify_options(lists: Lists) -> AsyncifyOptions:
    """Return Asyncify's lists as a case has them."""
    keys = {_FIELDS[which][1]: names for which, names in lists.items() if which.startswith("ASYNCIFY_")}
    return AsyncifyOptions.model_validate(keys)


def has_lists(loaded: LoadedCase) -> bool:
    """Whether a case has a list of its own of what is instrumented, promising or suspending."""
    case = loaded.case
    return any(getattr(getattr(case, table), key) is not None for table, key in _FIELDS.values())
