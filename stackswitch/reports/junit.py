"""Formats results as JUnit XML: a test for each case and backend."""

from __future__ import annotations

import io
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from stackswitch.models.result import CaseResult, SuiteResult

from .escape import xml

_ERRORS = ("error", "crashed", "skipped")
"""Outcomes that are not a verdict on the case."""


def junit_xml(result: SuiteResult) -> bytes:
    """Return the file: a test suite for each backend and engine, times in seconds."""
    by_name = groupby(sorted(result.results, key=_suite_name), key=_suite_name)
    return junit_file(_test_suite(name, results) for name, results in by_name)


def junit_file(suites: Iterable[TestSuite]) -> bytes:
    """Return a report of test suites as a file."""
    report = JUnitXml(name="stackswitch")
    for suite in suites:
        report.add_testsuite(suite)
    report.update_statistics()  # type: ignore[no-untyped-call]
    report._elem.attrib.pop("skipped", None)  # which the schema that Jenkins reads by has in suites alone
    out = io.BytesIO()
    ElementTree.indent(
        report._elem
    )  # pretty=True would parse it all again: half of the time of a large report
    report.write(out)
    return out.getvalue()


def _suite_name(each: CaseResult) -> str:
    build = f" ({each.build} build)" if each.build else ""
    return f"{each.backend}{build} on {each.engine} {each.engine_version}".rstrip()


def _test_suite(name: str, results: Iterable[CaseResult]) -> TestSuite:
    tests = []
    for each in results:
        test = TestCase(name=xml(each.case_id), classname=each.backend, time=each.duration_ms / 1000)
        message = xml(f"{each.outcome}: {each.detail}" if each.detail else each.outcome)
        names = [f"{which}: {name}" for which, missing in each.missing.items() for name in missing]
        if each.as_expected and each.outcome in ("unsupported", "skipped"):
            test.result = [Skipped(message)]
        elif not each.as_expected:
            fault = (Error if each.outcome in _ERRORS else Failure)(message, each.outcome)
            fault.text = xml("\n".join([each.detail, *names]))
            test.result = [fault]
        tests.append(test)
    suite = TestSuite(xml(name))
    suite.add_testcases(tests)  # one by one, each would count all before it
    return suite
