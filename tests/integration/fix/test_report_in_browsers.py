"""The field reporter under Emscripten's web glue: the module is streamed, its URL is that of the response."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, wheel_node
from tests.requirements import missing

PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox", "firefox-esr"),
}
SOURCE = """#include <stdio.h>
#include <emscripten.h>
#define NO_INLINE __attribute__((noinline))
NO_INLINE int leaf(int x) { emscripten_sleep(1); return x + 1; }
NO_INLINE int middle(int x) { return leaf(x) * 2; }
int main(void) { printf("after %d\\n", middle(5)); return 0; }
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("emcc") is None, reason="no emcc (Debian: emscripten)"),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with builds that report, and their glue: with and without ``middle`` in the list."""
    folder = tmp_path_factory.mktemp("web")
    for name, listed in (("short", ""), ("whole", ",'middle'")):
        app = folder / name / "app"
        app.mkdir(parents=True)
        (app / "guest.c").write_text(SOURCE)
        only = f"-sASYNCIFY_ONLY=['main','__original_main','leaf'{listed}]"
        done = _run(
            "emcc", "-O1", "--profiling-funcs", "-sASYNCIFY=1", only, "guest.c", "-o", "guest.js", folder=app
        )
        if done.returncode and "FROZEN_CACHE" in done.stderr:
            pytest.skip("emcc's cache lacks a system library")
        assert done.returncode == 0, done.stderr
        instrument = [sys.executable, "-m", "stackswitch", "instrument", "guest.wasm"]
        made = _run(*instrument, "--report", "-o", "guest.wasm", folder=app)
        assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module", params=sorted(PROGRAMS))
def browser(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A browser that is here, and its program."""
    name: str = request.param
    program = next((found for each in PROGRAMS[name] if (found := shutil.which(each))), None)
    if program is None:
        missing(name, f"no {name} here")
    return name, str(program)


def test_what_is_missing_is_named_before_anything_goes_wrong(app: Path, browser: tuple[str, str]) -> None:
    told = _told(app / "short", *browser)
    assert told["streamed"] == 1
    (line,) = told["lines"]
    assert (line["import"], line["missing"]) == ("env.emscripten_sleep", ["middle"])
    assert [name for _, _, name in line["frames"]][:2] == ["leaf", "middle"]
    assert "MissingFunctionError middle on the stack at a wait for env.emscripten_sleep" in told["end"]


def test_a_whole_list_runs_to_its_end_in_silence(app: Path, browser: tuple[str, str]) -> None:
    told = _told(app / "whole", *browser)
    assert (told["streamed"], told["lines"], told["end"]) == (1, [], " after 12")


def _told(folder: Path, name: str, program: str) -> dict[str, object]:
    shim = node_shim_dir()
    task = {
        "packages": str(npm_packages(shim / "browsers")),
        "browser": "firefox" if name == "firefox" else "chrome",
        "program": program,
        "flags": [],
        "ways": ["report"],
        "folder": str(folder),
    }
    done = _run(wheel_node(), shim / "test" / "browser.mjs", json.dumps(task), folder=folder)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["name"] for each in lines[:-1]] == ["told"], done.stdout + done.stderr
    found: dict[str, object] = lines[0]
    return found


def _run(*argv: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
