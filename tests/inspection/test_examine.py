"""The examination of a part: who reads what, what lies within, and what is said of what nobody reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailguard.core.carried.model import Attached
from mailguard.core.inventory import Inventory
from mailguard.core.policy.invented_file import people_csv
from mailguard.core.verdict import Finding
from mailguard.inspection.body import Written
from mailguard.inspection.budget import Budget, Limits, Uninspectable
from mailguard.inspection.enclosed import Enclosed, Found
from mailguard.inspection.examine import TOO_DEEP, examine
from mailguard.inspection.readers import CONTRADICTS, NOBODY_READS, READERS, Reader, readers_of
from mailguard.inspection.stream import SEEN, Item, Member, Text, Visibility
from tests.inspection.outlook import Mail, recipient, tnef

SMIME = "application/pkcs7-mime"


class Words:
    """A detector that counts the texts that it is shown."""

    unread: str | None = None

    def __init__(self) -> None:
        self.seen: list[str] = []

    def take(self, item: Item) -> None:
        if isinstance(item, Text):
            self.seen.append(item.text.strip())

    def findings(self) -> tuple[Finding, ...]:
        return (Finding("words", "texts", "", len(self.seen), " ".join(self.seen)),)


def mail(inner: bytes, media_type: str = "text/plain") -> bytes:
    return b"From: a@x.example\r\nTo: b@x.example\r\nContent-Type: " + media_type.encode() + b"\r\n\r\n" + inner


def test_detectors_see_everything_that_lies_within_in_one_stream() -> None:
    inside = mail(mail(b"third"), "message/rfc822")
    winmail = tnef(Mail(files=[("a.txt", "text/plain", b"first"), ("b.eml", "message/rfc822", inside)]))
    found = examine(Enclosed(winmail, "application/ms-tnef"), detectors=[Words])
    assert [finding.summary for finding in found.findings] == ["first third"]
    assert found.unread is None and found.people is not None


def test_what_a_hidden_file_shows_is_hidden_at_any_depth() -> None:
    class Seen:
        unread: str | None = None

        def __init__(self) -> None:
            self.said: list[tuple[str, Visibility]] = []

        def take(self, item: Item) -> None:
            if isinstance(item, Text):
                self.said.append((item.text, item.visibility))

        def findings(self) -> tuple[Finding, ...]:
            return (Finding("seen", "texts", "", len(self.said), repr([(a, b.name) for a, b in self.said])),)

    def read(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
        octets = bytes(data)
        yield Text(octets[:1].decode(), "here")
        yield Text("note", "here", Visibility.NOTES)
        if len(octets) > 1:
            yield Member("inner", "file", Visibility.EMBEDDED if octets[:1] == b"a" else SEEN, octets[1:])

    reader = Reader("own", read, frozenset(["application/octet-stream"]), ())
    (found,) = examine(Enclosed(b"abc"), readers=[reader], detectors=[Seen]).findings
    note = ("note", "NOTES")
    assert found.summary == repr([("a", "SEEN"), note, ("b", "EMBEDDED"), note, ("c", "EMBEDDED"), note])


def test_what_nobody_reads_is_said_and_names_nobody() -> None:
    found = examine(Enclosed(b"\x89XYZ", "application/x-xyz", ("a.xyz",)))
    assert found.unread == NOBODY_READS
    inside = examine(Enclosed(mail(b"\x89XYZ", "application/x-xyz"), "message/rfc822"))
    assert inside.unread == NOBODY_READS and inside.people is not None


def test_an_empty_file_holds_nothing() -> None:
    for name in ("a.xlsx", "a.xyz", "a.pdf"):
        found = examine(Enclosed(b"", names=(name,)))
        assert found.unread is None and not found.findings


def test_what_is_closed_within_leaves_the_people_unknown() -> None:
    found = examine(Enclosed(mail(b"junk", "application/ms-tnef"), "message/rfc822"))
    assert found.people is None and found.unread == CONTRADICTS


def test_tnef_in_an_attached_message_is_an_attached_message() -> None:
    octets = mail(tnef(Mail(recipients=[recipient("c@x.example")])), "application/ms-tnef")
    found = examine(Enclosed(octets, "message/rfc822"))
    assert found.people is not None and not found.people.listed
    assert Attached((), ("c@x.example",)) in found.people.attached


@pytest.mark.parametrize(
    ("source", "names"),
    [
        (Enclosed(tnef(Mail()), "application/octet-stream"), ["TNEF"]),
        (Enclosed(tnef(Mail()), "application/octet-stream", ("WINMAIL.DAT ",)), ["TNEF"]),
        (Enclosed(tnef(Mail()), "message/rfc822"), ["TNEF", "mail"]),
        (Enclosed(b"x", "text/plain; charset=utf-8"), ["text"]),
        (Enclosed(b"x", "application/octet-stream", ("a.EML",)), ["mail"]),
        (Enclosed(b"From: a\r\nTo: b\r\n", "application/octet-stream"), ["mail"]),
        (Enclosed(b"x", "application/octet-stream", ("a.mbox",)), ["mailbox file"]),
        (Enclosed(b"x", SMIME), ["S/MIME"]),
    ],
)
def test_by_content_and_by_name(source: Enclosed, names: list[str]) -> None:
    assert [reader.name for reader in readers_of(source)] == names


def test_a_name_that_the_content_contradicts() -> None:
    for source in (
        Enclosed(b"PK\x03\x04", "application/octet-stream", ("winmail.dat",)),
        Enclosed(tnef(Mail()), "application/octet-stream", ("Minutes.msg",)),
    ):
        with pytest.raises(Uninspectable, match=CONTRADICTS):
            readers_of(source)


def endless(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
    yield Enclosed(data, "application/x-endless")
    yield Enclosed(data, "application/x-endless")


ENDLESS = Reader("endless", endless, frozenset({"application/x-endless"}), (".endless",))


def test_depth_and_members_are_bounded() -> None:
    source = Enclosed(b"x", "application/x-endless")
    assert examine(source, readers=[*READERS, ENDLESS]).unread == TOO_DEEP
    limits = Limits(depth=1_000, members=100)
    assert examine(source, readers=[ENDLESS], limits=limits).unread == "more than 100 members"


def test_octets_in_all_are_bounded() -> None:
    source = Enclosed(bytes(1_000), "application/x-endless")
    found = examine(source, readers=[ENDLESS], limits=Limits(total_bytes=10_000))
    assert found.unread is not None and "octets" in found.unread


def test_no_memory_is_an_answer() -> None:
    def eats(data: bytes | memoryview, budget: Budget) -> Iterator[Found]:
        raise MemoryError
        yield

    reader = Reader("eats", eats, frozenset({"application/x-eats"}), (".eats",))
    found = examine(Enclosed(b"x", "application/x-eats"), readers=[reader])
    assert found.unread == "reading it takes more memory than is allowed" and found.people is None


PEOPLE = people_csv(20).decode().replace(",", "\t").splitlines()


def test_each_file_inside_has_an_inventory_and_its_name_stands_before_its_places() -> None:
    rows = b"Name,NHS number,Born\r\n" + b"".join(
        f"Ann Field{number},999 000 {number:04},1950-01-{number + 1:02}\r\n".encode() for number in range(20)
    )
    lines = (b'Content-Type: text/csv; name="staff.csv"', b"Content-Disposition: attachment", b"", rows)
    found = examine(Enclosed(b"\r\n".join(lines), "message/rfc822", ("old mail.eml",)))
    assert found.inventory == (Inventory("old mail.eml"),), "what shows all of itself inside is not listed"
    assert {each.where.partition(" > ")[0] for each in found.findings} == {"old mail.eml"}
    assert all("staff.csv" in each.where for each in found.findings)
    alone = examine(Enclosed(rows, "text/csv", ("staff.csv",)))
    assert alone.inventory == (Inventory("staff.csv", 21, 21),)


WORKBOOK = (Path(__file__).parents[1] / "fixtures" / "workbooks" / "hidden-sheet.xlsx").read_bytes()


@pytest.mark.parametrize("octets", [WORKBOOK, b"%PDF-1.7\nbroken", b"{\\rtf1 broken", bytes(range(256)) * 4])
@pytest.mark.parametrize("written", [Written(), Written(html=True), Written(charset="utf-8")])
def test_a_file_that_calls_itself_nothing_is_read_as_a_file(octets: bytes, written: Written) -> None:
    found = examine(Enclosed(octets, "text/plain"), written=written)
    assert found.unread is not None
    if octets == WORKBOOK:
        assert ("people_rows", 40, True) in {(each.kind, each.count, each.hidden) for each in found.findings}


@pytest.mark.parametrize("name", ["p.csv", "p.html", "p.vcf", "p.ics", "p.txt", "p.json", "p.xml", "p.tsv"])
def test_octets_under_the_name_of_a_text_are_unread(name: str) -> None:
    database = b"SQLite format 3\0" + bytes(range(1, 32)) * 60
    assert examine(Enclosed(database, "application/octet-stream", (name,))).unread is not None


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_lines_end_in_any_way(line_end: str) -> None:
    found = examine(Enclosed(line_end.join(PEOPLE).encode(), "text/plain", ("a.txt",)))
    assert [each.count for each in found.findings if each.kind == "people_rows"] == [20]
