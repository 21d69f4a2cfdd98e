"""Results of policy tests as JUnit XML: a testsuite for each file, a testcase for each test.

Elements and attributes are those of pytest's `junit_family=xunit1`, `file` and `line` of a testcase among them,
which GitLab shows and annotations of GitHub are made of. It must not know how tests are run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write (section 2.2, Char)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test. failure: its first line, with `detail` below; error: of a file that cannot be read, so was not run."""

    name: str
    line: int
    seconds: float
    failure: str | None = None
    detail: str = ""
    error: str | None = None


def junit(suites: Mapping[str, Sequence[Case]]) -> bytes:
    """The document, UTF-8. suites: file -> its tests."""
    every = [case for cases in suites.values() for case in cases]
    root = ElementTree.Element("testsuites", {"name": "mailguard policy test", **_counts(every)})
    for file, cases in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", {"name": _text(file), "skipped": "0", **_counts(cases)})
        for case in cases:
            _add(suite, file, case)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add(suite: ElementTree.Element, file: str, case: Case) -> None:
    attributes = {"classname": _text(file), "name": _text(case.name), "time": f"{case.seconds:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", {**attributes, "file": _text(file), "line": str(case.line)})
    for tag, message in (("failure", case.failure), ("error", case.error)):
        if message is not None:
            found = ElementTree.SubElement(element, tag, {"type": tag, "message": _text(message)})
            found.text = _text(case.detail)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failures = sum(case.failure is not None for case in cases)
    errors = sum(case.error is not None for case in cases)
    seconds = sum(case.seconds for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors), "time": f"{seconds:.3f}"}


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
