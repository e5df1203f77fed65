"""Reads the files that ``stackswitch report`` takes: results, modules, traces, earlier reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from stackswitch.analysis.trace_lines import TraceFile, read_trace
from stackswitch.errors import ConfigError
from stackswitch.models.readiness import Report, Source
from stackswitch.models.result import SuiteResult
from stackswitch.readiness.material import Material
from stackswitch.readiness.merging import merged, missing_shards
from stackswitch.readiness.verdict import judge
from stackswitch.reports.text import counted
from stackswitch.tools.parsing import json_value

from .inputs import read_input, read_model, read_results

_MAGIC = b"\0asm"
_BACKENDS = ("asyncify", "jspi", "fiber")


@dataclass
class GivenFiles:
    """The files of the command line: results and modules."""

    results: list[SuiteResult] = field(default_factory=list)
    modules: list[Path] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)


def shown_name(path: Path) -> str:
    """Return a file's name without the folders of this machine, for the report."""
    return path.name if path.is_absolute() else path.as_posix()


def read_files(paths: Iterable[Path]) -> GivenFiles:
    """Distinguish results from modules by content; a folder stands for all results (``*.json``) in it.

    :raises ConfigError: a file cannot be read, or is neither
    """
    given = GivenFiles()
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.json"))
            if not inside:
                raise ConfigError(f"{path}: there are no results (*.json) in this folder")
            for each in inside:
                _results(given, each)
        elif _is_module(path):
            given.modules.append(path)
        else:
            _results(given, path)
    return given


def _is_module(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == _MAGIC
    except OSError:
        return False  # the next to read it says why


def _results(given: GivenFiles, path: Path) -> None:
    result = read_results(path)
    given.results.append(result)
    where = sorted({f"{each.backend} on {each.engine} {each.engine_version}" for each in result.results})
    text = f"{counted(len(result.results), 'result')}: {', '.join(where)}" if where else "no result"
    given.sources.append(Source(name=shown_name(path), kind="results", text=text))


def read_traces(paths: Iterable[Path]) -> tuple[list[tuple[str, TraceFile]], list[Source]]:
    """Read traces; a folder, as ``test --traces`` writes it, holds one a case.

    :returns: each with its case, ``""`` for none
    :raises ConfigError: one is none
    """
    found: list[tuple[str, TraceFile]] = []
    sources = []
    for path in paths:
        files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
        count = 0
        for file in files:
            case = _case_of(file.relative_to(path)) if path.is_dir() else ""
            trace = read_trace(read_input(file, "trace"), shown_name(file))
            found.append((case, trace))
            count += len(trace.suspensions)
        text = f"{counted(count, 'stack')} in {counted(len(files), 'file')}"
        sources.append(Source(name=shown_name(path), kind="trace", text=text))
    return found, sources


def _case_of(file: Path) -> str:
    parts = file.with_suffix("").parts
    return "/".join(parts[1:] if len(parts) > 1 and parts[0] in _BACKENDS else parts)


def read_earlier(path: Path) -> Report:
    """Read an earlier report, or results, of which one is made.

    :raises ConfigError: it is neither
    """
    try:
        keys = json_value(read_input(path, "report")).keys()
    except (ValueError, AttributeError):
        keys = {}.keys()
    if "results" in keys:
        file = read_results(path)
        results, flaky, others = merged([file])
        return judge(
            Material(
                str(path),
                results=results,
                flaky=flaky,
                missing_shards=missing_shards([file]),
                other_modules=others,
            )
        )
    return read_model(path, Report, "stackswitch report --json")
