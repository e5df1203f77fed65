"""SQLite from npm, made re-entrant: sessions on databases of their own no longer destroy each other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.errors import StackswitchError
from stackswitch.tools.downloads import npm_packages

ROOT = Path(__file__).parents[2]
REQUIRED = "corpus" in os.environ.get("STACKSWITCH_TESTS_REQUIRE", "").split(",")

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("engine", ["node@24", "node@26"])
def test_sessions_on_databases_of_their_own(engine: str) -> None:
    try:
        npm_packages(ROOT / "examples" / "wa-sqlite")
    except StackswitchError as error:
        (pytest.fail if REQUIRED else pytest.skip)(f"the corpus cannot be installed: {error}")
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "stress.py", "--engines", engine, "--sqlite-seeds", "10",
         "--seeds", "0", "--calls", "0"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    native, transformed = map(json.loads, done.stdout.splitlines())
    assert native["wrong"] > 20
    assert (transformed["calls"], transformed["wrong"]) == (120, 0)
