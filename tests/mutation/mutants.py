"""Makes mutants: small changes of a Python file that its tests should notice.

A mutant replaces one node of the file's syntax tree. The operators:

- a comparison moves its bound by one (``<`` and ``<=``), or is negated where it is not itself a condition;
- a condition is always true, or always false; an operand of ``and`` or ``or``, or a ``not``, is left out;
- arithmetic is exchanged (``+`` and ``-``, ``<<`` and ``>>``, ``&`` and ``|``); a minus sign is left out;
- a number grows by one; a string or bytes get an ``X`` on both sides; ``True`` becomes ``False``; of the
  characters that are stripped the first one is left out;
- a statement that only has an effect is left out (a call, ``+=``, an assignment to a part, ``raise``,
  ``continue``, ``break``);
- an element of a table, or of the right side of ``in``, is left out; a keyword argument is left out;
- ``any`` and ``all``, ``min`` and ``max``, ``find`` and ``rfind`` and such pairs are exchanged.

Left alone: docstrings, annotations, messages of exceptions, prose (two words in a row), f-strings, and what
only types or dataclasses read. Of a table with more than 16 elements, 16 are tried.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_BOUNDS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_NEGATED = {ast.Eq: ast.NotEq, ast.Is: ast.IsNot, ast.In: ast.NotIn}
_NEGATED |= {other: one for one, other in _NEGATED.items()}
_ARITHMETIC = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}
_PAIRS = (
    ("any", "all"),
    ("min", "max"),
    ("find", "rfind"),
    ("index", "rindex"),
    ("lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("partition", "rpartition"),
    ("split", "rsplit"),
    ("removeprefix", "removesuffix"),
)
_EXCHANGED = dict(_PAIRS) | {other: one for one, other in _PAIRS}
_STRIPPING = {"strip", "lstrip", "rstrip"}
_PROSE = re.compile(r"[A-Za-z,]{2,} [A-Za-z`]+ ?")
_UNREAD_KEYWORDS = {"strict", "repr", "compare", "encoding", "maxsize"}
_UNREAD_NAMES = {"__slots__", "__all__", "__match_args__"}
_TYPING = {"Literal", "TypeVar", "NewType", "cast", "field", "Generic", "ParamSpec"}
_GENERIC = {"Literal", "Mapping", "Callable", "Sequence", "Iterable", "Iterator", "Annotated"}
_GENERIC |= {"dict", "list", "tuple", "set", "frozenset", "type", "Generic"}
_LONGEST_TABLE = 16


@dataclass
class Mutant:
    """One change of one file.

    :ivar where: the qualified name of the function or class that holds it; ``""``: the module
    :ivar lines: first and last line of the statement's part that holds it
    :ivar function: line and name of the outermost function that holds it; None: it takes effect at import,
        since no function holds it, or one that makes a value of the module
    :ivar names: the module's names whose value it changes, where it takes effect at import
    """

    file: str
    where: str
    before: str
    after: str
    lines: tuple[int, int]
    function: tuple[int, str] | None
    names: tuple[str, ...]
    number: int = 0
    _slot: tuple[ast.AST, str, int | None] = field(repr=False, default=(ast.Pass(), "", None))
    _new: ast.AST = field(repr=False, default_factory=ast.Pass)

    @property
    def key(self) -> str:
        """Names the mutant independently of line numbers."""
        number = f" #{self.number}" if self.number else ""
        return f"{self.file}::{self.where}: {self.before} => {self.after}{number}"

    def apply(self) -> ast.AST:
        """Put the change into the tree that it was made from; return what stood there."""
        return _put(self._slot, self._new)


def _put(slot: tuple[ast.AST, str, int | None], new: ast.AST) -> ast.AST:
    node, name, at = slot
    if at is None:
        old = getattr(node, name)
        setattr(node, name, new)
    else:
        old = getattr(node, name)[at]
        getattr(node, name)[at] = new
    return old


def mutants_of(path: Path, root: Path) -> tuple[ast.Module, list[Mutant]]:
    """Return a file's tree and its mutants, in the order of the file; each can be applied to the tree."""
    tree = ast.parse(path.read_text("utf-8"))
    walk = _Walk(path.relative_to(root).as_posix())
    walk.children(tree)
    called = _called_at_import(tree)
    for each in walk.found:
        if each.function and each.where.split(".")[0] in called:
            each.names, each.function = called[each.where.split(".")[0]], None
    return tree, walk.found


