"""Both backends, started once, and what makes a suite out of a module and a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from stackswitch.backends.base import Backend
from stackswitch.backends.registry import BackendOptions, open_backend
from stackswitch.fix.evidence import EvidenceOptions, FixRequest
from stackswitch.fix.loop import FixResult, fix_lists
from stackswitch.fix.sources import ListSource
from stackswitch.fix.suite_evidence import SuiteEvidence
from stackswitch.suite.loader import Suite

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="session")
def asyncify(run: Run) -> Iterator[Backend]:
    opened = run(open_backend("asyncify", BackendOptions(jobs=2)))
    yield opened
    run(opened.aclose())


@pytest.fixture(scope="session")
def jspi(run: Run) -> Iterator[Backend]:
    opened = run(open_backend("jspi", BackendOptions(jobs=2)))
    yield opened
    run(opened.aclose())


CHAIN = """(module
  (import "env" "wait" (func $wait (param i32) (result i32)))
  (type $t (func (param i32) (result i32)))
  (table 1 funcref) (elem (i32.const 0) $leaf)
  (func $leaf (type $t) (i32.add (local.get 0) (call $wait (local.get 0))))
  (func $mid (type $t) (i32.mul (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func $never (type $t) (call $mid (i32.const 1)))
  (func $main (export "main") (type $t) (i32.add (i32.const 1) (call $mid (local.get 0)))))"""
CHAIN_NAMES = ("leaf", "main", "mid")


def write_chain(folder: Path, lists: str = "", *, name: str = "chain", delay_ms: int = 1) -> Path:
    """Write a case of three frames; returns its file."""
    folder.mkdir(exist_ok=True)
    (folder / "chain.wat").write_text(CHAIN)
    path = folder / f"{name}.toml"
    path.write_text(
        'why = "Three frames."\nsource = "chain.wat"\nexport = "main"\nargs = ["i32:10"]\n'
        f'host = [{{ import = "env.wait", returns = "i32:5", delay_ms = {delay_ms} }}]\n{lists}'
        '[expect]\nvalues = ["i32:31"]\nsuspensions = 1\n'
    )
    return path


def only(names: Sequence[str]) -> str:
    """The list as a case has it."""
    return f"[asyncify]\nonly = {json.dumps(list(names))}  # by hand\n"


async def fix_suite(
    suite: Suite,
    shared: ListSource | None,
    asyncify: Backend,
    observer: Backend | None = None,
    *,
    jobs: int = 1,
    **request: Any,
) -> FixResult:
    """Fix the lists of a suite, in memory; ``request``: the fields of ``FixRequest``."""
    evidence = SuiteEvidence(suite, shared, asyncify, observer, options=EvidenceOptions(jobs))
    return await fix_lists(evidence, FixRequest(**request))
