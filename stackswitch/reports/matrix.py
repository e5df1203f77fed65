"""Formats a matrix of jobs for CI systems and for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from stackswitch.models.matrix import Matrix

from .escape import json_text, markdown_code
from .escape import markdown as plain

GITLAB_IMAGE = "python:3.12"
"""Any image with Python 3.10 or later and glibc; the engines are downloaded."""


def github(matrix: Matrix) -> str:
    """Return one line of JSON for ``strategy.matrix: ${{ fromJSON(…) }}``: the jobs as ``include``."""
    include = [
        {
            **job.model_dump(mode="json"),
            "flags": " ".join(job.flags),
            "features": " ".join(job.features),
            "lacks": " ".join(job.lacks),
        }
        for job in matrix.jobs
    ]
    return json_text({"include": include}, indent=None)


def gitlab(matrix: Matrix) -> str:
    """Return a child pipeline as YAML (JSON, which is YAML), with each job."""
    jobs = {
        job.name: {
            "image": GITLAB_IMAGE,
            "script": ["pip install stackswitch", job.run],
            "artifacts": {"when": "always", "paths": [job.results]},
        }
        for job in matrix.jobs
    }
    return json_text(jobs)


def markdown(matrix: Matrix) -> str:
    """Return a table of the jobs, what was left out and why, and which users have JSPI."""
    lines = ["| job | engine | build | flags | command |", "|---|---|---|---|---|"]
    lines += [
        f"| {plain(job.name)} | {plain(job.engine)} | {job.build} | {plain(' '.join(job.flags))} "
        f"| {markdown_code(job.run, 2000)} |"
        for job in matrix.jobs
    ]
    short: dict[str, tuple[str, ...]] = {f"{job.backend} on {job.engine}": job.lacks for job in matrix.jobs}
    if any(short.values()):
        lines += ["", "Cases that need these are not run there:", ""]
        lines += [f"- {plain(where)}: {plain(', '.join(lacks))}" for where, lacks in short.items() if lacks]
    if matrix.left_out:
        lines += ["", "Left out:", ""]
        lines += [
            f"- {plain(f'{each.backend} on {each.engine}: {each.reason}', 1000)}" for each in matrix.left_out
        ]
    if matrix.support and matrix.support.summary:
        lines += ["", plain(matrix.support.summary[0].upper() + matrix.support.summary[1:], 1000) + "."]
    return "\n".join(lines) + "\n"


FormatName = Literal["github", "gitlab", "json", "markdown"]
FORMATS: dict[FormatName, Callable[[Matrix], str]] = {
    "github": github,
    "gitlab": gitlab,
    "json": json_text,
    "markdown": markdown,
}
