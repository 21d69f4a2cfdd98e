"""Which attached files are the same, and how many people have one already."""

from __future__ import annotations

import io
import time
import zipfile
from base64 import b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier.file_content import MOST_MEMBERS, content_of
from mailguard.core.earlier.files import MOST_FILES, SentFiles, files_of, same_files, with_people
from mailguard.core.earlier.past import Past, Reached, SameFile
from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.policy.trial import envelope_of
from mailguard.core.verdict import Finding, Inspection

HOUR, FORTNIGHT = timedelta(hours=1), timedelta(days=14)
ELM = Organisation("Elm Road", frozenset({"elmroad.example"}), frozenset(), frozenset({"partner.example"}))
TABLE = b"name,born\r\n" + b"".join(b"Ann Marsh %d,1990-01-02\r\n" % number for number in range(20))
Attached = tuple[str, str, bytes]


def package(sheet: bytes, modified: str = "", year: int = 2026, level: int = 6) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in (("docProps/core.xml", modified.encode()), ("xl/worksheets/sheet1.xml", sheet)):
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content)
    return made.getvalue()


def pdf(text: bytes, date: bytes, identifier: bytes) -> bytes:
    return (
        b"%PDF-1.7\n1 0 obj\n<< /CreationDate (D:" + date + b"+00'00') /ModDate <FEFF" + identifier + b"> >>\nendobj\n"
        b"stream\n" + text + b"\nendstream <xmp:ModifyDate>" + date + b"</xmp:ModifyDate>\n"
        b"trailer << /ID [<" + identifier + b"> <" + identifier + b">] /DocChecksum /" + identifier + b" >>\n%%EOF\n"
    )


def message(*files: Attached, sender: str = "jo@elmroad.example") -> bytes:
    lines = [f"From: {sender}", "To: office@elmroad.example", "MIME-Version: 1.0"]
    lines += ["Content-Type: multipart/mixed; boundary=b", "", "--b", "", "See attached.", "--b"]
    for media_type, name, content in files:
        lines += [f"Content-Type: {media_type}", f'Content-Disposition: attachment; filename="{name}"']
        lines += ["Content-Transfer-Encoding: base64", "", b64encode(content).decode(), "--b"]
    lines[-1] += "--"
    return "\r\n".join([*lines, ""]).encode()


def sent(
    *files: Attached, to: tuple[str, ...] = ("a@out.example",), sender: str = "jo@elmroad.example"
) -> SentFiles | None:
    entity, envelope = parse(message(*files, sender=sender)), envelope_of(sender, list(to))
    return files_of(envelope, observe(entity, envelope, ELM), ELM)


def table(*to: str, sender: str = "jo@elmroad.example", content: bytes = TABLE) -> SentFiles:
    found = sent(("text/csv", "pupils.csv", content), to=to, sender=sender)
    assert found is not None
    return found


# What is the same file.


def test_a_package_that_is_written_again_is_the_same_file() -> None:
    once, again = package(b"<row/>", "2026-11-01"), package(b"<row/>", "2026-11-02", year=2020, level=1)
    assert once != again and content_of(once) == content_of(again)
    assert content_of(once) != content_of(package(b"<row />", "2026-11-01"))


def test_a_pdf_that_is_made_again_is_the_same_file() -> None:
    once, again = pdf(b"rows", b"20261101120000", b"0A" * 16), pdf(b"rows", b"20261102120000", b"0B" * 16)
    assert once != again and content_of(once) == content_of(again)
    assert content_of(once) != content_of(pdf(b"Rows", b"20261101120000", b"0A" * 16))


def test_a_package_whose_directory_tells_nothing_is_compared_octet_by_octet() -> None:
    plain, empty = package(b"<row/>"), io.BytesIO()
    at = plain.rindex(b"PK\x01\x02")
    encrypted = plain[: at + 8] + bytes([plain[at + 8] | 1]) + plain[at + 9 :]
    zipfile.ZipFile(empty, "w").close()
    for octets in (encrypted, plain[:-10], empty.getvalue(), package(b"<row/>")[:200]):
        assert content_of(octets) != content_of(octets + b"\0")
    other = bytearray(encrypted)
    other[20] ^= 1
    assert content_of(encrypted) != content_of(bytes(other))


