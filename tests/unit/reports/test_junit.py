from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from stackswitch.models.result import CaseResult, SuiteResult
from stackswitch.reports.junit import junit_xml


def result(
    case_id: str = "a/b", outcome: str = "returned", good: bool = True, **changes: object
) -> CaseResult:
    return CaseResult.model_validate(
        {
            "case_id": case_id,
            "backend": "jspi",
            "engine": "node",
            "engine_version": "24.19.0",
            "outcome": outcome,
            "as_expected": good,
            "duration_ms": 1500.0,
            **changes,
        }
    )


def parse(*results: CaseResult) -> ET.Element:
    return ET.fromstring(junit_xml(SuiteResult(results=results)))


def test_a_suite_per_backend_and_a_test_per_case() -> None:
    root = parse(result("a"), result("b", backend="asyncify", engine="wasmtime"), result("c"))
    assert [each.get("name") for each in root] == ["asyncify on wasmtime 24.19.0", "jspi on node 24.19.0"]
    assert [each.get("name") for each in root[1]] == ["a", "c"]
    assert root[1].get("tests") == "2"
    assert float(root[1][0].get("time") or 0) == 1.5


def test_each_kind_of_ending() -> None:
    root = parse(
        result("good"),
        result("trap-as-expected", "trapped"),
        result("skip", "unsupported", detail="gc: function 3"),
        result("skip-undeclared", "unsupported", False),
        result("wrong", "wrong", False, detail="expected 1"),
        result("list", "needs-list-fix", False, missing={"ASYNCIFY_ONLY": ("leaf",)}),
        result("dead", "crashed", False),
        result("broken", "error", False),
        result("not-had", "skipped", False, detail="no Node"),
        result("allowed", "skipped", True, detail="no Node"),
    )
    found = {test.get("name"): [child.tag for child in test] for test in root[0]}
    assert found == {
        "good": [],
        "trap-as-expected": [],
        "skip": ["skipped"],
        "skip-undeclared": ["failure"],
        "wrong": ["failure"],
        "list": ["failure"],
        "dead": ["error"],
        "broken": ["error"],
        "not-had": ["error"],
        "allowed": ["skipped"],
    }
    listed = next(test for test in root[0] if test.get("name") == "list")
    assert "ASYNCIFY_ONLY: leaf" in (listed[0].text or "")


@given(st.text(), st.text())
def test_any_text_gives_xml_that_parses(detail: str, name: str) -> None:
    missing = {"ASYNCIFY_ONLY": (name,)}
    root = parse(result(f"a/{name}", outcome="wrong", good=False, detail=detail, missing=missing))
    assert root[0][0][0].tag == "failure"
