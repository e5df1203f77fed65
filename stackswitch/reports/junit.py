"""Results as JUnit XML: a test per case and backend."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from itertools import groupby

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from stackswitch.models.result import CaseResult, SuiteResult

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow (https://www.w3.org/TR/xml/#charsets)."""


def junit_xml(result: SuiteResult) -> bytes:
    """Format results, a test suite per backend and engine, times in seconds."""
    report = JUnitXml(name="stackswitch")
    for name, results in groupby(sorted(result.results, key=_suite_name), key=_suite_name):
        report.add_testsuite(_test_suite(name, results))
    report.update_statistics()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    report.write(out, pretty=True)
    return out.getvalue()


def _suite_name(each: CaseResult) -> str:
    build = f" ({each.build} build)" if each.build else ""
    return f"{each.backend}{build} on {each.engine} {each.engine_version}"


def _test_suite(name: str, results: Iterable[CaseResult]) -> TestSuite:
    suite = TestSuite(name)
    for each in results:
        test = TestCase(name=each.case_id, classname=each.backend, time=each.duration_ms / 1000)
        message = _clean(f"{each.outcome}: {each.detail}" if each.detail else each.outcome)
        names = [f"{which}: {name}" for which, missing in each.missing.items() for name in missing]
        if each.as_expected and each.outcome == "unsupported":
            test.result = [Skipped(message)]
        elif not each.as_expected:
            fault = (Error if each.outcome in ("error", "crashed") else Failure)(message, each.outcome)
            fault.text = _clean("\n".join([each.detail, *names]))
            test.result = [fault]
        suite.add_testcase(test)
    return suite


def _clean(text: str) -> str:
    """Show characters that XML cannot hold as their escapes."""
    return _NOT_XML.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
