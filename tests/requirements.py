"""What a test needs that may not be here: a browser, a package registry, a compiler."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, message: str) -> NoReturn:
    """Skip the test, or fail it where ``$STACKSWITCH_TESTS_REQUIRE`` (words and commas) has ``what``."""
    required = os.environ.get("STACKSWITCH_TESTS_REQUIRE", "").split(",")
    if what in required:
        pytest.fail(message)
    pytest.skip(message)
