"""The reports that the docs link to say of PHP what its cases did."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "reports"
MEANT = re.compile(r"[0-7]")


def data_of(name: str) -> dict[str, Any]:
    page = (PAGES / f"{name}.html").read_text("utf-8")
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert match is not None
    found: dict[str, Any] = json.loads(match[1])
    return found


def test_php_s_report_says_of_each_case_what_it_did() -> None:
    data = data_of("php")
    results = json.loads((ROOT / "examples" / "php" / "results.json").read_text("utf-8"))["cases"]
    (shipped,) = (at for at, (backend, _) in enumerate(data["runs"]) if backend == "asyncify")
    (jspi,) = (at for at, (backend, _) in enumerate(data["runs"]) if backend == "jspi")
    told = {}
    for case_id, status, cells, *_ in data["cases"]:
        works = {"jspi": cells[jspi].isupper(), "shipped": cells[shipped].isupper()}
        told[case_id] = {**works, "wrong": data["statuses"][status] == "silently-wrong"}
    did = {
        case_id: {
            **{build: "ended" not in builds.get(build, {}) for build in ("jspi", "shipped")},
            "wrong": "wrong" in {each.get("ended") for name, each in builds.items() if name != "ours"},
        }
        for case_id, builds in results.items()
    }
    assert told == did
    assert len(told) == len(list((ROOT / "examples" / "php" / "suite").glob("*/*.toml")))


@pytest.mark.parametrize("name", ["lua", "sqlite", "php"])
def test_the_figures_at_the_top_are_those_of_the_cases(name: str) -> None:
    data = data_of(name)
    markdown = (PAGES / f"{name}.md").read_text("utf-8")
    counts = Counter(data["statusWords"][status] for _, status, *_ in data["cases"])
    for words, count in counts.items():
        assert f"| {words} | {count} |" in markdown
    (jspi,) = (at for at, (backend, _) in enumerate(data["runs"]) if backend == "jspi")
    cells = [case[2][jspi] for case in data["cases"]]
    works, meant = (sum(map(kind, cells)) for kind in (str.isupper, lambda each: bool(MEANT.match(each))))
    assert f"\n{works} of {len(cells)} cases work on JSPI as they are{', ' if meant else ';'}" in markdown


@pytest.mark.parametrize("name", ["lua", "sqlite", "php"])
def test_what_it_gains_was_measured(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text("utf-8")
    for measured in ("| size, brotli 9 |", "| time to compile |", "| time to start |", "| time of compute |"):
        assert measured in text
    assert "What a wait costs" in text
