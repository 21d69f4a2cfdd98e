"""mailguard policy test: what a failing test says, JUnit XML, and what `policy check` says of rules without tests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
POLICY = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other.
    when:
      any:
        - visible_external_recipients: {at_least: 10}
        - all: [{calendar: true}, {not: {recipient_domain: partner.example}}]
    action: hold
    rewrite: separate
"""
STOPS = "  - {name: stops, message: {to: {count: 10, domain: x.example}}, expect: {disposition: hold}}\n"
NAMES = "  - {name: names, message: {to: {count: 10, domain: x.example}}, expect: {rules: [visible-list]}}\n"
PASSES = "  - {name: passes, message: {to: a@x.example}, expect: {disposition: relay}}\n"
SPARED = "  - {name: spared, message: {to: a@x.example}, expect: {passes: [visible-list]}}\n"
FAILS = (
    "  - {name: fails, message: {to: {count: 9, domain: x.example}}, expect: {disposition: hold, rewrite: separate}}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    (tmp_path / "policies" / "p.yaml").write_text(POLICY)
    return tmp_path / "policies"


def write_tests(folder: Path, *tests: str) -> Path:
    path = folder / "tests" / "t.yaml"
    path.write_text("tests:\n" + "".join(tests))
    return path


def test_a_failing_test_shows_expected_and_got_and_every_condition_with_the_value_it_saw(
    run: Any, folder: Path
) -> None:
    path = write_tests(folder, PASSES, FAILS)
    ran = run("policy", "test", str(path))
    assert ran.status == 1
    assert ran.out.splitlines() == [
        f"FAILED  {path}:3: fails",
        "        disposition is relay, not hold",
        "        rewrite is none, not separate",
        "        expected  disposition: hold, rewrite: separate",
        "        got       disposition: relay, rewrite: none, delay: none, rules: [], deciding: none",
        "        because   no rule matched",
        "        visible-list (enforce, hold): not matched",
        "          false any",
        "            false visible_external_recipients: {at_least: 10}, found 9",
        "            false all",
        "              false calendar: true, found false",
        "              true  not",
        "                false recipient_domain: [partner.example], found 0",
        "        floor-malformed (enforce, hold): not matched",
        "          defects: []",
        "        floor-uninspectable (enforce, hold): not matched",
        "          uninspectable: 0",
        "2 tests, 1 failed.",
    ]


def test_a_rule_that_has_to_pass_and_matches_fails_the_test(run: Any, folder: Path) -> None:
    path = write_tests(
        folder, SPARED.replace("a@x.example", "{count: 10, domain: x.example}"), SPARED.replace("[", "[x, ")
    )
    ran = run("policy", "test", str(path))
    assert ran.status == 1
    assert 'rule "visible-list" matches, and should not' in ran.out and "found 10" in ran.out
    assert 'rule "x" does not exist' in ran.out
    assert "floor" not in ran.out, "only what was asked about or matched is shown"


def test_results_in_json_have_what_was_expected_and_what_came(run: Any, folder: Path) -> None:
    passed, failed = run("policy", "test", str(write_tests(folder, PASSES, FAILS)), "--json").items()
    assert (passed["failures"], passed["rules"], passed["explain"]) == ([], [], [])
    assert (failed["line"], failed["expected"]) == (3, {"disposition": "hold", "rewrite": "separate"})
    assert failed["got"]["disposition"] == "relay"
    assert failed["explain"][0]["steps"][1]["value"] == 9


@pytest.mark.parametrize(
    ("written", "place", "said"),
    [
        (PASSES.replace("expect:", "expects:"), "2:48", 'unknown key "expects"'),
        (PASSES.replace("disposition", "dispositon"), "2:57", 'unknown key "dispositon"'),
        (PASSES.replace("to: a", "two: a"), "2:30", 'unknown key "two"'),
        (PASSES.replace("relay", "really"), "2:70", '"really" is not one of'),
    ],
)
def test_unknown_keys_are_errors_with_their_place(
    run: Any, folder: Path, tmp_path: Path, written: str, place: str, said: str
) -> None:
    path, report = write_tests(folder, written), tmp_path / "report.xml"
    ran = run("policy", "test", str(path), "--junit", str(report))
    assert ran.status == 2
    assert f"{path}:{place}: {said}" in ran.err
    suites = ElementTree.parse(report).getroot()
    assert int(suites.attrib["errors"]) >= 1, "a broken file never looks like one whose tests all passed"


def test_junit_has_a_suite_a_file_a_case_a_test_and_counts_that_agree(run: Any, folder: Path, tmp_path: Path) -> None:
    path = write_tests(folder, PASSES, FAILS.replace("name: fails", r'name: "<&\" \e \u2028"'))
    report = tmp_path / "report.xml"
    assert run("policy", "test", str(path), "--junit", str(report)).status == 1
    suites = ElementTree.parse(report).getroot()
    assert (suites.tag, [suite.tag for suite in suites]) == ("testsuites", ["testsuite"])
    (suite,) = suites
    for counts in (suites.attrib, suite.attrib):
        assert (counts["tests"], counts["failures"], counts["errors"]) == ("2", "1", "0")
        assert re.fullmatch(r"\d+\.\d{3}", counts["time"])
    passed, failed = suite
    assert set(passed.attrib) == {"classname", "name", "time", "file", "line"} and len(passed) == 0
    assert (failed.attrib["file"], failed.attrib["line"]) == (str(path), "3")
    assert failed.attrib["name"] == '<&" \ufffd \u2028'
    (failure,) = failed
    assert (failure.tag, failure.attrib["type"]) == ("failure", "failure")
    assert failure.attrib["message"] == "disposition is relay, not hold; rewrite is none, not separate"
    assert "visible_external_recipients: {at_least: 10}, found 9" in (failure.text or "")


def test_a_report_that_cannot_be_written_is_wrong_usage(run: Any, folder: Path) -> None:
    assert run("policy", "test", str(write_tests(folder, PASSES)), "--junit", str(folder)).status == 2


@pytest.mark.parametrize(
    ("tests", "lacks"),
    [
        ([], ["stops", "lets"]),
        ([STOPS], ["lets"]),
        ([NAMES], ["lets"]),
        ([PASSES], ["stops"]),
        ([SPARED], ["stops"]),
        ([STOPS, PASSES], []),
        ([NAMES, SPARED], []),
        ([FAILS, PASSES], ["stops"]),
    ],
)
def test_check_warns_of_an_enforced_rule_without_a_test_of_both_kinds(
    run: Any, folder: Path, tests: list[str], lacks: list[str]
) -> None:
    if tests:
        write_tests(folder, *tests)
    ran = run("policy", "check", str(folder))
    said = re.findall(r'warning: (\S+): no test shows that rule "visible-list" (\w+)', ran.out)
    assert said == [(f"{folder / 'p.yaml'}:3:1", each) for each in lacks]
    assert ran.status == 0, "a warning is no error"
    assert run("policy", "check", str(folder), "--strict").status == (1 if lacks else 0)


@pytest.mark.parametrize("mode", ["monitor", "off"])
def test_a_rule_that_stops_nothing_needs_no_test(run: Any, folder: Path, mode: str) -> None:
    (folder / "p.yaml").write_text(POLICY + f"    mode: '{mode}'\n")
    assert "no test shows" not in run("policy", "check", str(folder)).out


def test_check_says_what_is_wrong_in_the_tests_beside_the_policy(run: Any, folder: Path) -> None:
    path = write_tests(
        folder, PASSES.replace("expect", "expects"), "  - {name: x, message: {eml: no.eml}, expect: {}}\n"
    )
    ran = run("policy", "check", str(folder))
    assert ran.status == 0 and f'warning: {path}:2:48: unknown key "expects"' in ran.out
    write_tests(folder, "  - {name: x, message: {eml: no.eml}, expect: {}}\n")
    assert "no.eml" in run("policy", "check", str(folder)).out


def test_annotations_for_github_escape_what_would_end_them(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a,b:100%.yaml"
    path.write_text("version: 1\nrules: [{id: a, describe: '100%', when: {calendar: true}, action: hodl}]\n")
    ran = run("policy", "check", str(path), "--format", "github")
    assert ran.status == 1
    first, *_ = ran.out.splitlines()
    place = f"file={tmp_path}/a%2Cb%3A100%25.yaml,line=2,col=67,title=mailguard policy"
    assert first == (
        f'::error {place}::"hodl" is not one of "relay", "rewrite", "hold" or "reject" (did you mean "hold"?)'
    )
    path.write_text("version: 1\nrules: [{id: a, describe: 'x', when: {calendar: true}, action: hold}]\n")
    warnings = run("policy", "check", str(path), "--format", "github").out.splitlines()[:-1]
    assert len(warnings) == 2 and all(each.startswith("::warning file=") for each in warnings)


def test_the_default_policy_has_a_test_of_both_kinds_for_each_of_its_rules(run: Any, tmp_path: Path) -> None:
    """Also for those that only measure: whoever enforces one finds its tests there."""
    assert run("init", str(tmp_path / "new")).status == 0
    policy = tmp_path / "new" / "policies" / "default.yaml"
    policy.write_text(policy.read_text().replace("mode: monitor", "mode: enforce"))
    results = run("-C", str(tmp_path / "new" / "mailguard.yaml"), "policy", "test", "--json").items()
    named = {key: {id for each in results for id in each["expected"].get(key, ())} for key in ("rules", "passes")}
    ids = set(re.findall(r"^  - id: (\S+)$", policy.read_text(), re.MULTILINE))
    assert len(ids) == 26
    assert ids - named["rules"] == set() and ids - named["passes"] == set()
    assert run("policy", "check", str(ROOT / "policies"), "--strict").status == 0
