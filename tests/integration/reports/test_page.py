"""The page, in a real browser: it filters, searches, opens a stack and a graph, and anyone can use it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, wheel_node

from .conftest import NASTY, ROOT

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
SHOWN = """[...document.querySelectorAll("#table tbody th button span:first-of-type")]
  .map((each) => each.textContent)"""
COUNT = "document.getElementById('count').textContent"
TITLE = "document.getElementById('dialog').open && document.getElementById('dialogTitle').textContent"
NODES = "[...document.querySelectorAll('#icicle g')].map((each) => each.getAttribute('aria-label'))"
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
FRAMES = """[document.querySelectorAll(".frames li").length,
  document.querySelector(".frames").getAttribute("aria-label")]"""
DEEP = """[...document.querySelectorAll("#stacks .stackLink")]
  .find((each) => each.textContent.includes("15,001")).click()"""
STEPS: list[dict[str, Any]] = [
    {"evaluate": COUNT},
    {"axe": True},
    {"evaluate": WIDER},
    {"type": ["#search", "lacks mid"]},
    {"evaluate": SHOWN},
    {"evaluate": COUNT},
    {"clear": "#search"},
    {"click": "[data-status='asyncify-only']"},
    {"evaluate": SHOWN},
    {"click": "[data-status='']"},
    {"type": ["#search", "net/sort"]},
    {"focus": "#table tbody button"},
    {"press": "Enter"},
    {"evaluate": TITLE},
    {"axe": True},
    {"click": "#dialog .stackLink"},
    {"evaluate": TITLE},
    {"evaluate": FRAMES},
    {"axe": True},
    {"press": "Escape"},
    {"evaluate": TITLE},
    {"evaluate": NODES},
    {"click": "#static"},
    {"evaluate": NODES},
    {"focus": "#icicle g"},
    {"press": "ArrowDown"},
    {"press": "Enter"},
    {"evaluate": "document.getElementById('crumbs').textContent"},
    {"type": ["#find", "leaf"]},
    {"evaluate": "document.querySelectorAll('#icicle .hit').length"},
    {"axe": True},
    {"click": "#theme"},
    {"evaluate": "document.documentElement.dataset.theme"},
    {"axe": True},
]
WAYS = [(dark, width) for dark in (False, True) for width in (1280, 390)]


def browse(chromium: str, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    packages = npm_packages(node_shim_dir() / "browsers")
    axe = npm_packages(HERE) / "node_modules" / "axe-core" / "axe.min.js"
    given = {"packages": str(packages), "axe": str(axe), "browser": chromium, "tasks": tasks}
    argv = [str(wheel_node()), str(HERE / "page.mjs"), json.dumps(given)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def looked(chromium: str, everything: Path) -> dict[tuple[bool, int], dict[str, Any]]:
    """What was seen, light and dark, wide and narrow."""
    page = str(everything / "report.html")
    tasks = [{"file": page, "dark": dark, "width": width, "steps": STEPS} for dark, width in WAYS]
    return dict(zip(WAYS, browse(chromium, tasks), strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_it_can_be_used_in_every_light_and_width(
    looked: dict[tuple[bool, int], dict[str, Any]], way: tuple[bool, int]
) -> None:
    assert looked[way]["trouble"] == []
    seen = iter(looked[way]["seen"])
    assert next(seen) == "206 cases"
    assert next(seen) == [], "accessibility of the page"
    assert next(seen) is False, "the page is wider than its window"
    assert next(seen) == ["net/sort"]
    assert next(seen) == "1 of 206 cases"
    assert next(seen) == ["net/glue"]
    assert next(seen) == "net/sort"
    assert next(seen) == [], "accessibility of a case"
    assert next(seen) == "main → env.wait"
    assert next(seen) == [3, "Stack of 3 frames"]
    assert next(seen) == [], "accessibility of a stack"
    assert next(seen) is False, "Escape closes"
    drawn = next(seen)
    assert "mid: missing from the list, on 1 stack" in drawn
    assert "leaf: instrumented, on 1 stack" in drawn
    assert not any(each.startswith("unseen") for each in drawn)
    drawn = next(seen)
    assert "lonely: instrumented, never seen at a wait" in drawn
    assert next(seen).count(chr(0x203A)) == 1, "one step into the picture"
    assert next(seen) >= 1
    assert next(seen) == [], "accessibility of the picture"
    assert next(seen) == ("light" if way[0] else "dark")
    assert next(seen) == [], "accessibility of the other theme"


def test_names_are_shown_as_text_and_what_cannot_be_seen_is(chromium: str, everything: Path) -> None:
    steps = [
        {"type": ["#search", "alert"]},
        {"evaluate": SHOWN},
        {"evaluate": "document.querySelector('h1').textContent"},
        {"evaluate": "document.scripts.length"},
    ]
    (found,) = browse(chromium, [{"file": str(everything / "report.html"), "width": 1280, "steps": steps}])
    meant = NASTY.replace("\u202e", "\\u{202e}").replace("\x07", "\\u{7}")
    assert found["trouble"] == []
    assert found["seen"][0] == [meant]
    assert "\\u{202e}gnp" in found["seen"][1]
    assert found["seen"][2] == 2


def test_a_stack_of_15_000_frames_is_opened_and_read_to_its_end(chromium: str, everything: Path) -> None:
    at = "document.querySelector('.frames')"
    last = f"""(() => {{
      const box = {at};
      box.scrollTop = box.scrollHeight;
      box.draw();
      return box.querySelector("li:last-child").textContent;
    }})()"""
    steps = [
        {"evaluate": DEEP},
        {"evaluate": FRAMES},
        {"evaluate": last},
    ]
    (found,) = browse(chromium, [{"file": str(everything / "report.html"), "width": 1280, "steps": steps}])
    drawn, label = found["seen"][1]
    assert label == "Stack of 15001 frames"
    assert drawn < 100
    assert found["seen"][2].startswith("15000again")


def test_the_reports_that_the_docs_link_to_can_be_used_by_anyone(chromium: str) -> None:
    pages = [str(ROOT / "docs" / "reports" / f"{name}.html") for name in ("lua", "php", "sqlite")]
    steps: list[dict[str, Any]] = [{"axe": True}, {"evaluate": WIDER}]
    tasks = [
        {"file": page, "dark": dark, "width": 390 if dark else 1280}
        for page in pages
        for dark in (False, True)
    ]
    for found in browse(chromium, [{**each, "steps": steps} for each in tasks]):
        assert found == {"trouble": [], "seen": [[], False]}
