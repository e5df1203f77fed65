"""The report's other forms, held to what reads them; and what it is given: read, or refused with a way
out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import jsonschema
import pytest
import xmlschema

from .conftest import ROOT, Report, result

PYTEST_PIN = "pytest==9.0.2 --hash=sha256:75186651a92bd89611d1d9fc20f0b4345fd827c41ccd5c299a868a05d70edf11"
"""Its source distribution holds junit-10.xsd, the schema of Jenkins' xUnit plugin."""


def test_json_is_valid_by_the_published_schema(everything: Path) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "report.schema.json").read_text("utf-8"))
    report = json.loads((everything / "report.json").read_text("utf-8"))
    jsonschema.validate(report, schema)
    assert report["level"] == "not-ready"
    assert {each["status"] for each in report["cases"]} >= {
        "both",
        "needs-list",
        "asyncify-only",
        "jspi-only",
    }
    silenced = [each["silenced"] for each in report["findings"] if each["rule"] == "fails-on-both"]
    assert silenced == ["<b>known</b>"]
    assert "Silenced by the project: &lt;b&gt;known&lt;/b&gt;" in (everything / "report.html").read_text(
        "utf-8"
    )
    assert "silenced: &lt;b&gt;known&lt;/b&gt;" in (everything / "report.md").read_text("utf-8")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**report, "level": "perhaps"}, schema)


@pytest.mark.network
def test_junit_is_valid_by_the_schema_that_jenkins_reads_by(everything: Path, tmp_path: Path) -> None:
    (tmp_path / "pin.txt").write_text(PYTEST_PIN)
    command = "pip download -q --no-deps --no-binary :all: --require-hashes -r pin.txt"
    subprocess.run([sys.executable, "-m", *command.split()], cwd=tmp_path, check=True, timeout=300)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        member = next(each for each in packed.getmembers() if each.name.endswith("/junit-10.xsd"))
        text = packed.extractfile(member)
        assert text is not None
        (tmp_path / "junit-10.xsd").write_bytes(text.read())
    schema = xmlschema.XMLSchema(tmp_path / "junit-10.xsd")
    schema.validate(everything / "report.xml")
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate((everything / "report.xml").read_text("utf-8").replace("classname=", "class=", 1))


def test_markdown_is_no_longer_than_a_comment_and_holds_no_markup_of_others(everything: Path) -> None:
    text = (everything / "report.md").read_text("utf-8")
    assert len(text) <= 65_536
    assert "<script" not in text
    assert "\u202e" not in text
    assert text.count("<details>") == text.count("</details>")
    assert text.count("\n   ```") % 2 == 0


def test_annotations_are_one_line_each_with_their_file(everything: Path, report: Report) -> None:
    done = report(everything, "results.json", "app.wasm", "--list", "only.txt", "--annotations")
    lines = done.stdout.splitlines()
    assert lines
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert any(line.startswith("::error file=only.txt,line=1,title=stackswitch%3A ") for line in lines)
    assert not any("fails-on-both" in line for line in lines)


def test_a_module_alone_says_what_its_bytes_say_and_what_to_run(
    tmp_path: Path, report: Report, everything: Path
) -> None:
    done = report(tmp_path, str(everything / "app.wasm"), "--html", "r.html", "--json", "r.json")
    assert "stackswitch test --json" in done.stdout
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert found["level"] == "not-ready", "invoke_ii is in the way whatever is run"
    assert found["picture"]["nodes"]
    assert found["module"]["shadow_stack"] == "hidden"


def test_shards_engines_and_days_go_into_one(tmp_path: Path, report: Report) -> None:
    for name, lines in {
        "one": [result("a", "jspi"), result("b", "jspi")],
        "two": [result("a", "asyncify"), result("b", "jspi", "hung")],
        "three": [result("a", "jspi", engine="deno", module="sha256:" + "1" * 64)],
        "four": [result("a", "jspi", engine="bun", module="sha256:" + "2" * 64)],
        "five": [result("c", "jspi", module="sha256:" + "2" * 64)],
    }.items():
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{name}.json").write_text(json.dumps({"schema_version": 1, "results": lines}))
    report(tmp_path, "in", "--json", "r.json")
    found = json.loads((tmp_path / "r.json").read_text("utf-8"))
    statuses = {each["case_id"]: each["status"] for each in found["cases"]}
    assert statuses == {"a": "both", "a @22222222": "one-backend", "b": "flaky", "c": "one-backend"}
    assert {each["rule"] for each in found["findings"]} >= {"flaky", "several-modules"}


