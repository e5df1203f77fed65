"""What the tests of the npm package share: both transforms, and the package as it is installed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.analysis.boundaries import Boundaries
from stackswitch.errors import ModuleRefusedError, StackswitchError
from stackswitch.tools.downloads import npm_packages
from stackswitch.tools.paths import node_shim_dir, npm_argv, wheel_node
from stackswitch.transform.reentrant import ReentrantRequest, ReentrantResult, make_reentrant
from stackswitch.wasm.module import parse_module

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "npm" / "jspi"
PROGRAMS = Path(__file__).parent / "programs"
KINDS = ROOT / "tests" / "integration" / "reentrant" / "programs" / "kinds.wat"
Answer = dict[str, Any]
Compare = Callable[..., Answer]
_EXACT = {
    "suspend": "suspend",
    "promise": "promise",
    "promise_table": "promiseTable",
    "region_bytes": "region",
    "malloc": "malloc",
    "main_module": "mainModule",
    "invokes": "invokes",
    "invoke_names": "importNames",
    "new_exceptions": "newExceptions",
    "for_host": "forHost",
    "debug_info": "debugInfo",
    "side_of": "sideOf",
}
"""What a request of Python's is called in JavaScript."""
_RESULT = {
    "suspend": "suspending",
    "promise": "promising",
    "promiseTable": "table_functions",
    "restoring": "restoring",
    "invokes": "invokes",
    "throwing": "throwing",
    "callSites": "call_sites",
    "stackPointer": "stack_pointer",
    "evidence": "evidence",
    "ownStackBytes": "own_stack_bytes",
    "notes": "notes",
}
"""What JavaScript's result has, and what that is called in Python's."""


class Lines:
    """A Node that transforms what it is given, line by line."""

    def __init__(self) -> None:
        program = PROGRAMS / "transform-lines.mjs"
        self.child = subprocess.Popen(
            [wheel_node(), program, node_shim_dir().resolve().as_uri()],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, request: dict[str, Any]) -> Answer:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        answer: Answer = json.loads(self.child.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.close()
        self.child.wait(30)
        self.child.stdout.close()


@pytest.fixture(scope="session")
def lines() -> Iterator[Lines]:
    """Node with the package's transform."""
    started = Lines()
    yield started
    started.close()


def answer_of(make: Callable[[], ReentrantResult]) -> Answer:
    """Return what Python makes, or why not, as JavaScript answers."""
    try:
        result = make()
    except StackswitchError as error:
        reason = error.reason if isinstance(error, ModuleRefusedError) else None
        return {"error": type(error).__name__, "reason": reason, "message": str(error)}
    found = json.loads(result.model_dump_json(exclude={"wasm", "source_map", "debug_module"}))
    return {
        "sha256": hashlib.sha256(result.wasm).hexdigest(),
        **{name: found[its] for name, its in _RESULT.items()},
    }


@pytest.fixture(scope="session")
def compare(lines: Lines) -> Compare:
    """Make a module by both, from the same names; check that they are equal, and return what was made."""

    def run(wasm: bytes, **options: Any) -> Answer:
        exact = {_EXACT[name]: value for name, value in options.items() if value is not None}
        exact = {"suspend": [], "promise": [], **exact}
        if "sideOf" in exact:
            exact["sideOf"] = exact["sideOf"].hex()
        expected = answer_of(lambda: make_reentrant(ReentrantRequest(wasm=wasm, **options)))
        assert lines.ask({"hex": wasm.hex(), "exact": exact}) == expected
        return expected

    return run


@pytest.fixture(scope="session")
def compare_files(lines: Lines) -> Compare:
    """The same for a file and options as users give them."""

    def run(
        path: Path,
        *,
        glue: str | None = None,
        suspend: tuple[str, ...] = (),
        promise: tuple[str, ...] = (),
        all_imports: bool = False,
        **request: Any,
    ) -> Answer:
        sources: list[str] = []

        def make() -> ReentrantResult:
            module = parse_module(path.read_bytes())
            main = request.get("side_of")
            found = Boundaries(module, linked=() if main is None else parse_module(main).exported_functions)
            if glue is not None:
                found.add_glue(glue, "the glue")
            found.add_patterns(suspend, promise)
            if all_imports:
                found.add_every_import()
            found.complete()
            sources.extend(found.sources)
            return make_reentrant(
                ReentrantRequest(
                    wasm=module.data,
                    suspend=tuple(sorted(found.suspend | found.addresses)),
                    promise=tuple(sorted(found.promise)),
                    invoke_names=found.import_names,
                    **request,
                )
            )

        expected = answer_of(make)
        if "sha256" in expected:
            expected["sources"] = sources
        options = {"suspend": suspend, "promise": promise, "allImports": all_imports}
        options |= {} if glue is None else {"glue": glue}
        options |= {
            _EXACT[name]: value.hex() if isinstance(value, bytes) else value
            for name, value in request.items()
        }
        assert lines.ask({"file": str(path), "options": options}) == expected
        return expected

    return run


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which the package is installed, as npm packs it."""
    folder = tmp_path_factory.mktemp("project")
    types = npm_packages(ROOT / "tests" / "checks" / "javascript") / "node_modules"
    packed = subprocess.run(
        npm_argv("pack", "--json", "--pack-destination", str(folder), str(PACKAGE)),
        check=True, capture_output=True, text=True, cwd=folder, env={**os.environ, "NODE_PATH": str(types)},
    )  # fmt: skip
    (told,) = json.loads(packed.stdout[packed.stdout.index("[") :])
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    subprocess.run(
        npm_argv("install", "--offline", "--no-audit", "--no-fund", f"./{told['filename']}"),
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    for each in PROGRAMS.iterdir():
        shutil.copyfile(each, folder / each.name)
    (folder / "kinds.wasm").write_bytes(wat2wasm(KINDS.read_text("utf-8")))
    return folder
