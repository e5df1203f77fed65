"""The package as it is installed: the function of ``stackswitch-jspi/reentrant``, and the types."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stackswitch.engines.targets import engine_program
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import wheel_node
from stackswitch.transform.reentrant import ReentrantRequest, make_reentrant

from .conftest import PACKAGE, ROOT

MAKE = """
import { readFileSync, writeFileSync } from "node:fs";
import { makeReentrant } from "stackswitch-jspi/reentrant";
const { wasm, ...rest } = makeReentrant(readFileSync("kinds.wasm"), JSON.parse(process.argv[1]));
writeFileSync("made.wasm", wasm);
console.log(JSON.stringify(rest));
"""
WRONG = {
    '{"suspend": []}': "ConfigError: say which imports may suspend: glue, suspend or allImports",
    '{"suspend": ["wait"], "sideModules": true}': "ConfigError: not in the npm package yet: sideModules",
    '{"suspend": ["wait"], "region": 100}': "ConfigError: region is 100",
    '{"suspend": ["wait"], "never": ["wait"]}': "ConfigError: never needs allImports",
    '{"suspend": ["wait"], "malloc": "nothing"}': "ConfigError: the module has no function nothing",
    '{"glue": "nothing"}': "ConfigError: the glue: this glue has no pattern of JSPI",
}


def make(project: Path, options: str, node: str | Path | None = None) -> subprocess.CompletedProcess[str]:
    argv = [node or wheel_node(), "--input-type=module", "-e", MAKE, options]
    return subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=60, check=False)


def test_a_build_script_makes_what_the_command_makes(project: Path) -> None:
    done = make(project, '{"suspend": ["wait"], "promise": ["work", "by_table*"]}')
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["suspend"] == ["env.wait"]
    assert said["promise"] == ["work", "by_table", "by_table_to_the_import"]
    assert said["sources"] == ["options: 1 import, 3 exports"]
    wasm = (project / "kinds.wasm").read_bytes()
    request = ReentrantRequest(wasm=wasm, suspend=("env.wait",), promise=tuple(said["promise"]))
    assert (project / "made.wasm").read_bytes() == make_reentrant(request).wasm


@pytest.mark.network
@pytest.mark.parametrize("engine", ["node@18", "node@20", "node@22", "node@26"])
def test_a_build_script_on_other_versions_of_node(project: Path, engine: str) -> None:
    done = make(project, '{"suspend": ["wait"]}', engine_program(engine))
    assert done.returncode == 0, done.stderr
    assert not done.stderr


def test_what_is_wrong_is_said(project: Path) -> None:
    for options, message in WRONG.items():
        assert message in make(project, options).stderr


def test_a_program_in_typescript_is_checked_with_the_packages_types(project: Path) -> None:
    modules = npm_packages(ROOT / "tests" / "checks" / "javascript") / "node_modules"
    options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "esnext", "--lib", "esnext,dom"]
    argv = [wheel_node(), modules / "typescript" / "bin" / "tsc", *options, "--types", "", "typed.mts"]
    done = subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_the_types_are_made_by_the_version_that_checks_them() -> None:
    checks = json.loads((ROOT / "tests" / "checks" / "javascript" / "package.json").read_text())[
        "dependencies"
    ]
    pinned = json.loads((PACKAGE / "package.json").read_text())["devDependencies"]
    assert pinned == {name: checks[name] for name in pinned}
