"""Test results as JUnit XML, which CI systems show."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from relevo_workflow import Diagnostic
from relevo_workflow.testing import SuiteResult


def junit(suites: Sequence[SuiteResult], seconds: Sequence[float]) -> str:
    """One document: a test suite a workflow, a test case a test, and one for what is wrong with the suite itself."""
    root = ET.Element("testsuites", name="relevo", time=f"{sum(seconds):.3f}")
    for suite, took in zip(suites, seconds, strict=True):
        root.append(_suite(suite, took))
    for total in ("tests", "failures", "errors"):
        root.set(total, str(sum(int(one.get(total, "0")) for one in root)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(suite: SuiteResult, seconds: float) -> ET.Element:
    failed = sum(not one.passed for one in suite.results)
    element = ET.Element("testsuite", name=suite.workflow, time=f"{seconds:.3f}")
    element.set("tests", str(len(suite.results) + bool(suite.problems)))
    element.set("failures", str(failed))
    element.set("errors", str(int(bool(suite.problems))))
    if suite.problems:
        case = ET.SubElement(element, "testcase", classname=suite.workflow, name="the suite can be read")
        _problems(case, "error", suite.problems)
    for one in suite.results:
        where = {"file": one.position.file, "line": str(one.position.line)}
        case = ET.SubElement(element, "testcase", classname=suite.workflow, name=_clean(one.name), attrib=where)
        if not one.passed:
            _problems(case, "failure", one.failures)
    return element


def _problems(case: ET.Element, kind: str, found: Sequence[Diagnostic]) -> None:
    element = ET.SubElement(case, kind, message=_clean(found[0].message), type="difference")
    element.text = _clean("\n".join(str(one) for one in found))


def _clean(text: str) -> str:
    """Without the control characters that XML 1.0 has no way to write."""
    return "".join(char if char >= " " or char in "\t\n\r" else "\N{REPLACEMENT CHARACTER}" for char in text)