def test_what_changed_is_told_and_getting_worse_can_fail(tmp_path: Path, report: Report) -> None:
    for name, outcome in (("old", "returned"), ("new", "hung")):
        lines = [result("a", "asyncify"), result("a", "jspi", outcome)]
        (tmp_path / f"{name}.json").write_text(json.dumps({"schema_version": 1, "results": lines}))
    report(tmp_path, "old.json", "--json", "r1.json", "--fail-on", "not-ready")
    report(tmp_path, "new.json", "--compare", "r1.json", "--json", "r2.json", "--fail-on", "worse", status=1)
    report(tmp_path, "new.json", "--fail-on", "not-ready", status=1)
    report(tmp_path, "new.json", "--fail-on", "unexpected", status=1)
    second = json.loads((tmp_path / "r2.json").read_text("utf-8"))
    assert {each["subject"]: each["better"] for each in second["changes"]}["a"] is False
    assert len(second["history"]) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"schema_version": 0, "results": []}', "run `stackswitch test --json` again"),
        ('{"schema_version": 9, "results": []}', "or a newer one"),
        ('{"schema_version": 1, "results": [{"case_id": "a", ', "it ends too early"),
        ("", "no JSON"),
        ("[]", "not what `stackswitch test --json` writes"),
        ('{"schema_version": 1, "results": [{"case_id": 3}]}', "results: 0: "),
        ("\x7fELF", "no JSON"),
    ],
)
def test_what_is_no_result_is_refused_and_nothing_written(
    tmp_path: Path, report: Report, content: str, told: str
) -> None:
    (tmp_path / "r.json").write_text(content)
    (tmp_path / "old.html").write_text("before")
    done = report(tmp_path, "r.json", "--html", "old.html", status=4)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "old.html").read_text() == "before"


def test_results_of_an_older_stackswitch_without_newer_fields_are_read(
    tmp_path: Path, report: Report
) -> None:
    lines = [{key: value for key, value in result("a", "jspi").items() if key != "duration_ms"}]
    (tmp_path / "r.json").write_text(json.dumps({"schema_version": 1, "results": lines}))
    report(tmp_path, "r.json", "--html", "r.html")


def test_a_suite_with_no_case(tmp_path: Path, report: Report) -> None:
    (tmp_path / "r.json").write_text('{"schema_version": 1, "results": []}')
    done = report(tmp_path, "r.json", "--html", "r.html", "--markdown", "-", "--junit", "r.xml", status=4)
    assert "contain no case" in done.stderr
    assert not (tmp_path / "r.html").exists()


def test_a_shard_alone_is_no_verdict_on_the_suite(tmp_path: Path, report: Report) -> None:
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "m.wat").write_text('(module (func (export "main")))')
    for name in ("one", "two"):
        (suite / f"{name}.toml").write_text('why = "w"\nsource = "m.wat"\nexport = "main"\n')
    for index in (1, 2, 3):
        run = [sys.executable, "-m", "stackswitch", "test", "suite", "--shard", f"{index}/3"]
        subprocess.run([*run, "--json", f"{index}.json"], cwd=tmp_path, check=True, capture_output=True)
    done = report(tmp_path, "1.json", "3.json", "--fail-on", "unknown", status=1)
    assert "not known yet" in done.stdout
    assert "asyncify on wasmtime" in done.stdout
    assert "1 of 2 cases, from 1/3" in done.stdout
    assert "not known yet" not in report(tmp_path, "1.json", "2.json").stdout


@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        ((), 2, "give it results, a module, or a trace"),
        (("no.json",), 4, "cannot be read"),
        (("empty",), 4, "there are no results"),
        (("a.wasm", "--fail-on", "rain"), 2, "not one of 'not-ready'"),
        (("a.wasm", "--detect", "a.wasm"), 4, "stackswitch detect --json"),
        (("a.wasm", "--html", "-", "--json", "-"), 4, "standard output"),
        (("a.wasm", "--html", "nowhere/r.html"), 12, "no folder"),
    ],
)
def test_usage(tmp_path: Path, report: Report, args: tuple[str, ...], status: int, told: str) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("a.wasm", "b.wasm"):
        (tmp_path / name).write_bytes(b"\0asm\1\0\0\0")
    done = report(tmp_path, *args, status=status)
    assert told in " ".join(done.stderr.replace("│", " ").split())


def test_a_rule_is_silenced_only_by_its_name_and_with_a_reason(tmp_path: Path, report: Report) -> None:
    (tmp_path / "a.wasm").write_bytes(b"\0asm\1\0\0\0")
    (tmp_path / "stackswitch.toml").write_text('[report.silence]\nnot-rnu = "typo"\n')
    assert "no rule 'not-rnu'" in report(tmp_path, "a.wasm", status=4).stderr


@pytest.mark.slow
def test_five_thousand_cases_stay_below_two_megabytes(tmp_path: Path, report: Report) -> None:
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        from report import write  # type: ignore[import-not-found]
    finally:
        sys.path.pop(0)
    write(tmp_path, 5000, 6)
    report(tmp_path, "results.json", "--traces", "traces", "--html", "r.html", "--markdown", "r.md")
    assert (tmp_path / "r.html").stat().st_size < 2_000_000
    assert len((tmp_path / "r.md").read_text("utf-8")) <= 65_536
