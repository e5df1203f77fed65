"""Runs the nearest tests on mutants, each in a fork of one process that has imported and collected all.

A mutant in a function is put into force by exchanging the function's code object, one that takes effect at
import (a table, a default, a pattern) by importing its module anew, and all that import it. Only the tests
that reach the changed lines run, the quickest first. The limit is in seconds of CPU, so that a busy machine
changes no verdict.
"""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.util
import os
import pickle
import re
import resource
import select
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from itertools import accumulate
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any, Literal

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from mutants import Mutant

Verdict = Literal["killed", "survived", "untested", "unfit"]
"""``untested``: no test reaches it, so it has survived; ``unfit``: it is no program, and is not counted."""

_STEPS_TRACED = 80
"""Of one function in one test; where there are more, all of its lines count as reached."""
_EXAMPLES = 40
"""Of a property test, at most."""
_OF_SPEED = re.compile(r"four_times_as_long|do_not_stall|a_thousand_patterns")
"""Tests of how long something takes: slow, and no change of a result fails them."""
_TESTS_S = 1.5
"""Seconds of tests of other files, the quickest first, that a mutant has to get past too."""
_SLOWER = 4
_LEAST_S = 2
_MEMORY_BYTES = 3 << 30
_UNFIT = 3

settings.register_profile(
    "mutation", deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)


@dataclass(frozen=True)
class Reached:
    """What a test did: its CPU seconds, and the lines it reached by file."""

    seconds: float
    lines: dict[str, frozenset[int]]


class Collected:
    """A pytest plugin that calls ``then`` with the collected tests instead of running them."""

    def __init__(self, then: Callable[[list[pytest.Item]], int], only: frozenset[str] | None = None) -> None:
        self.then = then
        self.only = only

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        settings.load_profile("mutation")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [each for each in items if not _OF_SPEED.search(each.name)]
        for each in items:
            function = getattr(each, "obj", None)
            its: settings | None = getattr(function, "_hypothesis_internal_use_settings", None)
            if its is not None and its.max_examples > _EXAMPLES:
                function._hypothesis_internal_use_settings = settings(its, max_examples=_EXAMPLES)
        if self.only is not None:
            items[:] = [each for each in items if each.nodeid in self.only]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        session.testsfailed = self.then(session.items)
        return True


