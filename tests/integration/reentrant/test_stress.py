"""``benchmarks/stress.py`` with few seeds: no call of a transformed module is wrong, on any engine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.requirements import missing

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "stress.py"
BROWSERS = {"chromium": ("chromium",), "firefox": ("firefox", "firefox-esr")}


def stress(*arguments: str) -> list[dict[str, Any]]:
    if shutil.which("emcc") is None:
        pytest.skip("no emcc (Debian: emscripten)")
    done = subprocess.run(
        [sys.executable, SCRIPT, "--sqlite-seeds", "0", *arguments],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def check_mixed(rows: list[dict[str, Any]], seeds: int) -> None:
    native, transformed = rows
    assert (native["build"], transformed["build"]) == ("native", "transformed")
    assert native["wrong_seeds"] == seeds
    assert (transformed["wrong"], transformed["wrong_seeds"]) == (0, 0)
    assert transformed["calls"] > 200 * seeds


@pytest.mark.emscripten
def test_two_hundred_calls_at_once_on_node() -> None:
    check_mixed(stress("--engines", "node", "--seeds", "20", "--calls", "0"), 20)


@pytest.mark.browser
@pytest.mark.parametrize("name", BROWSERS)
def test_two_hundred_calls_at_once_in_a_browser(name: str) -> None:
    if not any(map(shutil.which, BROWSERS[name])):
        missing(name, f"no {name} here")
    check_mixed(stress("--engines", name, "--seeds", "10", "--calls", "0"), 10)


@pytest.mark.slow
def test_the_memory_does_not_grow() -> None:
    (row,) = stress("--engines", "node", "--seeds", "0", "--calls", "50000")
    assert row["calls"] > 50_000
    assert (row["wrong"], row["grown_bytes"]) == (0, 0)
