"""Lists in YAML: sequences and strings as the values of keys, and command lines, as in workflows of GitHub.

ruamel.yaml says where each node is; what is in a string is decoded by ``yaml_scalars``, and has to be what
ruamel.yaml makes of it. Expressions of GitHub (``${{ … }}``) count as filled in. A step's ``run`` is read as
a POSIX shell would, unless another shell is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from stackswitch.errors import ListFileError

from ..elements import Element, ListInFile, array_list
from ..source import EXPANSION, DecodedText, TextBuilder, line_of
from .values import setting_list
from .words import KEY, MENTIONS, VARIABLE, argument_lists, mentions_list
from .yaml_scalars import UnusualScalarError, is_no_string, scalar_text, spell_scalar

Node = Any
"""A node of ruamel.yaml: its classes do not say what they have, and are imported only where YAML is read."""

FORMAT = "YAML file"
_PAIR = re.compile(rf"({VARIABLE})=")
_EXPRESSION = r"\$\{\{.*?\}\}|\$\{[A-Za-z_]\w*\}|\$\([A-Za-z_][\w.]*\)"
_NEXT_VARIABLE = re.compile(r"\s(?!operator)([A-Za-z_]\w*)=")
_ENVIRONMENT = frozenset({"env", "environment", "variables", "args", "build_args"})
_SHELLS = re.compile(r"(?:/\S*/)?(?:ba|da|z|k)?sh\b")


@dataclass(frozen=True)
class _Context:
    """What the nodes around one say of it.

    :ivar key: the key whose value it is, or is in
    :ivar previous: the string before it in its sequence
    :ivar shell: what runs a ``run`` here
    """

    key: str = ""
    previous: str = ""
    shell: str = "sh"


def lists(source: str, *, dollars: bool = False) -> Iterator[ListInFile]:
    """Find the lists.

    :param dollars: every ``$`` of a value is something that is filled in
    :raises ListFileError: one is malformed, or the text is no YAML
    """
    if not MENTIONS.search(source):
        return
    from ruamel.yaml import YAML  # takes a tenth of a second
    from ruamel.yaml.error import YAMLError

    try:
        documents = list(YAML(typ="safe", pure=True).compose_all(source))
    except (YAMLError, ValueError, RecursionError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ListFileError(
            f"this is no YAML: {getattr(error, 'problem', None) or error}",
            line=mark.line + 1 if mark is not None else None,
        ) from None
    walker = _Walker(source, dollars=dollars)
    for document in documents:
        if document is not None:
            yield from walker.walk(document, _Context())


class _Walker:
    def __init__(self, source: str, *, dollars: bool) -> None:
        self.source = source
        self.seen: set[int] = set()
        self.dollars = dollars

    def walk(self, node: Node, context: _Context) -> Iterator[ListInFile]:
        if id(node) in self.seen:
            return
        self.seen.add(id(node))
        if node.id == "mapping":
            yield from self._mapping(node, context)
        elif node.id == "sequence":
            previous = ""
            for item in node.value:
                yield from self.walk(item, replace(context, previous=previous))
                previous = item.value if item.id == "scalar" else ""
        elif mentions_list(node.value):
            yield from self._string(node, context)

    def _mapping(self, node: Node, context: _Context) -> Iterator[ListInFile]:
        context = replace(context, shell=_shell(node, context.shell))
        for key, value in node.value:
            name = key.value if key.id == "scalar" else ""
            if KEY.match(name):
                self.seen.add(id(value))
                yield self._value(name.upper(), value, key.end_mark.index)
            else:
                inside = name if name in _ENVIRONMENT or value.id == "scalar" else context.key
                yield from self.walk(value, replace(context, key=inside, previous=""))

    def _value(self, variable: str, node: Node, behind: int) -> ListInFile:
        start, line = node.start_mark.index, line_of(self.source, behind)
        if start < behind:
            return self._elsewhere(variable, behind, f"an alias of line {line_of(self.source, start)}")
        if node.id == "sequence":
            return self._sequence(variable, node, behind)
        if node.id != "scalar":
            return self._elsewhere(variable, behind, "a mapping")
        if not node.value and not self.source[start : node.end_mark.index]:
            raise ListFileError(f'{variable} has no value here: write [] or ""', line=line)
        self._refuse_other_types(node, variable)
        return _setting(variable, self._text(node, variable))

    def _refuse_other_types(self, node: Node, variable: str) -> None:
        """Reject a name that a parser of YAML does not read as a string."""
        if node.style is None and (not node.tag.endswith(":str") or is_no_string(node.value)):
            raise ListFileError(
                f"{variable} has {node.value!r}, which is no string in YAML: put it in quotes",
                line=node.start_mark.line + 1,
            )

    def _elsewhere(self, variable: str, at: int, what: str) -> ListInFile:
        return replace(_setting(variable, DecodedText.empty(self.source, at)), expansions=(what,))

    def _text(self, node: Node, what: str) -> DecodedText:
        try:
            text = scalar_text(self.source, node)
        except UnusualScalarError:
            raise ListFileError(
                f"{what} stands in a string that is folded in an unusual way: put it on one line",
                line=node.start_mark.line + 1,
            ) from None
        return _filled_in(text, dollars=self.dollars)

    def _string(self, node: Node, context: _Context) -> Iterator[ListInFile]:
        text = self._text(node, "a list")
        pair = _PAIR.match(text.chars) if context.key in _ENVIRONMENT else None
        if pair:
            if found := _NEXT_VARIABLE.search(text.chars, pair.end()):
                raise ListFileError(
                    f"the string with {pair[1]} sets {found[1]} too: give each a string of its own",
                    line=node.start_mark.line + 1,
                )
            yield _setting(pair[1], text.slice(pair.end()))
            return
        if context.key == "run" and not _SHELLS.match(context.shell):
            raise ListFileError(
                f"this list is in a script for {context.shell}, which is not edited within YAML: put the "
                "list into a file of its own, or into env:",
                line=node.start_mark.line + 1,
            )
        yield from argument_lists(text, context.previous)

    def _sequence(self, variable: str, node: Node, behind: int) -> ListInFile:
        elements: list[Element] = []
        flow = bool(node.flow_style)
        if flow and self.source[node.start_mark.index] != "[":
            return self._elsewhere(variable, node.start_mark.index, "a value with an anchor or a tag")
        styles: dict[int, Any] = {}
        for item in node.value:
            begin = item.start_mark.index if flow else self._dash(item.start_mark.index)
            plain = item.id == "scalar" and item.style not in ("|", ">")
            if begin is None or not plain or id(item) in self.seen:
                return self._elsewhere(variable, node.start_mark.index, "more than plain names")
            self.seen.add(id(item))
            self._refuse_other_types(item, variable)
            text = self._text(item, variable)
            if EXPANSION in text.chars:
                return self._elsewhere(variable, item.start_mark.index, text.expansions[0])
            elements.append(Element(text.chars, begin, item.end_mark.index))
            styles[begin] = item.style

        def render(name: str, like: Element | None) -> str:
            spelled = spell_scalar(name, styles[like.start] if like else None)
            return spelled if flow else f"- {spelled}"

        start, end = node.start_mark.index, node.end_mark.index
        found = array_list(
            self.source,
            variable,
            elements,
            (start + 1, end - 1) if flow else (elements[0].start, elements[-1].end),
            render,
            format_=f"{FORMAT}, a sequence",
        )
        return found if flow else self._block(found, behind)

    def _block(self, found: ListInFile, behind: int) -> ListInFile:
        """Return the list of a block sequence: an edit may turn it into an empty flow sequence."""
        # A comment behind the last name is about that name.
        remark = re.compile(r"[ \t]+#[^\r\n]*").match(self.source, found.end)
        end = remark.end() if remark else found.end
        line_end = "\r\n" if "\r\n" in self.source else "\n"
        gap = line_end + " " * (found.start - self.source.rfind("\n", 0, found.start) - 1)
        colon = self.source.index(":", behind) + 1
        if self.source[colon : found.start].strip():
            return replace(found, end=end, gap=gap)
        return replace(found, start=colon, end=end, gap=gap, emptied=(colon, end, " []"))

    def _dash(self, at: int) -> int | None:
        """Return where the dash before an item is; None: something else stands between."""
        found = re.search(r"-[ \t]+\Z", self.source[max(0, at - 200) : at])
        return at - len(found[0]) if found else None


def _setting(variable: str, text: DecodedText) -> ListInFile:
    return setting_list(text, variable=variable, fragment=True)


def _filled_in(text: DecodedText, *, dollars: bool) -> DecodedText:
    """Mark what is filled in before anybody reads the string."""
    filled_in = rf"{_EXPRESSION}|\$\w*" if dollars else _EXPRESSION
    built = TextBuilder(text.source)
    kept: list[int] = []
    for piece in re.finditer(rf"(?P<filled_in>{filled_in})|.", text.chars, re.DOTALL):
        chars = piece[0] if piece["filled_in"] is None else EXPANSION
        built.take(chars, text.starts[piece.start()], text.ends[piece.end() - 1])
        kept.append(piece.start())
    if EXPANSION not in built.chars:
        return text
    kept.append(len(text.chars))
    return built.text(lambda place, new: text.encode(kept[place], new), text.limit)


def _shell(node: Node, inherited: str) -> str:
    """Return what runs a ``run`` in a mapping: its own ``shell``, its ``defaults``, what Windows has."""
    values = {key.value: value for key, value in node.value if key.id == "scalar"}
    runs_on = values.get("runs-on")
    if runs_on is not None and "windows" in str(_strings(runs_on)).lower():
        inherited = "pwsh"
    defaults = values.get("defaults")
    if defaults is not None and defaults.id == "mapping":
        for key, value in defaults.value:
            if key.value == "run" and value.id == "mapping":
                inherited = _shell(value, inherited)
    own = values.get("shell")
    return str(own.value) if own is not None and own.id == "scalar" else inherited


def _strings(node: Node) -> list[str]:
    if node.id == "scalar":
        return [node.value]
    values = node.value if node.id == "sequence" else [value for _, value in node.value]
    return [text for each in values for text in _strings(each)]