def collect(
    tests: Iterable[str], then: Callable[[list[pytest.Item]], int], only: frozenset[str] | None = None
) -> int:
    """Collect test files or folders, and call ``then`` with the tests."""
    quiet = ["-q", "-s", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
    arguments = [*tests, *quiet, "-p", "no:cacheprovider", "-p", "no:xdist"]
    return int(pytest.main(arguments, plugins=[Collected(then, only)]))


class _Tracer:
    """Notes the lines reached in some files."""

    def __init__(self, files: frozenset[str]) -> None:
        self.files = files
        self.lines: defaultdict[str, set[int]] = defaultdict(set)
        self.left: dict[CodeType, int] = {}

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        code = frame.f_code
        if code.co_filename not in self.files:
            return None
        self.lines[code.co_filename].add(code.co_firstlineno)
        return self.line if self.left.get(code, 1) else None

    def line(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            code = frame.f_code
            self.lines[code.co_filename].add(frame.f_lineno)
            left = self.left[code] = self.left.get(code, _STEPS_TRACED) - 1
            if not left:
                self.lines[code.co_filename].update(line for _, _, line in code.co_lines() if line)
                frame.f_trace_lines = False
        return self.line


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def _silent() -> None:
    """In a fork: write nothing, collect no garbage (of a process that soon ends), describe no failure."""
    gc.disable()
    pytest.Function.repr_failure = lambda *_: ""  # type: ignore[method-assign, assignment]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def reach(items: Sequence[pytest.Item], files: Iterable[Path]) -> dict[str, Reached]:
    """Run all tests once, in a fork, so that nothing is cached here; return what each has reached.

    :raises RuntimeError: a test fails
    """
    names = frozenset(str(each) for each in files)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _silent()
        found: dict[str, Reached] | str = {}
        for item, following in zip(items, [*items[1:], None], strict=True):
            tracer, before = _Tracer(names), time.process_time()
            sys.settrace(tracer)
            passed = _passes(item, following)
            sys.settrace(None)
            if not passed:
                found = item.nodeid
                break
            lines = {file: frozenset(each) for file, each in tracer.lines.items()}
            found[item.nodeid] = Reached(time.process_time() - before, lines)  # type: ignore[index]
        with os.fdopen(writing, "wb") as file:
            pickle.dump(found, file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        answer = pickle.loads(file.read() or pickle.dumps("its end"))
    os.waitpid(child, 0)
    if isinstance(answer, str):
        raise RuntimeError(f"the tests fail without any change: {answer}")  # noqa: TRY004
    return answer


class Killer:
    """Runs tests on mutants.

    :ivar reached: by test, what it has reached
    """

    def __init__(self, items: Sequence[pytest.Item], reached: dict[str, Reached], root: Path) -> None:
        self.items = {each.nodeid: each for each in items}
        self.reached = reached
        self.root = root
        self.importers = _importers()
        gc.unfreeze()  # what an earlier killer has frozen is not among the objects
        functions = [each for each in gc.get_objects() if isinstance(each, FunctionType)]
        gc.collect()
        gc.freeze()
        self.functions: defaultdict[tuple[str, int, str], list[FunctionType]] = defaultdict(list)
        for each in functions:
            if each.__code__.co_filename.startswith(str(root)):
                code = each.__code__
                self.functions[code.co_filename, code.co_firstlineno, code.co_name].append(each)

    def tests_of(self, tree: ast.Module, mutant: Mutant) -> list[str]:
        """Return the tests that reach a mutant: those of its own file, then the quickest of the others."""
        file = str(self.root / mutant.file)
        wanted = set(range(mutant.lines[0], mutant.lines[1] + 1))
        if mutant.function is None:
            wanted |= _readers(tree, mutant)
        its = [test for test, each in self.reached.items() if not wanted.isdisjoint(each.lines.get(file, ()))]
        if mutant.function is None:
            names = set(mutant.names)
            its = list(dict.fromkeys([*its, *(test for test in self.items if names & self.names_in(test))]))
            its = its or [test for test, each in self.reached.items() if file in each.lines]
        stem = f"test_{Path(file).stem}.py::"
        if mutant.function is None:
            its = its or [test for test in self.items if stem in test]  # a file of constants reaches no line
        nearest = {test for test in its if stem in test}
        its.sort(key=lambda test: (test not in nearest, self.reached[test].seconds))
        spent = accumulate(0 if test in nearest else self.reached[test].seconds for test in its)
        return [test for test, seconds in zip(its, spent, strict=True) if seconds <= _TESTS_S] or its[:1]

    def names_in(self, test: str) -> set[str]:
        """Return the global names that a test itself reads."""
        function = getattr(self.items[test], "function", None)
        inner = getattr(getattr(function, "hypothesis", None), "inner_test", function)
        return set(inner.__code__.co_names) if inner is not None else set()

    def run(
        self, jobs: Iterator[tuple[ast.Module, Mutant]], workers: int
    ) -> Iterator[tuple[Mutant, Verdict]]:
        """Run mutants, some at a time; give each with its verdict as it ends."""
        running: dict[int, tuple[int, Mutant, float]] = {}
        left = True
        while left or running:
            while left and len(running) < workers:
                job = next(jobs, None)
                if job is None:
                    left = False
                    break
                tree, mutant = job
                tests = self.tests_of(tree, mutant)
                if not tests:
                    yield mutant, "untested"
                    continue
                child, pipe, limit = self.start(tree, mutant, tests)
                running[pipe] = child, mutant, time.monotonic() + 20 * limit
            if not running:
                continue
            ready, _, _ = select.select(list(running), [], [], 1)
            now = time.monotonic()
            for pipe, (child, mutant, until) in list(running.items()):
                if pipe not in ready and now < until:
                    continue
                if pipe not in ready:
                    os.kill(child, signal.SIGKILL)
                status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                os.close(pipe)
                del running[pipe]
                yield mutant, {0: "survived", _UNFIT: "unfit"}.get(status, "killed")  # type: ignore[misc]

    def start(self, tree: ast.Module, mutant: Mutant, tests: list[str]) -> tuple[int, int, float]:
        """Start a fork that tries a mutant; return its id, a pipe that ends with it, and its CPU limit."""
        limit = int(_LEAST_S + _SLOWER * sum(self.reached[each].seconds for each in tests))
        reading, writing = os.pipe()
        child = os.fork()
        if child:
            os.close(writing)
            return child, reading, limit
        status = 1
        try:
            os.close(reading)
            _silent()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
            status = self.attempt(tree, mutant, tests)
        finally:
            os._exit(status)

    def attempt(self, tree: ast.Module, mutant: Mutant, tests: list[str]) -> int:
        mutant.apply()
        file = str(self.root / mutant.file)
        try:
            code = compile(tree, file, "exec")
        except SyntaxError:
            return _UNFIT
        if mutant.function is not None and self.exchange(code, file, mutant.function):
            items = [self.items[each] for each in tests]
            passed = (
                _passes(item, following) for item, following in zip(items, [*items[1:], None], strict=True)
            )
            return int(not all(passed))
        return self.import_anew(code, file, tests)

    def exchange(self, code: CodeType, file: str, function: tuple[int, str]) -> bool:
        """Give a function, wherever it is referred to, the code that it has in ``code``."""
        new = [each for each in _codes(code) if (each.co_firstlineno, each.co_name) == function]
        old = self.functions.get((file, *function), [])
        if len(new) != 1 or not old:
            return False
        for each in old:
            if len(each.__code__.co_freevars) != len(new[0].co_freevars):
                return False
            each.__code__ = new[0]
        return True

    def import_anew(self, code: CodeType, file: str, tests: list[str]) -> int:
        """Import a file, from its code, and all that import it; run the tests."""
        name = ".".join(Path(file).relative_to(self.root).with_suffix("").parts).removesuffix(".__init__")
        stale, open_ = {name}, [name]
        while open_:
            new = self.importers.get(open_.pop(), set()) - stale
            stale |= new
            open_ += new
        for each in [each for each in sys.modules if each in stale or each.split(".")[0] == "tests"]:
            _forget(each)
        sys.meta_path.insert(0, _Finder(name, file, code))

        def run(items: list[pytest.Item]) -> int:
            return 0 if all(map(_passes, items, [*items[1:], None])) else 1

        ends = collect(sorted({each.split("::")[0] for each in tests}), run, frozenset(tests))
        return int(ends != 0)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def _readers(tree: ast.Module, mutant: Mutant) -> set[int]:
    """Return the lines that read what a mutant changes at import; none: it is not known."""
    found: set[int] = set()
    for each in ast.walk(tree):
        match each:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name) if name in mutant.names:
                found.add(each.lineno)
    return found


def _forget(name: str) -> None:
    """Unload a module: ``from package import`` takes it from its package before it looks for it anew."""
    package, _, attribute = name.rpartition(".")
    if package in sys.modules:
        vars(sys.modules[package]).pop(attribute, None)
    del sys.modules[name]


def _importers() -> dict[str, set[str]]:
    """Return who imports each of our loaded modules, directly."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if not name.startswith(("stackswitch", "tests")) or not file.endswith(".py"):
            continue
        package = name if file.endswith("__init__.py") else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(Path(file).read_text("utf-8"))):
            if isinstance(node, ast.Import):
                targets = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                targets = [base, *(f"{base}.{each.name}" for each in node.names)]
            else:
                continue
            for each in targets:
                found[each].add(name)
    return found


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from code that is at hand."""

    def __init__(self, name: str, file: str, code: CodeType) -> None:
        self.name, self.file, self.code = name, file, code

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.file, loader=self)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        exec(self.code, vars(module))
