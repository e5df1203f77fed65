"""Frozen pydantic models, one for each fact that is stored, reported or passed between layers.

``case``, ``command``, ``expect`` and ``host`` are what suites contain. ``result`` and ``trace`` are what a
run returns. The others are the results of commands: ``bench``, ``engine``, ``matrix``, ``readiness``. Nothing
here computes a verdict or formats a report.
"""
