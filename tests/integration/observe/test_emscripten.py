"""Emscripten's own glue, as ``emcc`` (Debian's) generates it: observed, unchanged."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from stackswitch.engines.locate import Engine

from .conftest import Trace

SOURCE = """#include <stdio.h>
#include <setjmp.h>
#include <emscripten.h>
#define NO_INLINE __attribute__((noinline))
static jmp_buf back;
NO_INLINE int leaf(int x) { emscripten_sleep(1); return x + 1; }
NO_INLINE int middle(int x) { return leaf(x) * 2; }
NO_INLINE int outer(int x) { return middle(x) + 3; }
NO_INLINE int with_setjmp(int x) { if (setjmp(back)) return -1; return outer(x); }
NO_INLINE int jumps(int x) { outer(x); longjmp(back, x); }
NO_INLINE int with_longjmp(int x) { int got = setjmp(back); return got ? outer(got) : jumps(x); }
int main(void) { printf("before\\n"); printf("after %d\\n", WHICH(5)); return 0; }
"""

pytestmark = [
    pytest.mark.emscripten,
    pytest.mark.skipif(shutil.which("emcc") is None, reason="no emcc (Debian: emscripten)"),
]


def compiled(folder: Path, which: str, *names: str) -> Path:
    """Compile; the glue is CommonJS, and takes its own way to read the module."""
    (folder / "guest.c").write_text(SOURCE)
    only = ",".join(f"'{name}'" for name in ("main", "__original_main", *names))
    done = subprocess.run(
        ["emcc", "-O1", "--profiling-funcs", f"-DWHICH={which}", "-sASYNCIFY=1", f"-sASYNCIFY_ONLY=[{only}]",
         "guest.c", "-o", "guest.js"],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.returncode and "FROZEN_CACHE" in done.stderr:
        pytest.skip("emcc's cache lacks a system library")
    assert done.returncode == 0, done.stderr
    return folder / "guest.js"


@pytest.mark.parametrize(
    ("which", "names", "missing"),
    [
        ("outer", ("outer", "middle", "leaf"), set()),
        ("outer", ("outer", "leaf"), {"middle"}),
        ("outer", ("middle",), {"outer", "leaf"}),
        ("with_setjmp", ("with_setjmp", "outer", "middle", "leaf"), {"dynCall_ii"}),
        ("with_setjmp", ("with_setjmp", "outer", "leaf"), {"dynCall_ii", "middle"}),
        # The first wait is below invoke_ii, the second, after the jump, is not.
        ("with_longjmp", ("with_longjmp", "jumps", "outer", "middle", "leaf"), {"dynCall_ii"}),
        ("with_longjmp", ("with_longjmp", "dynCall_ii", "outer", "middle", "leaf"), {"jumps"}),
    ],
)
def test_names_that_its_list_lacks(
    tmp_path: Path, node: Engine, trace: Trace, which: str, names: tuple[str, ...], missing: set[str]
) -> None:
    glue = compiled(tmp_path, which, *names)
    # Debian's glue is older than Node's fetch, and takes it for a browser's.
    without_fetch = tmp_path / "without-fetch.cjs"
    without_fetch.write_text("delete globalThis.fetch;")
    plain = subprocess.run(
        [node.path, "--require", without_fetch, glue],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    seen = trace(node.path, "--require", without_fetch, glue)
    assert (seen.status, seen.stdout) == (plain.returncode, plain.stdout)
    assert seen.missing == missing
    assert {each.import_ for each in seen.suspensions} == {"env.emscripten_sleep"}
    if not missing:
        assert seen.stdout == "before\nafter 15\n"
