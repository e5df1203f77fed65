"""Which browsers have JSPI, from data of every shape that browser-compat-data may take."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from stackswitch.tools.paths import node_shim_dir, wheel_node

SCHEDULE = "node-releases/data/release-schedule/release-schedule.json"


def package(folder: Path, name: str, source: str) -> None:
    path = folder / "node_modules" / name
    path.mkdir(parents=True)
    (path / "package.json").write_text(json.dumps({"name": name, "version": "1.2.3", "main": "main.cjs"}))
    (path / "main.cjs").write_text(f"module.exports = {source};")


def answer(folder: Path, chrome: object, browsers: list[str], schedule: object = None) -> dict[str, object]:
    """Ask with a table of our own for Chrome, and a browserslist that names these browsers."""
    support = {"webassembly": {"jspi": {"__compat": {"support": {"chrome": chrome}}}}}
    package(folder, "@mdn/browser-compat-data", json.dumps(support))
    package(folder, "browserslist", f"Object.assign(() => {json.dumps(browsers)}, {{coverage: () => 1}})")
    package(folder, "caniuse-lite", "{}")
    package(folder, "node-releases", "{}")
    path = folder / "node_modules" / SCHEDULE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(schedule or {}))
    task = {"packages": str(folder), "query": "any", "today": "2026-11-22"}
    script = node_shim_dir() / "bin" / "support.mjs"
    done = subprocess.run(
        [wheel_node(), script, json.dumps(task)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, object] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize(
    ("statement", "having"),
    [
        ({"version_added": "137"}, {"137", "138", "137.1-137.3", "TP"}),
        ({"version_added": "≤137"}, {"137", "138", "137.1-137.3", "TP"}),
        ({"version_added": "137.2"}, {"138", "TP"}),
        ({"version_added": "preview"}, {"TP"}),
        ({"version_added": False}, set()),
        ({"version_added": None}, set()),
        ({"version_added": "100", "flags": [{"type": "preference", "name": "x"}]}, set()),
        ({"version_added": "100", "partial_implementation": True}, set()),
        ({"version_added": "100", "version_removed": "137"}, {"136"}),
        (
            [{"version_added": "138"}, {"version_added": "100", "version_removed": "137"}],
            {"136", "138", "TP"},
        ),
        ([{"version_added": "138"}, {"version_added": "100", "flags": [{}]}], {"138", "TP"}),
    ],
)
def test_a_browser_has_what_its_users_get(tmp_path: Path, statement: object, having: set[str]) -> None:
    versions = ["136", "137", "137.1-137.3", "138", "TP", "all"]
    said = answer(tmp_path, statement, [f"chrome {each}" for each in versions])
    browsers = said["browsers"]
    assert isinstance(browsers, list)
    assert {each["name"].removeprefix("chrome ") for each in browsers if each["jspi"]} == having
    assert all(each["jspi"] is not None for each in browsers)


def test_a_browser_that_the_data_do_not_know_is_told_apart(tmp_path: Path) -> None:
    said = answer(tmp_path, {"version_added": "137"}, ["op_mini all", "newcomer 5", "firefox 200"])
    assert said["browsers"] == [
        {"name": name, "share": 1, "jspi": None} for name in ("op_mini all", "newcomer 5", "firefox 200")
    ]
    names = ("@mdn/browser-compat-data", "browserslist", "caniuse-lite", "node-releases")
    assert said["versions"] == dict.fromkeys(names, "1.2.3")


def test_long_term_support_begins_and_ends_on_its_days(tmp_path: Path) -> None:
    schedule = {
        "v20": {"start": "2023-04-18", "lts": "2023-10-24", "end": "2026-11-22"},
        "v22": {"start": "2024-04-24", "lts": "2024-10-29", "end": "2026-11-23"},
        "v25": {"start": "2025-10-15", "end": "2027-06-01"},
        "v26": {"start": "2026-05-05", "lts": "2026-11-22", "end": "2029-04-30"},
        "v28": {"start": "2027-05-05", "lts": "2027-10-28", "end": "2030-04-30"},
    }
    assert answer(tmp_path, {"version_added": "1"}, [], schedule)["node_lts"] == ["22", "26"]
