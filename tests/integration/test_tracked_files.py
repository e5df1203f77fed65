"""What is in the repository, beside its code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_links_stay_in_the_repository() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout of git")
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    links = [line.split("\t")[1] for line in listed if line.startswith("120000 ")]
    assert links, "the test sees the one that there is"
    for link in links:
        target = (ROOT / link).readlink()
        assert not target.is_absolute(), f"{link} points to {target}"
        assert (ROOT / link).resolve().is_relative_to(ROOT)
