"""``stackswitch bench``, quickly: what it measures is there, and no more is asked of the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stackswitch.models.bench import BenchResult


@pytest.mark.slow
def test_a_quick_run_measures_all_on_each_backend(tmp_path: Path) -> None:
    file, svg, page = [tmp_path / f"bench.{each}" for each in ("json", "svg", "md")]
    argv = [sys.executable, "-m", "stackswitch", "bench", "--quick", "--rounds", "1"]
    done = subprocess.run(
        [*argv, "--json", str(file), "--svg", str(svg), "--markdown", str(page)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    result = BenchResult.model_validate(json.loads(file.read_text("utf-8")))
    groups = {each.group for each in result.figures}
    assert groups >= {
        "suspension",
        "call",
        "memory",
        "instance",
        "at once",
        "at rest",
        "growth",
        "suspension, CPU time",
        "computing",
        "round trip to Node",
    }
    hosts = {each.host for each in result.figures if each.group == "suspension"}
    assert hosts == {
        "await asyncio.sleep(0)",
        "asyncify",
        "fiber",
        "jspi",
        "wasmtime-py as documented",
    }
    assert all(each.best > 0 for each in result.figures if each.unit == "µs")
    assert svg.read_text("utf-8").startswith("<svg")
    assert {each.case for each in result.figures if each.group == "suspension"} == {
        "1 frame",
        "10 frames",
        "100 frames",
        "1000 frames",
    }
    assert len(result.goals) == 5
    for each in result.goals:
        assert each.least <= each.reached <= each.greatest
        assert each.holds == (
            each.reached <= each.goal if each.bound == "at most" else each.reached >= each.goal
        )
        assert f"| {each.name} |" in page.read_text("utf-8")
        assert each.name in done.stdout
