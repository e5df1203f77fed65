"""PHP 8.3 on three builds: JSPI's, Asyncify's as it is shipped, and JSPI's asyncified by us."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stackswitch.wasm.asyncified import instrumented_functions
from stackswitch.wasm.function_names import binaryen_names
from stackswitch.wasm.module import parse_module
from tests.requirements import missing

PHP = Path(__file__).parents[3] / "examples" / "php"
SUITE = PHP / "suite"
MODULES = PHP / "node_modules" / "@php-wasm" / "node-8-3"
COMMAND = [sys.executable, "-m", "stackswitch"]
CHOSEN = (
    "arrays/map-http",
    "arrays/usort-mysqli",
    "autoload/new-http",
    "composer/install",
    "curl/write-function-socket",
    "database/mysqli-query",
    "database/pdo-query",
    "errors/handler-http",
    "extensions/filter-callback-http",
    "fibers/start",
    "functions/shutdown-pdo",
    "iteration/generator-curl",
    "libraries/doctrine-mysqli",
    "libraries/guzzle",
    "libraries/phpmailer",
    "libraries/symfony-session-pdo",
    "lifecycle/destruct-null-http",
    "magic/clone-http",
    "output/callback-http",
    "plain/readfile",
    "plain/stream-select",
    "regex/replace-callback-socket",
    "serialization/json-mysqli",
    "sessions/handler-class-http",
    "soap/plain",
    "spl/heap-http",
    "sqlite/function-http",
    "streams/wrapper-include-socket",
    "xml/simplexml-load-file",
)
"""One case of each family at least; the libraries, and what the shipped build is known to fail on."""

pytestmark = pytest.mark.php


@pytest.fixture(scope="module", autouse=True)
def _prepared() -> None:
    argv = [sys.executable, str(PHP / "prepare.py")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        missing("php", done.stderr)


def run_suite(
    tmp_path: Path, cases: tuple[str, ...], *options: str | Path
) -> tuple[int, dict[tuple[str, str], Any]]:
    """Run cases; return the exit status, and the results by case and build (of JSPI: empty)."""
    chosen = [word for name in cases for word in ("-k", name)]
    argv = [*COMMAND, "test", str(SUITE), *chosen, "-j", "2", "--json", str(tmp_path / "results.json")]
    done = subprocess.run(
        [*argv, *map(str, options)], capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode in (0, 1), done.stderr
    results = json.loads((tmp_path / "results.json").read_bytes())["results"]
    return done.returncode, {(each["case_id"], each["build"]): each for each in results}


def test_cases_are_what_their_programs_say() -> None:
    argv = [sys.executable, str(PHP / "generate.py"), "--check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_list_is_the_one_of_the_default_policy() -> None:
    (module,) = MODULES.glob("jspi/*/php_8_3.wasm")
    argv = [sys.executable, str(PHP / "build_list.py"), str(module)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "by ranked: a new list for" in done.stdout


def test_what_jspi_runs_ours_runs_by_the_committed_list(tmp_path: Path) -> None:
    options = ("--backend", "jspi", "--backend", "asyncify", "--build", "instrumented")
    status, results = run_suite(tmp_path, CHOSEN, *options, "--list", PHP / "asyncify-only.txt")
    assert {case for case, _ in results} == set(CHOSEN)
    assert status == 0, [each["detail"] for each in results.values() if not each["as_expected"]]
    assert sum(each["outcome"] == "returned" for each in results.values()) == 2 * (len(CHOSEN) - 1)
    ours = [each for (_, build), each in results.items() if build == "instrumented"]
    assert not any(each["missing"] for each in ours)
    assert {each["engine_version"].split(".")[0] for each in ours} == {"20"}


def test_the_shipped_build_fails_as_it_is_known_to(tmp_path: Path) -> None:
    status, results = run_suite(tmp_path, CHOSEN, "--backend", "asyncify", "--build", "own")
    assert status == 0, [each["detail"] for each in results.values() if not each["as_expected"]]
    fallen = {case for (case, _), each in results.items() if each["outcome"] == "needs-list-fix"}
    assert {"lifecycle/destruct-null-http", "plain/readfile", "arrays/usort-mysqli"} <= fallen
    assert all(results[case, "own"]["missing"]["ASYNCIFY_ONLY"] for case in fallen)


def test_the_names_of_a_crash_mend_it(tmp_path: Path) -> None:
    """What a trace of the shipped build names is all that the program needs besides the shipped list."""
    crash, plain = "lifecycle/destruct-null-http", "plain/file-get-contents"
    traces = tmp_path / "traces"
    _, shipped = run_suite(
        tmp_path, (crash, plain), "--backend", "asyncify", "--build", "own", "--traces", traces
    )
    assert shipped[plain, "own"]["outcome"] == "returned"
    lacks = set(shipped[crash, "own"]["missing"]["ASYNCIFY_ONLY"])
    assert lacks == {"ZEND_ASSIGN_SPEC_CV_CONST_RETVAL_UNUSED_HANDLER"}
    traced = [json.loads(line) for line in (traces / f"{crash}.jsonl").read_text("utf-8").splitlines()]
    waits = [line for line in traced if line["kind"] == "suspension"]
    assert lacks == {name for line in waits for name in line["missing"]}
    traps = [line for line in traced if line["kind"] == "trap"]
    assert [line["missing"] for line in traps] == [{"ASYNCIFY_ONLY": sorted(lacks)}]

    base = shipped_list() | shown(tmp_path, plain)
    _, before = run_suite(tmp_path, (crash, plain), *instrumented(tmp_path, base))
    assert before[plain, "instrumented"]["outcome"] == "returned"
    assert set(before[crash, "instrumented"]["missing"]["ASYNCIFY_ONLY"]) == lacks
    assert before[crash, "instrumented"]["outcome"] == "needs-list-fix"
    _, after = run_suite(tmp_path, (crash, plain), *instrumented(tmp_path, base | lacks))
    assert {each["outcome"] for each in after.values()} == {"returned"}
    assert not any(each["missing"] for each in after.values())


def shipped_list() -> set[str]:
    """The functions that the shipped build has instrumented, as far as the JSPI build has them too."""
    (shipped,) = (MODULES / "asyncify").glob("*/php_8_3.wasm")
    (jspi,) = (MODULES / "jspi").glob("*/php_8_3.wasm")
    module = parse_module(shipped.read_bytes())
    names = binaryen_names(module)
    return {names[index] for index in instrumented_functions(module)} & set(
        binaryen_names(parse_module(jspi.read_bytes()))
    )


def shown(tmp_path: Path, case: str) -> set[str]:
    """The functions that a case shows on the stacks of the JSPI build."""
    traces = tmp_path / "shown"
    run_suite(tmp_path, (case,), "--backend", "jspi", "--traces", traces)
    lines = [json.loads(line) for line in (traces / f"{case}.jsonl").read_text("utf-8").splitlines()]
    return {frame[2] for line in lines if line["kind"] == "suspension" for frame in line["frames"]}


def instrumented(tmp_path: Path, names: set[str]) -> tuple[str | Path, ...]:
    """The options for a build of ours by a list."""
    path = tmp_path / "only.txt"
    path.write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")
    return "--backend", "asyncify", "--build", "instrumented", "--list", path
