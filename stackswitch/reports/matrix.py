"""A matrix of jobs, as CI systems and people take it."""

from __future__ import annotations

import json
from collections.abc import Callable

from stackswitch.models.matrix import Matrix

GITLAB_IMAGE = "python:3.12"
"""Any image with Python 3.10 or later and glibc; the engines are fetched."""


def github(matrix: Matrix) -> str:
    """One line of JSON for ``strategy.matrix: ${{ fromJSON(…) }}``: the jobs as ``include``."""
    include = [
        {
            **job.model_dump(mode="json"),
            "flags": " ".join(job.flags),
            "features": " ".join(job.features),
            "lacks": " ".join(job.lacks),
        }
        for job in matrix.jobs
    ]
    return json.dumps({"include": include}) + "\n"


def gitlab(matrix: Matrix) -> str:
    """The YAML of a child pipeline (JSON, which is YAML): a job each."""
    jobs = {
        job.name: {
            "image": GITLAB_IMAGE,
            "script": ["pip install stackswitch", job.run],
            "artifacts": {"when": "always", "paths": [job.results]},
        }
        for job in matrix.jobs
    }
    return json.dumps(jobs, indent=2) + "\n"


def markdown(matrix: Matrix) -> str:
    """A table of the jobs, what was left out and why, and who can use JSPI."""
    lines = ["| job | engine | build | flags | command |", "|---|---|---|---|---|"]
    lines += [
        f"| {job.name} | {job.engine} | {job.build} | {' '.join(job.flags)} | `{job.run}` |"
        for job in matrix.jobs
    ]
    short: dict[str, tuple[str, ...]] = {f"{job.backend} on {job.engine}": job.lacks for job in matrix.jobs}
    if any(short.values()):
        lines += ["", "Cases that need these are not run there:", ""]
        lines += [f"- {where}: {', '.join(lacks)}" for where, lacks in short.items() if lacks]
    if matrix.left_out:
        lines += ["", "Left out:", ""]
        lines += [f"- {each.backend} on {each.engine}: {each.reason}" for each in matrix.left_out]
    if matrix.support and matrix.support.summary:
        lines += ["", matrix.support.summary[0].upper() + matrix.support.summary[1:] + "."]
    return "\n".join(lines) + "\n"


def plain_json(matrix: Matrix) -> str:
    """Everything, by the schema."""
    return matrix.model_dump_json(indent=2) + "\n"


FORMATS: dict[str, Callable[[Matrix], str]] = {
    "github": github,
    "gitlab": gitlab,
    "json": plain_json,
    "markdown": markdown,
}
