"""Assembles functions of WebAssembly text, as far as ``regions.wat`` goes: folded instructions, named things.

``addr`` stands for the type of addresses, i32 or i64. ``(when X …)`` is left out of modules that have no X.
``(use X)`` stands for what ``(define X …)`` has.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from stackswitch.wasm.encoding import signed, unsigned, value_type
from stackswitch.wasm.types import FuncType

Expression = str | list["Expression"]
_TOKEN = re.compile(r";;[^\n]*|[()]|[^\s()]+")
_LOADS = {"i32.load": (0x28, 2), "i64.load": (0x29, 3), "i32.store": (0x36, 2), "i64.store": (0x37, 3)}
_PLAIN = {
    "unreachable": 0x00,
    "return": 0x0F,
    "i32.eqz": 0x45,
    "i32.eq": 0x46,
    "i32.ne": 0x47,
    "i32.lt_u": 0x49,
    "i32.gt_u": 0x4B,
    "i32.le_u": 0x4D,
    "i32.ge_u": 0x4F,
    "i64.eqz": 0x50,
    "i64.eq": 0x51,
    "i64.ne": 0x52,
    "i64.lt_u": 0x54,
    "i64.gt_u": 0x56,
    "i64.le_u": 0x58,
    "i64.ge_u": 0x5A,
    "i32.add": 0x6A,
    "i32.sub": 0x6B,
    "i32.and": 0x71,
    "i32.or": 0x72,
    "i32.shl": 0x74,
    "i32.shr_u": 0x76,
    "i64.add": 0x7C,
    "i64.sub": 0x7D,
    "i64.and": 0x83,
    "i64.or": 0x84,
    "i64.shl": 0x86,
    "i64.shr_u": 0x88,
    "i32.wrap_i64": 0xA7,
}
_OF_MEMORY = {"memory.size": b"\x3f\0", "memory.grow": b"\x40\0"}
_INDEXED = {"global.get": 0x23, "global.set": 0x24, "local.get": 0x20, "local.set": 0x21, "call": 0x10}
_CONVERSIONS = {
    ("given", "i32"): b"\x41\0\x47",  # i32.const 0, i32.ne
    ("given", "i64"): b"\x42\0\x52",  # i64.const 0, i64.ne
    ("to_i64", "i32"): b"\xad",  # i64.extend_i32_u
    ("to_i64", "i64"): b"",
    ("from_i64", "i32"): b"\xa7",  # i32.wrap_i64
    ("from_i64", "i64"): b"",
}
_LOOP, _IF, _ELSE, _BR, _BR_IF, _END = (bytes([each]) for each in (3, 4, 5, 0x0C, 0x0D, 0x0B))
_EMPTY = b"\x40"


@dataclass(frozen=True)
class TextFunction:
    """A function of the text: its name, its type, the types of its other locals, its instructions as text."""

    name: str
    type: FuncType
    locals: tuple[str, ...]
    names: Mapping[str, int]
    body: tuple[Expression, ...]


@dataclass(frozen=True)
class Text:
    """What a text declares: functions in their order, and the types of its globals by name."""

    functions: tuple[TextFunction, ...]
    globals: Mapping[str, str]


@dataclass
class Context:
    """What the names in instructions stand for.

    :ivar functions, globals: indexes by name
    :ivar constants: numbers that ``.const`` and ``offset=`` may name
    :ivar address: the type of addresses
    """

    functions: Mapping[str, int]
    globals: Mapping[str, int]
    constants: Mapping[str, int]
    address: str
    _labels: list[str] = field(default_factory=list)

    def assemble(self, function: TextFunction) -> bytes:
        """Return a function's instructions, without the last ``end``.

        :raises KeyError: an instruction or a name is not known
        """
        return b"".join(self._instruction(each, function.names) for each in function.body)

    def _instruction(self, expression: Expression, local: Mapping[str, int]) -> bytes:
        assert isinstance(expression, list)
        op, *rest = expression
        assert isinstance(op, str)
        if op in ("if", "loop"):
            return self._block(op, rest, local)
        if op in ("br", "br_if"):
            label, *condition = rest
            depth = unsigned(len(self._labels) - 1 - self._labels.index(str(label)))
            return self._all(condition, local) + (_BR if op == "br" else _BR_IF) + depth
        immediates = [each for each in rest if isinstance(each, str)]
        operands = self._all([each for each in rest if not isinstance(each, str)], local)
        return operands + self._operation(op, immediates, local)

    def _operation(self, op: str, immediates: list[str], local: Mapping[str, int]) -> bytes:
        kind, _, what = op.partition(".")
        if kind == "addr":
            if (what, self.address) in _CONVERSIONS:
                return _CONVERSIONS[what, self.address]
            op = f"{self.address}.{what}"
        if op in _PLAIN:
            return bytes([_PLAIN[op]])
        if op in _OF_MEMORY:
            return _OF_MEMORY[op]
        if what == "const":
            return (b"\x42" if op.startswith("i64") else b"\x41") + signed(self._number(immediates[0]))
        if op in _LOADS:
            opcode, align = _LOADS[op]
            return bytes([opcode, align]) + unsigned(self._number(immediates[0].removeprefix("offset=")))
        spaces = {"global": self.globals, "local": local, "call": self.functions}
        return bytes([_INDEXED[op]]) + unsigned(spaces[kind][immediates[0]])

    def _block(self, op: str, rest: list[Expression], local: Mapping[str, int]) -> bytes:
        if op == "loop":
            self._labels.append(str(rest[0]))
            code = _LOOP + _EMPTY + self._all(rest[1:], local)
        else:
            condition, *branches = rest
            code = self._instruction(condition, local) + _IF + _EMPTY
            self._labels.append("")
            for branch in branches:
                code += (_ELSE if branch[0] == "else" else b"") + self._all(list(branch[1:]), local)
        self._labels.pop()
        return code + _END

    def _all(self, expressions: list[Expression], local: Mapping[str, int]) -> bytes:
        return b"".join(self._instruction(each, local) for each in expressions)

    def _number(self, text: str) -> int:
        return self.constants[text] if text in self.constants else int(text, 0)


def read_text(text: str, has: Collection[str], address: str) -> Text:
    """Read functions and globals.

    :param has: the names X for which ``(when X …)`` stays
    :param address: what ``addr`` stands for
    """
    functions: list[TextFunction] = []
    globals_: dict[str, str] = {}
    tokens = (each[0] for each in _TOKEN.finditer(text) if not each[0].startswith(";;"))
    for form in parse_forms(tokens, frozenset(has)):
        assert isinstance(form, list)
        kind, name, *rest = form
        assert isinstance(name, str)
        if kind == "global":
            globals_[name] = _type(rest[0], address)
        else:
            functions.append(_function(name, rest, address))
    return Text(tuple(functions), globals_)


def parse_forms(
    tokens: Iterator[str], has: frozenset[str], defined: dict[str, list[Expression]] | None = None
) -> list[Expression]:
    """Read what is up to the next closing parenthesis, or the end.

    :param defined: what names stand for, so far
    :raises KeyError: a name that is used is not defined before
    """
    known = {} if defined is None else defined
    found: list[Expression] = []
    for word in tokens:
        if word == ")":
            break
        if word != "(":
            found.append(word)
            continue
        form = parse_forms(tokens, has, known)
        if form[0] == "define":
            known[str(form[1])] = form[2:]
        elif form[0] == "use":
            found += known[str(form[1])]
        elif form[0] != "when":
            found.append(form)
        elif form[1] in has:
            found += form[2:]
    return found


def _function(name: str, rest: list[Expression], address: str) -> TextFunction:
    params: list[str] = []
    results: list[str] = []
    others: list[str] = []
    names: dict[str, int] = {}
    body: list[Expression] = []
    for each in rest:
        if each[0] in ("param", "local"):
            names[str(each[1])] = len(names)
            (params if each[0] == "param" else others).append(_type(each[2], address))
        elif each[0] == "result":
            results.append(_type(each[1], address))
        else:
            body.append(each)
    return TextFunction(name, FuncType(tuple(params), tuple(results)), tuple(others), names, tuple(body))


def _type(text: Expression, address: str) -> str:
    kind = address if text == "addr" else str(text)
    value_type(kind)
    return kind
