"""PHP 8.3 as npm ships it: the names that its Asyncify build lacks, seen before it crashes."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from stackswitch.engines.locate import Engine
from stackswitch.errors import DownloadError
from stackswitch.tools.downloads import npm_package

from .conftest import Trace

VERSION = "3.1.56"
RUNNER = Path(__file__).parent / "php" / "run.mjs"
USORT = """<?php $a = [3, 1, 2];
usort($a, function ($x, $y) { file_get_contents("URL/$x"); return $x <=> $y; });
echo implode(",", $a);"""
MAPPED = """<?php echo implode(",", array_map(fn ($x) => file_get_contents("URL/$x"), [1, 2]));"""

pytestmark = pytest.mark.php


@pytest.fixture(scope="module")
def modules() -> Path:
    """``node_modules`` with PHP in it."""
    try:
        return npm_package("@php-wasm/node", VERSION).parents[1]
    except DownloadError as error:
        pytest.skip(f"npm: {error}")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server on loopback that answers each request with its path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.path)))
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def written(folder: Path, code: str, url: str) -> str:
    (folder / "program.php").write_text(code.replace("URL", url))
    return "program.php"


def hidden(folder: Path) -> Path:
    """A preload without which the glue would take the jspi build."""
    (folder / "hide.cjs").write_text("delete WebAssembly.Suspending;")
    return folder / "hide.cjs"


def test_the_names_of_a_crash(tmp_path: Path, modules: Path, url: str, node: Engine, trace: Trace) -> None:
    file = written(tmp_path, USORT, url)
    asyncify = trace(node.path, "--require", hidden(tmp_path), RUNNER, modules, file)
    assert asyncify.status == 1
    assert asyncify.missing == {
        "php_array_user_compare",
        "php_array_user_compare_unstable",
        "php_usort",
        "zend_array_sort_ex",
        "zend_hash_sort_internal",
        "zif_usort",
    }
    assert any("not instrumented" in each.explanation for each in asyncify.traps)

    jspi = trace(node.path, *node.flags, RUNNER, modules, file)
    assert (jspi.status, jspi.stdout, jspi.missing) == (0, "1,2,3\n", set())
    assert {each.backend for each in jspi.suspensions} == {"jspi"}
    # A person can check: what the one build lacks stands on the other's stacks.
    on_stack = {name for each in jspi.suspensions for _, _, name in each.frames}
    assert asyncify.missing <= on_stack


def test_what_works_lacks_nothing(
    tmp_path: Path, modules: Path, url: str, node: Engine, trace: Trace
) -> None:
    file = written(tmp_path, MAPPED, url)
    seen = trace(node.path, "--require", hidden(tmp_path), RUNNER, modules, file)
    assert (seen.status, seen.stdout) == (0, "/1,/2\n")
    assert {each.import_ for each in seen.suspensions} == {"env.wasm_poll_socket"}
    assert all(any("invoke_" in each for each in stack.js_frames) for stack in seen.suspensions)
    assert seen.missing == set()
