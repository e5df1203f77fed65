"""Suites: ``loader`` reads them, ``runner`` runs them on backends, ``expectations`` judges the observations.

The conformance suite itself is in ``cases/``. How a case runs is not here: see ``backends``.
"""

from __future__ import annotations

from pathlib import Path

CONFORMANCE_SUITE = Path(__file__).parent / "cases"
"""The suite that is part of the package."""
