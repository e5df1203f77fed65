"""``stackswitch bench``, quickly: what it measures is there, and no more is asked of the clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from stackswitch.models.bench import BenchResult


def test_a_quick_run_measures_all_on_each_backend(tmp_path: Path) -> None:
    file, svg = tmp_path / "bench.json", tmp_path / "bench.svg"
    argv = [sys.executable, "-m", "stackswitch", "bench", "--quick", "--rounds", "1"]
    done = subprocess.run(
        [*argv, "--json", str(file), "--svg", str(svg)], capture_output=True, text=True, timeout=300
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
