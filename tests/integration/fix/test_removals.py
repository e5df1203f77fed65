"""A property: whatever names are taken out of a complete list, one round brings back a list that verifies.

Random gaps in random modules, and in the lists of the suite that comes along, Lua's and SQLite's among them;
as many as run in some seconds, or ``STACKSWITCH_REMOVALS`` of each.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from stackswitch.backends.base import Backend
from stackswitch.lists.files import read_list
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from tests.list_edits import edit_list

from .conftest import fix_suite

Run = Callable[[Coroutine[Any, Any, Any]], Any]
WANTED = int(os.environ.get("STACKSWITCH_REMOVALS", "0"))
SECONDS = 15.0
STRANGE = ["f(char*, int)", "operator<<(a, b)", "x.part.0", 'say "hi"', "naïve", "a b", "#c", "it's", "\\28"]


def random_case(choose: random.Random) -> tuple[str, list[str], int]:
    """A module whose functions call later ones, directly or through the table: its text, names, result."""
    count = choose.randint(3, 9)
    names = choose.sample(STRANGE, min(len(STRANGE), count // 2))
    names += [f"f{at}" for at in range(len(names), count)]
    choose.shuffle(names)
    results = [0] * count
    bodies = []
    for at in reversed(range(count)):
        later = range(at + 1, count)
        callees = choose.sample(later, min(len(later), choose.choice([0, 1, 1, 2])))
        calls = []
        for each in callees:
            if choose.random() < 0.5:
                calls.append(f"(call $f{each} (local.get 0))")
            else:
                calls.append(f"(call_indirect (type $t) (local.get 0) (i32.const {each}))")
        if not callees or choose.random() < 0.2:
            waits = choose.random() < 0.7
            calls.append(f"(call ${'wait' if waits else 'other'} (local.get 0))")
        results[at] = at + sum(results[each] for each in callees) + (len(calls) > len(callees)) * 3
        body = f"(i32.const {at})" + "".join(f" {call} (i32.add)" for call in calls)
        text = json.dumps(names[at], ensure_ascii=False)
        bodies.append(f"(func $f{at} (@name {text}) (type $t) {body})")
    table = " ".join(f"$f{at}" for at in range(count))
    text = (
        "(module (type $t (func (param i32) (result i32)))"
        '(import "env" "wait" (func $wait (type $t))) (import "env" "other" (func $other (type $t)))'
        f"(table {count} funcref) (elem (i32.const 0) {table}) {' '.join(reversed(bodies))}"
        '(export "main" (func $f0)))'
    )
    return text, names, results[0]


def test_any_gap_is_closed_in_one_round(
    tmp_path: Path,
    run: Run,
    asyncify: Backend,
    jspi: Backend,
) -> None:
    ends = time.monotonic() + SECONDS
    done = gaps = 0
    while gaps < WANTED if WANTED else time.monotonic() < ends:
        choose = random.Random(done)
        text, names, result = random_case(choose)
        folder = tmp_path / str(done)
        folder.mkdir()
        (folder / "m.wat").write_text(text)
        case = folder / "m.toml"

        def write(only: list[str], case: Path = case, result: int = result) -> None:
            case.write_text(
                'why = "random"\nsource = "m.wat"\nexport = "main"\nargs = ["i32:3"]\n'
                'host = [{ import = "env.wait", returns = "arg:0", delay_ms = 0 },'
                ' { import = "env.other", returns = "arg:0" }]\n'
                f"asyncify = {{ only = {json.dumps(only, ensure_ascii=False)} }}\n"
                f'expect = {{ values = ["i32:{result}"] }}\n'
            )

        complete = fixed(write, [], case, run, asyncify, jspi)
        assert set(complete) <= set(names)
        for gone in ("one", "some"):
            if not complete:
                continue
            out = {choose.choice(complete)}
            if gone == "some":
                out |= set(choose.sample(complete, choose.randint(1, len(complete))))
            again = fixed(write, [each for each in complete if each not in out], case, run, asyncify, jspi)
            assert set(again) == set(complete), f"seed {done}"
            gaps += 1
        done += 1
    assert gaps >= 10


def fixed(
    write: Callable[[list[str]], None],
    only: list[str],
    case: Path,
    run: Run,
    asyncify: Backend,
    jspi: Backend,
) -> list[str]:
    write(only)
    fixed = run(fix_suite(load_suite(case.parent), None, asyncify, jspi))
    report = fixed.report
    assert (report.verdict, report.rounds) == ("verified", 1), (case.read_text(), report.reason)
    return list(fixed.sources[0].lists["ASYNCIFY_ONLY"])


def complete_lists(asyncify: Backend, jspi: Backend) -> dict[str, Path]:
    """The cases of the suite whose list is complete, and names functions in full."""
    suite = load_suite(CONFORMANCE_SUITE)
    return {
        each.case.id: suite.files[each.case.id]
        for each in suite.cases
        if each.case.asyncify.only
        and not each.case.asyncify.prebuilt
        and not any("*" in name for name in each.case.asyncify.only)
        and [each.case.expectations(one.info)[0].outcome for one in (asyncify, jspi)] == ["returned"] * 2
    }


def test_any_gap_in_the_suites_own_lists_is_closed_in_one_round(
    tmp_path: Path, run: Run, asyncify: Backend, jspi: Backend
) -> None:
    lists = complete_lists(asyncify, jspi)
    assert {"programs/lua-list-complete", "programs/sqlite-list-complete"} < lists.keys()
    assert len(lists) > 12
    choose = random.Random(0)
    gaps: dict[str, int] = dict.fromkeys(lists, 0)
    ends = time.monotonic() + SECONDS
    # Lua's and SQLite's lists are the long ones: every third gap is in one of them.
    order = [*choose.sample(sorted(lists), len(lists)), *choose.choices(sorted(lists), k=WANTED)]
    for at, drawn in enumerate(order):
        if (at >= WANTED) if WANTED else (time.monotonic() > ends):
            break
        case_id = f"programs/{'lua' if at % 2 else 'sqlite'}-list-complete" if at % 3 == 0 else drawn
        path = lists[case_id]
        whole = path.read_bytes()
        names = read_list(whole, "ASYNCIFY_ONLY").names
        count = choose.choice([1, min(5, len(names)), len(names)])
        gone = set(choose.sample(sorted(set(names)), min(count, len(set(names)))))
        folder = tmp_path / str(at)
        for each in path.parent.iterdir():
            if each.suffix in (".wat", ".wasm"):
                folder.mkdir(exist_ok=True)
                (folder / each.name).symlink_to(each)
        target = folder / path.name
        target.write_bytes(edit_list(whole, [name for name in names if name not in gone]))
        fixed = run(fix_suite(load_suite(folder), None, asyncify, jspi))
        report = fixed.report
        assert (report.verdict, report.rounds) == ("verified", 1), (case_id, gone, report.reason)
        again = set(fixed.sources[0].lists["ASYNCIFY_ONLY"])
        assert set(names) - gone <= again <= set(names), (case_id, gone)
        gaps[case_id] += 1
    assert sum(gaps.values()) >= 10
    assert gaps["programs/lua-list-complete"]
    assert gaps["programs/sqlite-list-complete"]
