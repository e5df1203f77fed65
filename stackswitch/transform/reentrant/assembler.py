"""Assembles WebAssembly text, as far as ``regions.wat`` and ``wrappers.wat`` go, into templates of code.

Instructions are folded or not, things are named. ``addr`` stands for the type of addresses, i32 or i64.
``(when X …)`` is for modules that have X. ``(use X)`` stands for what ``(define X …)`` has.

What depends on a module stays open: see ``adapter`` for what a template is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from stackswitch.wasm.encoding import signed, unsigned, value_type

from .adapter import AdapterFunction, Regions, Template, TemplateItem

Expression = str | list["Expression"]
_TOKEN = re.compile(r";;[^\n]*|[()]|[^\s()]+")
_LOADS = {"i32.load": (0x28, 2), "i64.load": (0x29, 3), "i32.store": (0x36, 2), "i64.store": (0x37, 3)}
_PLAIN = {
    "unreachable": 0x00,
    "throw_ref": 0x0A,
    "end": 0x0B,
    "return": 0x0F,
    "catch_all": 0x19,
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
    "i64.extend_i32_u": 0xAD,
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
_WITHOUT_NAMES = {"if_empty": b"\x04\x40", "block_exnref": b"\x02\x69"}
_TRY, _TRY_TABLE, _CATCH_ALL_REF, _RETHROW, _CALL_INDIRECT = b"\x06", b"\x1f", b"\x01\x03\0", 0x09, b"\x11"


@dataclass
class Assembler:
    """Assembles the instructions of one function.

    :ivar constants: numbers that ``.const`` and ``offset=`` may name; other names stay open
    :ivar address: the type of addresses
    :ivar local: indexes of locals by name; names that are not there stay open
    """

    constants: Mapping[str, int]
    address: str
    local: Mapping[str, int] = field(default_factory=dict)
    _labels: list[str] = field(default_factory=list)

    def assemble(self, expressions: Iterable[Expression]) -> Template:
        """Return the code of expressions.

        :raises KeyError: an instruction is not known
        """
        return _merged(item for each in expressions for item in self._instruction(each))

    def _instruction(self, expression: Expression) -> Template:
        assert isinstance(expression, list)
        op, *rest = expression
        assert isinstance(op, str)
        if op == "when":
            return [["when", rest[0], self.assemble(rest[1:])]]
        if op == "insert":
            return [["part", rest[0]]]
        if op in ("if", "loop"):
            return self._block(op, rest)
        if op in ("br", "br_if"):
            label, *condition = rest
            depth = unsigned(len(self._labels) - 1 - self._labels.index(str(label)))
            return [*self.assemble(condition), ((_BR if op == "br" else _BR_IF) + depth).hex()]
        immediates = [each for each in rest if isinstance(each, str)]
        operands = self.assemble([each for each in rest if not isinstance(each, str)])
        return operands + self._operation(op, immediates)

    def _operation(self, op: str, immediates: list[str]) -> Template:
        kind, _, what = op.partition(".")
        if kind == "addr":
            if (what, self.address) in _CONVERSIONS:
                return [_CONVERSIONS[what, self.address].hex()]
            op = f"{self.address}.{what}"
        if op in _PLAIN:
            return [bytes([_PLAIN[op]]).hex()]
        if op in _OF_MEMORY or op in _WITHOUT_NAMES:
            return [(_OF_MEMORY.get(op) or _WITHOUT_NAMES[op]).hex()]
        if op in ("try", "try_table"):
            first, last = (_TRY, b"") if op == "try" else (_TRY_TABLE, _CATCH_ALL_REF)
            return [first.hex(), ["part", immediates[0]], last.hex()]
        if op == "rethrow":
            return [(bytes([_RETHROW]) + unsigned(int(immediates[0]))).hex()]
        if op == "call_indirect":
            return [_CALL_INDIRECT.hex(), *(["index", each] for each in immediates)]
        if what == "const":
            return [("42" if op.startswith("i64") else "41"), self._number(immediates[0])]
        if op in _LOADS:
            opcode, align = _LOADS[op]
            offset = self._number(immediates[0].removeprefix("offset="), unsigned)
            return [bytes([opcode, align]).hex(), offset]
        opcode, name = _INDEXED[op], immediates[0]
        known = kind == "local" and name in self.local
        index = unsigned(self.local[name]).hex() if known else ["index", name]
        return [bytes([opcode]).hex(), index]

    def _block(self, op: str, rest: list[Expression]) -> Template:
        if op == "loop":
            self._labels.append(str(rest[0]))
            code = [(_LOOP + _EMPTY).hex(), *self.assemble(rest[1:])]
        else:
            condition, *branches = rest
            code = [*self._instruction(condition), (_IF + _EMPTY).hex()]
            self._labels.append("")
            for branch in branches:
                code += [_ELSE.hex()] if branch[0] == "else" else []
                code += self.assemble(list(branch[1:]))
        self._labels.pop()
        return [*code, _END.hex()]

    def _number(self, text: str, encode: Callable[[int], bytes] = signed) -> TemplateItem:
        if text in self.constants:
            return encode(self.constants[text]).hex()
        return ["constant", text] if text.isupper() else encode(int(text, 0)).hex()


def _merged(items: Iterable[TemplateItem]) -> Template:
    """Return a template in which bytes that follow each other are one item."""
    out: Template = []
    for each in items:
        if isinstance(each, str) and out and isinstance(out[-1], str):
            out[-1] += each
        elif each:
            out.append(each)
    return out


def regions(text: str, constants: Mapping[str, int], address: str) -> Regions:
    """Assemble functions, and read globals.

    :param constants: what is the same for all modules
    :param address: what ``addr`` stands for
    """
    functions: list[AdapterFunction] = []
    globals_: list[tuple[str, str, tuple[str, ...]]] = []
    for form, when in _conditional(parse_forms(_tokens(text)), ()):
        kind, name, *rest = form
        assert isinstance(name, str)
        if kind == "global":
            globals_.append((name, _type(rest[0], address), when))
        else:
            functions.append(_function(name, rest, when, constants, address))
    return Regions(globals=tuple(globals_), functions=tuple(functions))


def codes(text: str) -> dict[str, Template]:
    """Assemble the forms ``(code NAME …)``."""
    found = {}
    for form in parse_forms(_tokens(text)):
        assert isinstance(form, list)
        kind, name, *rest = form
        assert kind == "code"
        found[str(name)] = Assembler({}, "").assemble(rest)
    return found


def _tokens(text: str) -> Iterator[str]:
    return (each[0] for each in _TOKEN.finditer(text) if not each[0].startswith(";;"))


def _conditional(
    forms: Iterable[Expression], when: tuple[str, ...]
) -> Iterator[tuple[list[Expression], tuple[str, ...]]]:
    """Yield declarations, each with the conditions that it is under."""
    for form in forms:
        assert isinstance(form, list)
        if form[0] == "when":
            yield from _conditional(form[2:], (*when, str(form[1])))
        else:
            yield form, when


def parse_forms(
    tokens: Iterator[str], defined: dict[str, list[Expression]] | None = None
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
        form = parse_forms(tokens, known)
        if form[0] == "define":
            known[str(form[1])] = form[2:]
        elif form[0] == "use":
            found += known[str(form[1])]
        else:
            found.append(form)
    return found


def _function(
    name: str, rest: list[Expression], when: tuple[str, ...], constants: Mapping[str, int], address: str
) -> AdapterFunction:
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
    return AdapterFunction(
        name=name,
        when=when,
        params=tuple(params),
        results=tuple(results),
        locals=tuple(others),
        code=Assembler(constants, address, names).assemble(body),
    )


def _type(text: Expression, address: str) -> str:
    kind = address if text == "addr" else str(text)
    value_type(kind)
    return kind
