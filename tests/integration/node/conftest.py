"""Engines and cases for the tests that run real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.backends.base import LoadedCase
from stackswitch.backends.node.cases.jspi import JspiBackend, open_jspi
from stackswitch.backends.registry import BackendOptions
from stackswitch.models.case import Case
from stackswitch.models.result import Observation

Observe = Callable[..., Observation]


def make_case(wat: str, *, others: dict[str, str] | None = None, **fields: Any) -> LoadedCase:
    """A case of a module's text; ``others`` are the texts of earlier instances."""
    texts = {**(others or {}), "main": wat}
    instance = [{"name": name, "source": f"{name}.wat"} for name in others or {}]
    case = Case.model_validate(
        {"id": "test", "why": "a test", "source": "main.wat", "instance": instance, **fields}
    )
    return LoadedCase(case=case, modules={name: bytes(wat2wasm(text)) for name, text in texts.items()})


@pytest.fixture(scope="session")
def jspi(run: Any) -> Iterator[JspiBackend]:
    opened = run(open_jspi(BackendOptions(jobs=2)))
    yield opened
    run(opened.aclose())


@pytest.fixture
def observe(jspi: JspiBackend, run: Any) -> Observe:
    """Run a case of a module's text on JSPI."""

    def observe(wat: str, *, timeout_s: float = 10.0, **fields: Any) -> Observation:
        loaded = make_case(wat, **fields)
        build = run(jspi.prepare(loaded))
        assert build.unsupported is None
        assert build.error is None
        seen: Observation = run(jspi.run(loaded, build, timeout_s=timeout_s))
        return seen

    return observe


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Write an executable script."""

    def write(text: str) -> Path:
        path = tmp_path / "engine"
        path.write_text(text)
        path.chmod(0o755)
        return path

    return write
