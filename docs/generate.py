"""Write what is generated, of documentation and shim; ``--check`` says what is stale, and exits with 1."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

import adapter_source
import holdout_table
import jspi_api
import layers
import lua_table
import php_table
import probe_modules
import reentrant_tables
import toolchain_table

from stackswitch.analysis.facts import Analysis
from stackswitch.bench.plot import plot
from stackswitch.bench.tables import tables
from stackswitch.cli.instrument import InstrumentReport
from stackswitch.cli.reentrant import ReentrantReport
from stackswitch.fix.report import FixReport
from stackswitch.lists.formats import table
from stackswitch.models.bench import BenchResult
from stackswitch.models.case import Case
from stackswitch.models.command import CommandCase, SuiteFile
from stackswitch.models.engine import DetectResult
from stackswitch.models.matrix import Matrix
from stackswitch.models.readiness import Report
from stackswitch.models.result import SuiteResult
from stackswitch.models.trace import TRACE_LINE
from stackswitch.observe.rules import RULES as FINDING_RULES
from stackswitch.readiness.rules import RULES
from stackswitch.suite import CONFORMANCE_SUITE
from stackswitch.suite.loader import load_suite
from stackswitch.tools.paths import node_shim_dir
from stackswitch.wasm.report_section import ReportSection

DOCS = Path(__file__).parent


def generated() -> dict[Path, str]:
    """Return what every generated file has to hold."""
    return {
        DOCS / "schema" / "results.schema.json": _schema(SuiteResult.model_json_schema()),
        DOCS / "schema" / "case.schema.json": _schema(Case.model_json_schema()),
        DOCS / "schema" / "command.schema.json": _schema(CommandCase.model_json_schema()),
        DOCS / "schema" / "suite.schema.json": _schema(SuiteFile.model_json_schema()),
        DOCS / "schema" / "trace-line.schema.json": _schema(TRACE_LINE.json_schema(by_alias=True)),
        DOCS / "cases.md": _cases(),
        DOCS / "design.md": _filled(DOCS / "design.md", {"layers": layers.picture(layers.module_graph())}),
        DOCS / "php.md": _filled(
            DOCS / "php.md", {"summary": php_table.summary(), "table": php_table.table()}
        ),
        DOCS / "lists.md": _filled(
            DOCS / "lists.md", {"held-out": holdout_table.tables(), "formats": table.table()}
        ),
        DOCS / "performance.md": _filled(
            DOCS / "performance.md", {"bench": tables(_bench()), "lua": lua_table.table()}
        ),
        DOCS / "reentrant-figures.md": _filled(
            DOCS / "reentrant-figures.md",
            {"stress": reentrant_tables.stress(), "costs": reentrant_tables.costs()},
        ),
        DOCS / "jspi-api.md": _filled(DOCS / "jspi-api.md", {"table": jspi_api.table()}),
        DOCS / "toolchains.md": _filled(DOCS / "toolchains.md", {"table": toolchain_table.table()}),
        DOCS / "suspension.svg": plot(_bench()),
        node_shim_dir() / "detect" / "modules.mjs": probe_modules.modules_source(),
        **adapter_source.adapter_files(),
        DOCS / "schema" / "fix.schema.json": _schema(FixReport.model_json_schema()),
        DOCS / "schema" / "analysis.schema.json": _schema(Analysis.model_json_schema()),
        DOCS / "schema" / "instrument.schema.json": _schema(InstrumentReport.model_json_schema()),
        DOCS / "schema" / "reentrant.schema.json": _schema(ReentrantReport.model_json_schema()),
        DOCS / "schema" / "instrumented-section.schema.json": _schema(ReportSection.model_json_schema()),
        DOCS / "schema" / "bench.schema.json": _schema(BenchResult.model_json_schema()),
        DOCS / "schema" / "detect.schema.json": _schema(DetectResult.model_json_schema()),
        DOCS / "schema" / "matrix.schema.json": _schema(Matrix.model_json_schema()),
        DOCS / "schema" / "report.schema.json": _schema(Report.model_json_schema(mode="serialization")),
        DOCS / "readiness-rules.md": _rules(),
        DOCS / "findings.md": _filled(DOCS / "findings.md", {"rules": _finding_rules()}),
    }


def _schema(schema: dict[str, object]) -> str:
    return (
        json.dumps(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema},
            indent=2,
            ensure_ascii=False,
        )
        + "\n"
    )


def _bench() -> BenchResult:
    """The run that the documentation shows: the file that ``stackswitch bench --json`` wrote."""
    return BenchResult.model_validate_json((DOCS / "data" / "bench.json").read_text("utf-8"))


def _filled(page: Path, parts: dict[str, str]) -> str:
    """The page with what is generated between its marks; the rest is as it was written."""
    text = page.read_text("utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- generated: {name} -->\n", f"\n<!-- end: {name} -->"
        before, rest = text.split(begin)
        text = before + begin + part + end + rest.split(end)[1]
    return text


def _cases() -> str:
    topics: dict[str, list[str]] = defaultdict(list)
    suite = load_suite(CONFORMANCE_SUITE)
    for loaded in suite.cases:
        case = loaded.case
        topic, _, name = case.id.partition("/")
        notes = [f"needs {', '.join(case.needs)}"] if case.needs else []
        notes += [f"{each.backend or each.engine}: {each.reason}" for each in case.differs]
        remark = f" *({' · '.join(notes)})*" if notes else ""
        topics[topic].append(f"- `{name}`: {case.why}{remark}")
    lines = [
        "# The conformance suite",
        "",
        f"{len(suite.cases)} cases; generated from them by `python docs/generate.py`.",
    ]
    for topic, entries in topics.items():
        lines += ["", f"## {topic} ({len(entries)})", "", *entries]
    return "\n".join(lines) + "\n"


_WEIGHTS = {
    "blocks": "not ready",
    "change": "ready with changes",
    "unknown": "not known yet",
    "note": "no effect",
}
_SCOPES = {
    "case": "What the cases did",
    "list": "Lists",
    "module": "The module",
    "engine": "Engines",
    "gain": "The gain",
}


def _rules() -> str:
    lines = [
        "# The rules of readiness",
        "",
        f"{len(RULES)} rules, made from `stackswitch/readiness/rules.toml` by `python docs/generate.py`.",
        "The verdict is the worst that any of them comes to. How to silence one:",
        "[Readiness](readiness.md#silencing-a-rule).",
    ]
    for scope, heading in _SCOPES.items():
        lines += ["", f"## {heading}", ""]
        for rule in RULES.values():
            if rule.scope == scope:
                lines += [
                    f"### {rule.id}",
                    "",
                    f"Verdict: **{_WEIGHTS[rule.weight]}**. {rule.meaning}",
                    "",
                    f"*What to do:* {rule.mend}",
                    "",
                ]
    return "\n".join(lines).rstrip() + "\n"


def _finding_rules() -> str:
    lines = []
    for rule in FINDING_RULES.values():
        lines += [
            f"### {rule.id}",
            "",
            f"{rule.title}. On {' and '.join(rule.backends)}: **{rule.severity}**.",
            "",
            rule.meaning,
            "",
            f"*What to do:* {rule.fix}",
            "",
        ]
    return "\n".join(lines).rstrip()


def main() -> int:
    """Write, or check."""
    stale = [
        path for path, text in generated().items() if not path.exists() or path.read_text("utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(DOCS.parent)} is stale: run python docs/generate.py")
        return 1 if stale else 0
    for path in stale:
        path.write_text(generated()[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
