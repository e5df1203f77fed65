"""The shim in browsers: one glue natively and, with JSPI hidden, over the polyfill; calls that overlap."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stackswitch.backends.node.c_stacks import with_c_stacks
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, wheel_node
from stackswitch.wasm.module import parse_module
from tests.requirements import missing

PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox", "firefox-esr"),
}
WAYS = ["native", "polyfill", "concurrent"]
GLUE = (node_shim_dir() / "test" / "glue.mjs").read_text("utf-8")
NAMES = re.findall(r'^  async "([^"]+)"\(', GLUE, flags=re.MULTILINE)


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the pages of a browser told; a browser that is not here is skipped, or fails where required."""
    name: str = request.param
    program = next((found for each in PROGRAMS[name] if (found := shutil.which(each))), None)
    if program is None:
        missing(name, f"no {name} here")
    shim = node_shim_dir()
    folder = tmp_path_factory.mktemp("page")
    (folder / "app").mkdir()
    module = parse_module((CONFORMANCE_SUITE / "c-stack" / "cstack-exported.wasm").read_bytes())
    (folder / "app" / "reentrant.wasm").write_bytes(
        with_c_stacks(module, ["env.wait"], ["rounds"], ["legacy-exceptions"]).wasm
    )
    task = {
        "packages": str(npm_packages(shim / "browsers")),
        "browser": "firefox" if name == "firefox" else "chrome",
        "program": str(program),
        "flags": [],
        "ways": WAYS,
        "folder": str(folder),
    }
    argv: list[str | Path] = [wheel_node(), shim / "test" / "browser.mjs", json.dumps(task)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    assert "version" in lines.pop(), done.stdout + done.stderr
    assert done.returncode == any(each["error"] is not None for each in lines)
    return lines


@pytest.mark.browser
@pytest.mark.parametrize("way", WAYS)
def test_all_of_it_holds(told: list[dict[str, Any]], way: str) -> None:
    of_this_way = [each for each in told if each["way"] == way]
    assert {each["name"]: each["error"] for each in of_this_way if each["error"]} == {}
    names = {each["name"] for each in of_this_way}
    assert names >= set(NAMES) if way != "concurrent" else len(names) == 2


def test_the_names_are_those_of_the_glue() -> None:
    assert len(NAMES) > 15
