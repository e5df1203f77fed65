"""A sample of ``benchmarks/silent.py``: what asserts builds show of a list, we tell, and no more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_all_gaps_are_found_and_none_is_told_of_a_correct_list(tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "benchmarks" / "silent.py",
            "--modules",
            "8",
            "--seed",
            "5000",
            "--json",
            counts,
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(counts.read_text())
    correct = rows.pop("correct")
    assert (correct["gaps"], correct["false"], correct["noticed"]) == (16, 0, 0)  # two a module
    assert sum(each["names"] for each in rows.values()) == sum(each["found"] for each in rows.values()) >= 12
    # The judge is no tautology: some of these gaps do nothing that one could see.
    assert sum(each["plain"].get("wrong", 0) for each in rows.values())
