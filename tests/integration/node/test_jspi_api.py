"""The steps of JSPI's specification, on engines and over the polyfill: results are those of the docs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import wheel_node

ROOT = Path(__file__).parents[3]
TABLE = json.loads((ROOT / "docs" / "data" / "jspi-api.json").read_text("utf-8"))
HERE = "node@24.19.0"


def _check(*names: str) -> None:
    command = [sys.executable, ROOT / "docs" / "jspi_api.py", "--check", *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_engine_that_is_installed() -> None:
    _check(*(f"{api} {HERE}=node:{wheel_node()}" for api in ("native", "polyfill")))


BROWSERS = tuple(name for name in TABLE["runs"] if name.endswith(("chromium", "firefox")))


@pytest.mark.network
@pytest.mark.parametrize("name", [name for name in TABLE["runs"] if name not in (*BROWSERS, "native jsc")])
def test_an_engine_of_the_table(name: str) -> None:
    _check(name)


@pytest.mark.browser
@pytest.mark.parametrize("name", BROWSERS)
def test_a_browser_of_the_table(name: str) -> None:
    _check(name)


@pytest.mark.slow
def test_modules_that_are_instrumented_as_they_are_loaded_do_the_same(tmp_path: Path) -> None:
    library = npm_packages(ROOT / "node_shim") / "node_modules" / "binaryen" / "index.js"
    command = [wheel_node(), ROOT / "node_shim" / "jspi-api" / "main.mjs", "instrumented", library, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    steps = [step for group in json.loads(done.stdout)["groups"] for step in group["steps"]]
    differing = {step["id"] for step in steps if step["outcome"] != "as specified"}
    assert differing == {*TABLE["runs"][f"polyfill {HERE}"]["deviations"]}


def test_the_modules_are_what_binaryen_makes_of_their_texts() -> None:
    shim = ROOT / "node_shim"
    library = npm_packages(shim) / "node_modules" / "binaryen" / "index.js"
    command = [wheel_node(), shim / "jspi-api" / "build.mjs", library, "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