def _called_at_import(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """Return the functions that make values of the module (a table read from a file), and their names."""
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    found: dict[str, tuple[str, ...]] = {}

    def follow(node: ast.AST, names: tuple[str, ...]) -> None:
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
                name = each.func.id
                if name in functions and not set(names) <= set(found.get(name, ())):
                    found[name] = (*found.get(name, ()), *names)
                    follow(functions[name], names)

    for each in tree.body:
        if isinstance(each, (ast.Assign, ast.AnnAssign)) and each.value is not None:
            follow(each.value, _names_set(each))
    return found


class _Walk:
    """Goes over a tree and collects mutants."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Mutant] = []
        self.seen: Counter[str] = Counter()
        self.where: list[str] = []
        self.function: tuple[int, str] | None = None
        self.lines = (0, 0)
        self.names: tuple[str, ...] = ()
        self.condition = False

    def children(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "type_comment", "type_params", "ctx"}:
                continue
            if isinstance(value, ast.AST):
                self.visit(value, (node, name, None))
            elif isinstance(value, list):
                for at, each in enumerate(value):
                    if isinstance(each, ast.AST):
                        self.visit(each, (node, name, at))

    def visit(self, node: ast.AST, slot: tuple[ast.AST, str, int | None]) -> None:
        if _is_unread(node):
            return
        if isinstance(node, ast.stmt):
            last = node.end_lineno or node.lineno
            body = getattr(node, "body", None)
            self.lines = (node.lineno, body[0].lineno - 1 if body and body[0].lineno > node.lineno else last)
            if self.function is None:
                self.names = _names_set(node)
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self.lines = node.lineno, last
        inside = isinstance(slot[0], ast.BoolOp) or isinstance(getattr(slot[0], "op", None), ast.Not)
        self.condition = slot[1] in {"test", "ifs"} or (self.condition and inside)
        for new in _replacements(node, slot, condition=self.condition, at_import=self.function is None):
            self.add(node, slot, new)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.definition(node)
        elif isinstance(node, ast.ClassDef):
            self.where.append(node.name)
            for at, each in enumerate(node.body):
                self.visit(each, (node, "body", at))
            self.where.pop()
        else:
            self.children(node)

    def definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.where.append(node.name)
        self.children(node.args)
        outer = self.function
        if outer is None:
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            self.function = first, node.name
        for at, each in enumerate(node.body):
            self.visit(each, (node, "body", at))
        self.function = outer
        self.where.pop()

    def add(self, node: ast.AST, slot: tuple[ast.AST, str, int | None], new: ast.AST) -> None:
        if isinstance(node, (ast.stmt, ast.expr)):
            ast.copy_location(new, node)
        ast.fix_missing_locations(new)
        before, after = _text(node, slot), _text(new, slot)
        mutant = Mutant(
            self.file,
            ".".join(self.where),
            before,
            after,
            self.lines,
            self.function,
            self.names,
            0,
            slot,
            new,
        )
        self.seen[mutant.key] += 1
        mutant.number = self.seen[mutant.key] - 1
        self.found.append(mutant)


def _names_set(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return ()
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None) or node]
    stored = (
        each
        for target in targets
        for each in ast.walk(target)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    )
    return tuple(each.id for each in stored)


def _text(node: ast.AST, slot: tuple[ast.AST, str, int | None]) -> str:
    text: str = getattr(node, "note", "") or ast.unparse(node).splitlines()[0]
    if hasattr(node, "note"):
        pass
    elif slot[1] in {"test", "ifs"}:
        text = f"{'while' if isinstance(slot[0], ast.While) else 'if'} {text}"
    elif isinstance(node, ast.Constant) and isinstance(slot[0], (ast.Compare, ast.BinOp, ast.keyword)):
        holder = slot[0]
        whole, old = ast.unparse(holder), _put(slot, ast.Constant(node.value))
        text = ast.unparse(holder) if whole else text
        _put(slot, old)
    return text if len(text) <= 90 else text[:60] + "..." + text[-27:]


def _is_unread(node: ast.AST) -> bool:
    """Whether nothing at run time reads it, or only people do."""
    match node:
        case (
            ast.Expr(value=ast.Constant()) | ast.JoinedStr() | ast.Import() | ast.ImportFrom() | ast.Assert()
        ):
            return True
        case ast.Call(func=ast.Name(id=name)) if name in _TYPING:
            return True
        case ast.Subscript(value=ast.Name(id=name)) if name in _GENERIC:
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) if name in _UNREAD_NAMES:
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.FunctionDef(decorator_list=[ast.Name(id="overload"), *_]):
            return True
        case ast.FunctionDef(body=[ast.Expr(value=ast.Constant()), *rest] | [*rest]) if all(
            isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in rest
        ):
            return True
    return False


def _replacements(
    node: ast.AST, slot: tuple[ast.AST, str, int | None], *, condition: bool, at_import: bool
) -> Iterator[ast.AST]:
    match node:
        case ast.Raise():
            yield ast.Pass()
        case ast.Continue() | ast.Break() | ast.AugAssign() | ast.Delete():
            yield ast.Pass()
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            yield ast.Pass()
        case ast.Compare():
            yield from _comparisons(node, condition=condition)
        case ast.BoolOp(values=values):
            for at in range(len(values)):
                rest = [*values[:at], *values[at + 1 :]]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC:
            yield ast.BinOp(node.left, _ARITHMETIC[type(op)](), node.right)
        case ast.UnaryOp(op=op) if not (condition and isinstance(op, ast.Not)):
            yield node.operand
        case ast.Constant():
            yield from _constants(node, slot)
        case ast.Call():
            yield from _calls(node)
        case ast.Tuple() | ast.List() | ast.Set() if at_import or slot[1] == "comparators":
            yield from _shorter(node)
        case ast.Dict() if at_import and len(node.keys) > 1:
            for at in _tried(len(node.keys)):
                keys, values = list(node.keys), list(node.values)
                del keys[at], values[at]
                yield _noted(ast.Dict(keys, values), node.keys[at] or node.values[at])
    if slot[1] in {"test", "ifs"} and isinstance(node, ast.expr) and not isinstance(node, ast.Constant):
        if not isinstance(slot[0], (ast.While, ast.Assert)):
            yield ast.Constant(value=True)
        yield ast.Constant(value=False)


def _comparisons(node: ast.Compare, *, condition: bool) -> Iterator[ast.AST]:
    for at, op in enumerate(node.ops):
        new = _BOUNDS.get(type(op)) or (None if condition else _NEGATED.get(type(op)))
        if new:
            yield ast.Compare(node.left, [*node.ops[:at], new(), *node.ops[at + 1 :]], node.comparators)


def _constants(node: ast.Constant, slot: tuple[ast.AST, str, int | None]) -> Iterator[ast.AST]:
    holder = slot[0]
    if isinstance(holder, ast.keyword) and holder.arg in _UNREAD_KEYWORDS:
        return
    # Such are as good as another mutant of the same place: the sign, or the comparison.
    if isinstance(holder, ast.BinOp) and isinstance(holder.op, (ast.Add, ast.Sub)):
        return
    if isinstance(holder, ast.Compare) and isinstance(holder.ops[0], (ast.Eq, ast.NotEq)):
        return
    match node.value:
        case bool():
            yield ast.Constant(not node.value)
        case int() | float():
            yield ast.Constant(node.value + 1)
        case str() if isinstance(holder, ast.Call) and getattr(holder.func, "attr", "") in _STRIPPING:
            yield ast.Constant(node.value[1:])
        case str() if not _PROSE.search(node.value):
            yield ast.Constant(f"X{node.value}X")
        case bytes():
            yield ast.Constant(b"X" + node.value + b"X")


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    for at, keyword in enumerate(node.keywords):
        if keyword.arg and keyword.arg not in _UNREAD_KEYWORDS:
            yield ast.Call(node.func, node.args, [*node.keywords[:at], *node.keywords[at + 1 :]])
    match node.func:
        case ast.Name(id="sorted") if node.args:
            yield ast.Call(ast.Name("list", ast.Load()), node.args, [])
        case ast.Name(id=name) if name in _EXCHANGED:
            yield ast.Call(ast.Name(_EXCHANGED[name], ast.Load()), node.args, node.keywords)
        case ast.Attribute(attr="split" | "rsplit") if len(node.args) + len(node.keywords) < 2:
            return  # without a limit they do the same
        case ast.Attribute(value=value, attr=name) if name in _EXCHANGED:
            yield ast.Call(ast.Attribute(value, _EXCHANGED[name], ast.Load()), node.args, node.keywords)


def _tried(size: int) -> range:
    return range(0, size, -(-size // _LONGEST_TABLE))


def _shorter(node: ast.Tuple | ast.List | ast.Set) -> Iterator[ast.AST]:
    if len(node.elts) < 2 or (not isinstance(node, ast.Set) and not isinstance(node.ctx, ast.Load)):
        return
    for at in _tried(len(node.elts)):
        elements = [*node.elts[:at], *node.elts[at + 1 :]]
        new = ast.Set(elements) if isinstance(node, ast.Set) else type(node)(elements, ast.Load())
        yield _noted(new, node.elts[at])


def _noted(new: ast.AST, left_out: ast.AST) -> ast.AST:
    new.note = f"without {ast.unparse(left_out)}"  # type: ignore[attr-defined]
    return new
