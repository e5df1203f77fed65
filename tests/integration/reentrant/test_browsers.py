"""Calls that overlap, in Chromium and Firefox."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir
from tests.requirements import missing

from .conftest import LISTS, Node, Transform, check_results

BROWSERS = {"chromium": ("chrome", "chromium"), "firefox": ("firefox", "firefox-esr")}


@pytest.mark.browser
@pytest.mark.parametrize("name", BROWSERS)
def test_calls_of_all_kinds_overlap(kinds: Path, transform: Transform, node: Node, name: str) -> None:
    kind, program = BROWSERS[name]
    path = shutil.which(program) or shutil.which(name)
    if path is None:
        missing(name, f"no {name} here")
    shim = node_shim_dir()
    launcher = shim / "detect" / "launch.mjs"
    build = transform(kinds, *LISTS)
    # Browsers need HOME and PATH.
    environment = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    check_results(
        node("run-kinds.mjs", build, kind, path, npm_packages(shim / "browsers"), launcher, **environment)
    )
