"""The conformance suite, a test per case and backend, from one body."""

from __future__ import annotations

from typing import Any

import pytest

from stackswitch.backends.base import Backend, LoadedCase
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from stackswitch.suite.runner import run_case

CASES = load_suite(CONFORMANCE_SUITE).cases


@pytest.mark.parametrize("loaded", CASES, ids=lambda loaded: loaded.case.id)
def test_case(loaded: LoadedCase, backend: Backend, run: Any) -> None:
    result = run(run_case(loaded, backend))
    assert result.as_expected, f"{result.outcome}: {result.detail} {result.missing or ''}"