def test_of_very_many_members_the_octets_count() -> None:
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(MOST_MEMBERS + 1):
            archive.writestr(str(number), b"")
    octets = bytearray(many.getvalue())
    before = content_of(octets)
    octets[10] ^= 1  # the time of the first member, in its own header only
    assert content_of(octets) != before


@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255))
def test_any_octets_have_a_content_of_32_octets(octets: bytes, at: int, octet: int) -> None:
    broken = bytearray(package(b"<row/>", "x"))
    broken[at % len(broken)] = octet
    for each in (octets, b"PK\x03\x04" + octets, b"%PDF-" + octets, bytes(broken)):
        assert len(content_of(each)) == 32
        assert content_of(memoryview(each)) == content_of(each)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_files_that_are_neither_are_the_same_if_their_octets_are(one: bytes, other: bytes) -> None:
    assert (content_of(b"x" + one) == content_of(b"x" + other)) == (one == other)


@pytest.mark.parametrize(
    "unit", [b"/CreationDate (", b"/ID [<", b"<xmp:CreateDate>", b"PK\x05\x06", b"/ID [(\\", b"<AA"]
)
def test_ten_megabytes_take_a_moment(unit: bytes) -> None:
    for start in (b"%PDF-", b"PK\x03\x04"):
        octets = start + unit * (10_000_000 // len(unit))
        began = time.process_time()
        content_of(octets)
        assert time.process_time() - began < 2.0


# Which files of a message are compared, and for whom.


def test_pictures_and_scraps_are_not_compared() -> None:
    logo = ("image/png", "logo.png", b"\x89PNG\r\n\x1a\n" + bytes(500))
    unnamed = ("application/octet-stream", "logo", b"\x89PNG\r\n\x1a\n" + bytes(500))
    drawing = ("image/svg+xml", "logo.svg", b"<svg>" + bytes(500))
    found = sent(logo, unnamed, drawing, ("text/csv", "a.csv", b"name"))
    assert found is not None and found.files == ()
    found = sent(logo, ("image/png", "pupils.csv", TABLE))
    assert found is not None and [path for path, _ in found.files] == ["3"]


def test_of_many_files_the_largest_are_compared() -> None:
    files = [("text/csv", f"{number}.csv", TABLE + bytes(3 * number)) for number in range(MOST_FILES + 5)]
    found = sent(*files)
    assert found is not None
    assert [path for path, _ in found.files] == [str(2 + number) for number in reversed(range(5, MOST_FILES + 5))]


def test_mail_to_staff_and_to_trusted_partners_reaches_nobody_outside() -> None:
    attached = ("text/csv", "pupils.csv", TABLE)
    assert sent(attached, to=("b@elmroad.example", "c@partner.example")) is None
    found = sent(attached, to=("b@elmroad.example", "c@partner.example", "D@Out.example"))
    assert found is not None and found.people == ("d@out.example",)
    found = sent()
    assert found is not None and found.files == ()


def test_the_same_content_is_found_under_any_name_and_encoding() -> None:
    earlier = table("b@out.example")
    now = sent(("application/octet-stream", "copy of pupils.txt", TABLE), ("text/csv", "x.csv", TABLE + b"1"))
    assert now is not None
    counts = {each.part: each.already_sent_to(FORTNIGHT) for each in same_files(now, [(earlier, HOUR)])}
    assert counts == {"2": 1, "3": 0}


@pytest.mark.parametrize(
    ("sender", "count"),
    [("jo@elmroad.example", 1), ("jo+merge@elmroad.example", 1), ("dev@elmroad.example", 0)],
)
def test_another_sender_is_not_counted(sender: str, count: int) -> None:
    (found,) = same_files(table("a@out.example"), [(table("b@out.example", sender=sender), HOUR)])
    assert found.already_sent_to(FORTNIGHT) == count


# How many have it.


def have_it(*groups: tuple[str, ...], to: tuple[str, ...] = ("a@out.example",), age: timedelta = HOUR) -> int:
    (found,) = same_files(table(*to), [(table(*each), age) for each in groups])
    return found.already_sent_to(FORTNIGHT)


def test_people_count_and_not_messages() -> None:
    a, b, c = "a@out.example", "b@out.example", "c@out.example"
    assert have_it() == 0
    assert have_it((a,), (a,), (a,), (a,)) == 0
    assert have_it((b,), (b,), (b,)) == 1
    assert have_it((b,), (c,)) == 2
    assert have_it((b, c)) == 1, "one message to two people is one"
    assert have_it((b, c), to=(a, b, c)) == 0
    assert have_it((b,), (c,), to=(b,)) == 1
    assert have_it((b,), (c,), age=timedelta(days=15)) == 0


PEOPLE = st.sampled_from([bytes([number]) * 8 for number in range(6)])
GROUPS = st.lists(st.frozensets(PEOPLE, max_size=3), max_size=12)


def counted(groups: list[frozenset[bytes]], own: frozenset[bytes] = frozenset()) -> int:
    return SameFile("2", tuple(Reached(each - own, HOUR) for each in groups)).already_sent_to(FORTNIGHT)


@given(GROUPS, GROUPS)
def test_more_messages_never_make_it_fewer(groups: list[frozenset[bytes]], more: list[frozenset[bytes]]) -> None:
    people: frozenset[bytes] = frozenset().union(*groups)
    assert counted(groups) <= counted(groups + more) <= len(groups) + len(more)
    assert counted(groups) <= len(people) and counted(groups + groups) == counted(groups)


@given(st.lists(PEOPLE, max_size=40), st.integers(1, 4), st.randoms())
def test_however_many_come_at_once_no_more_than_so_many_people_get_it(
    people: list[bytes], most: int, chance: object
) -> None:
    """Each is written down, then told of all that were before and still are, and of any that came after and still are.

    What is stopped is taken out at any time later, or never.
    """
    left: list[bytes] = []
    for own in people:
        seen = [frozenset({each}) for each in (*left, *chance.choices(people, k=3))]  # type: ignore[attr-defined]
        assert counted([frozenset({each}) for each in left], frozenset({own})) <= counted(seen, frozenset({own}))
        if counted(seen, frozenset({own})) < most:
            left.append(own)
    assert len(set(left)) <= most


def read(*marks: bytes, part: str = "2") -> list[Inspection]:
    return [Inspection(part, tuple(Finding("people", "people_rows", "", 40, "", False, mark) for mark in marks))]


def test_a_file_into_which_a_name_was_merged_is_known_by_the_people_in_its_rows() -> None:
    one, other = table("b@out.example", content=b"For Ben" + TABLE), table("a@out.example", content=b"For Ann" + TABLE)
    assert [each.already_sent_to(FORTNIGHT) for each in same_files(other, [(one, HOUR)])] == [0]
    same, different = with_people(one, read(b"m" * 16)), with_people(one, read(b"n" * 16))
    now = with_people(other, read(b"m" * 16, b"h" * 16, part="3"))
    assert now.people == other.people and [part for part, _ in now.files] == ["3", "3"]
    assert [(each.part, each.already_sent_to(FORTNIGHT)) for each in same_files(now, [(same, HOUR)])] == [("3", 1)]
    assert [each.already_sent_to(FORTNIGHT) for each in same_files(now, [(different, HOUR)])] == [0]
    assert with_people(other, [Inspection("2"), *read(b"")]).files == ()


def test_what_is_found_later_of_a_file_joins_what_was_known() -> None:
    past = Past(files=(SameFile("2", (Reached(frozenset({b"a"}), HOUR),)), SameFile("3")))
    later = [SameFile("2", (Reached(frozenset({b"b"}), HOUR), Reached(frozenset({b"a"}), HOUR))), SameFile("4")]
    found = past.with_files(later)
    assert {each.part: each.already_sent_to(FORTNIGHT) for each in found.files} == {"2": 2, "3": 0, "4": 0}


def test_a_file_is_not_known_by_its_octets_without_the_key() -> None:
    now, before = table("a@out.example"), table("b@out.example")
    (found,) = same_files(now, [(before, HOUR)], b"key")
    (other,) = same_files(now, [(before, HOUR)], b"other")
    assert found.earlier[0].others.isdisjoint(other.earlier[0].others)


def test_an_envelope_without_recipients() -> None:
    entity = parse(message(("text/csv", "a.csv", TABLE)))
    nobody = Envelope(None, ())
    assert files_of(nobody, observe(entity, nobody, ELM), ELM) is None
