"""Programs of current Emscripten, and what each tool makes of them: ``table.toml`` says it, with the reasons.

``.ci/toolchains FOLDER`` makes the builds. The tests look for FOLDER in ``$STACKSWITCH_TOOLCHAINS``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from docs.toolchain_table import ROWS, cells, expected, row_of

from .tools import HERE, TOOLS, Build

pytestmark = pytest.mark.toolchain
ROOT = HERE.parents[1]
FOLDER = Path(os.environ.get("STACKSWITCH_TOOLCHAINS", ROOT / ".ci" / "cache" / "toolchains"))
CELLS = list(cells())


@pytest.mark.parametrize(("debian", "name", "tool"), CELLS)
def test_a_tool_on_a_build(debian: str, name: str, tool: str, tmp_path: Path) -> None:
    folder = FOLDER / "builds" / debian / name
    assert folder.is_dir(), f"there is no {folder}: make the builds by .ci/toolchains {FOLDER}"
    wanted = expected((debian, name, tool))
    outcome = TOOLS[tool](Build(name, debian, folder), tmp_path)
    assert outcome.startswith(wanted) if ": " in wanted else outcome == wanted, outcome


def test_each_row_is_of_a_build_and_has_a_reason() -> None:
    used = [row for cell in CELLS if (row := row_of(cell))]
    assert [row for row in ROWS if row not in used] == []
    assert all(row["reason"].endswith(".") for row in ROWS)


def test_javascriptcore_is_as_in_the_table_of_steps() -> None:
    """As ``tests/integration/node/test_jspi_api.py`` has it for other engines."""
    command = [sys.executable, ROOT / "docs" / "jspi_api.py", "--check", f"native jsc=jsc:{FOLDER / 'jsc'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_detect_finds_what_javascriptcore_can_do() -> None:
    command = [
        sys.executable,
        "-m",
        "stackswitch",
        "detect",
        "--engine",
        f"jsc:{FOLDER / 'jsc'}",
        "--require",
    ]
    done = subprocess.run(
        [*command, "jspi,exnref,jstag"], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "refuses-first: no (the import runs first (JavaScript frame between))" in done.stdout
