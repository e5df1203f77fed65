"""Suites: reading them, running them on backends, judging what was seen."""

from __future__ import annotations

from pathlib import Path

CONFORMANCE_SUITE = Path(__file__).parent / "cases"
"""The suite that comes along."""
