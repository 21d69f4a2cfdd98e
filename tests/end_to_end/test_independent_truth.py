"""What mailguard says of files that hide people and files that do not, made by somebody who has not read the readers.

tests/fixtures/independent/truth.yaml says what each file holds. Each goes once through the sandboxed inspection and the
default policy, as an attachment of a message. What is known to come out otherwise has `open: reason` there, and is
printed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from functools import cache
from typing import Any

import pytest
import yaml

from mailguard.cli.policy_judging import assumed_organisation
from mailguard.core.mail.parse import parse
from mailguard.core.observation import inspected, observe
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Mode
from mailguard.core.policy.trial import assumed_envelope
from mailguard.core.verdict import Finding, Inspection, Verdict
from mailguard.inspection.settings import InspectionSettings
from mailguard.serve.inspecting import start_inspector
from tests.end_to_end.lookalikes import TELEPHONES, Columns, numbers, words
from tests.end_to_end.service import ROOT

FOLDER = ROOT / "tests" / "fixtures" / "independent"
HIDDEN, FLOOR = "hidden-people", "floor-uninspectable"
ON_FINDINGS = (HIDDEN, "many-people-to-outside", "table-of-people-to-several")
"""Rules of the default policy that hold for what an attachment carries; the last two also for what everybody sees."""
# Formats whose clean files have to pass: those that are read. The others are held unread; add each when it is read.
SHEETS = ("xlsx", "xlsm", "xltx", "xls", "ods", "csv", "tsv")
JUDGED = (*SHEETS, "docx", "odt", "pptx", "odp", "pdf", "html", "rtf", "zip", "tar.gz", "eml")
FLAGGED_AT_MOST = 0.02
AT = datetime(2026, 11, 26, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Held:
    """What came of one file. rules: those that matched. findings: what it holds, if it was read."""

    disposition: str
    rules: tuple[str, ...]
    findings: tuple[Finding, ...]
    unread: tuple[str, ...]

    @property
    def right_for_hiding(self) -> bool:
        return self.disposition == "hold" and bool({*ON_FINDINGS, FLOOR} & set(self.rules))

    @property
    def right_for_clean(self) -> bool:
        """A table of many people in plain sight may be held as such."""
        return not {HIDDEN, FLOOR} & set(self.rules)

    def __str__(self) -> str:
        hidden = ", ".join(f"{each.count} {each.kind}" for each in self.findings if each.hidden)
        return f"{self.disposition} {' '.join(self.rules)} {'; '.join(self.unread)} (hidden: {hidden or 'nothing'})"


def message(octets: bytes, name: str) -> bytes:
    attached = MIMEApplication(octets)
    attached.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    mail = MIMEMultipart(_subparts=[MIMEText("See attached.\n"), attached], boundary="b")
    mail["From"], mail["To"] = "jo@elmroad.example", "anna@council.example"
    mail["Subject"], mail["Date"] = "The figures", "Thu, 26 Nov 2026 09:00:00 +0000"
    return mail.as_bytes().replace(b"\n", b"\r\n")


async def _judged(files: Iterable[tuple[str, bytes]]) -> dict[str, Held]:
    """By name: the verdict on a message with this file, read by the workers that the service would start."""
    policy = load_policy({"default.yaml": (ROOT / "policies" / "default.yaml").read_bytes()})
    found: dict[str, Held] = {}
    async with AsyncExitStack() as house:
        inspector = start_inspector(InspectionSettings(), house)
        for name, octets in files:
            mail = parse(message(octets, name))
            seen = observe(mail, assumed_envelope(mail, None, None), assumed_organisation(mail, None))
            said = judge(seen, policy, AT)
            inspections: dict[str, Inspection] = {}
            while not isinstance(said, Verdict):
                asked = [part for part in said.inspections if part not in inspections]
                assert asked, "the policy asks twice for the same"
                inspections |= {each.part: each for each in await inspector.inspect(mail, asked)}
                said = judge(inspected(seen, inspections), policy, AT)
            found[name] = _held(said, inspections)
    return found


def _held(said: Verdict, inspections: Mapping[str, Inspection]) -> Held:
    rules = tuple(rule.id for rule in said.rules if rule.matched and rule.mode == Mode.ENFORCE.value)
    unread = tuple(each.uninspectable for each in inspections.values() if each.uninspectable)
    return Held(said.disposition.value, rules, said.findings, unread)


@cache
def truth() -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = yaml.safe_load((FOLDER / "truth.yaml").read_text(encoding="utf-8"))
    return known


def hides(entry: Mapping[str, Any]) -> bool:
    return bool(entry["hides"] != "none")


def ending(entry: Mapping[str, Any]) -> str:
    name = str(entry["file"]).lower()
    return "tar.gz" if name.endswith(".tar.gz") else name.rpartition(".")[2]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Held]]:
    yield asyncio.run(_judged((each["file"], (FOLDER / each["file"]).read_bytes()) for each in truth()))


def test_the_table_names_every_file_and_there_are_enough_of_them() -> None:
    table = truth()
    made = {each.name for each in FOLDER.iterdir() if each.suffix not in (".py", ".yaml") and each.is_file()}
    assert {each["file"] for each in table} == made
    sheets = [each for each in table if ending(each) in SHEETS]
    assert sum(map(hides, sheets)) >= 60 and sum(not hides(each) for each in sheets) >= 60
    assert sum(each["people_hidden"] >= 5 for each in table if hides(each)) == sum(map(hides, table))
    assert sum((FOLDER / name).stat().st_size for name in made) < 3_000_000


def test_hidden_people_are_found_or_the_file_is_held_unread(outcomes: dict[str, Held]) -> None:
    hiding = [each for each in truth() if hides(each)]
    for part, chosen in (("spreadsheets", True), ("other documents", False)):
        files = [each for each in hiding if (ending(each) in SHEETS) is chosen]
        ways = Counter(_way(outcomes[each["file"]]) for each in files)
        print(f"\n{part}: {len(files)} hide people; {dict(ways)}")
    _print_open(hiding, outcomes, lambda held: {HIDDEN, FLOOR} & set(held.rules))
    missed = [each for each in hiding if not outcomes[each["file"]].right_for_hiding and "open" not in each]
    assert not missed, "\n".join(f"{each['file']} ({each['hides']}): {outcomes[each['file']]}" for each in missed)


def test_clean_files_pass(outcomes: dict[str, Held]) -> None:
    clean = [each for each in truth() if not hides(each)]
    judged = [each for each in clean if ending(each) in JUDGED]
    flagged = [each for each in judged if not outcomes[each["file"]].right_for_clean]
    rate = len(flagged) / len(judged)
    print(f"\n{len(judged)} clean files of formats that are read: {len(flagged)} flagged ({rate:.1%})")
    later = Counter(_way(outcomes[each["file"]]) for each in clean if each not in judged)
    print(f"{sum(later.values())} clean files of the other formats, not judged: {dict(later)}")
    _print_open(judged, outcomes, lambda held: held.right_for_clean)
    unexpected = [each for each in flagged if "open" not in each]
    said = "\n".join(f"{each['file']}: {outcomes[each['file']]}" for each in unexpected)
    assert len(unexpected) <= FLAGGED_AT_MOST * len(judged), said


def test_nobody_in_plain_sight_is_overlooked_in_a_table(outcomes: dict[str, Held]) -> None:
    """The clean twins that show people are read, and not passed because nothing was understood."""
    showing = [each for each in truth() if not hides(each) and ending(each) in JUDGED and each["people_visible"] >= 10]
    seen = [each for each in showing if any(found.kind == "people_rows" for found in outcomes[each["file"]].findings)]
    print(f"\n{len(showing)} clean files show people: in {len(seen)} they are found ({len(seen) / len(showing):.0%})")
    overlooked = [each["file"] for each in showing if each not in seen]
    assert overlooked == [each["file"] for each in truth() if "overlooked" in each], (
        "those that are known, and no other"
    )


def _way(held: Held) -> str:
    return held.disposition if held.disposition != "hold" else f"hold by {' and '.join(held.rules)}"


def _print_open(files: Iterable[Mapping[str, Any]], outcomes: Mapping[str, Held], right: Any) -> None:
    for each in files:
        if "open" in each:
            held = outcomes[each["file"]]
            mended = right(held) and not held.unread
            print(f"open: {each['file']}: {each['open']}: {'MENDED, take `open` out' if mended else held}")


def _false(files: list[Columns]) -> tuple[int, list[str]]:
    """How many columns there are, and which findings they gave."""
    outcomes = asyncio.run(_judged((each.name, each.octets) for each in files))
    wrong = []
    for each in files:
        held = outcomes[each.name]
        assert not held.unread, (each.name, held.unread)
        for found in held.findings:
            if found.kind != "phone" or not TELEPHONES & set(each.kinds):
                wrong.append(f"{each.name} ({', '.join(each.kinds)}; {each.rows} rows): {found.kind} at {found.where}")
    return sum(len(each.kinds) for each in files), wrong


def test_numbers_that_look_like_identifiers_are_none() -> None:
    columns, wrong = _false(list(numbers(42, 5, seed=1)))
    print(f"\n{columns} columns of look-alike numbers: {len(wrong)} false findings ({len(wrong) / columns:.1%})")
    assert columns >= 200 and not wrong, "\n".join(wrong)


def test_words_that_look_like_names_are_none() -> None:
    columns, wrong = _false(list(words(20, 3, seed=1)))
    print(f"\n{columns} columns of words: {len(wrong)} false findings ({len(wrong) / columns:.1%})")
    assert not wrong, "\n".join(wrong)
