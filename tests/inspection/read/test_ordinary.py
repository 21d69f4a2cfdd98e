"""What ordinary mail carries besides documents: contacts, calendars, data, signatures, reports, texts of every kind."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.bodies import is_attachment
from mailguard.core.mail.decoded import decoded_octets
from mailguard.core.mail.parse import parse
from mailguard.inspection.budget import Limits, Uninspectable
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import examine
from mailguard.inspection.read.text import NOT_TEXT, is_text
from mailguard.inspection.readers import CONTRADICTS, NOBODY_READS, Reader, readers_of
from mailguard.inspection.stream import Person, Row, Table, Text, Visibility
from tests.incidents.benign.corpus import corpus
from tests.inspection.read.test_archives import Seen, looked_into, texts
from tests.inspection.read.test_zip import zipped

FOLDER = Path(__file__).parents[2] / "fixtures" / "ordinary"
NAMES = ("Ada Thorn", "Bran Elder", "Cora Ash", "Dev Rowan", "Elin Birch", "Finn Alder", "Gwen Oak", "Hal Yew")
UNREAD = {"PGP encrypted": "encrypted", "rich text of Outlook": "its winmail.dat is broken"}
"""Of the benign corpus: ciphertext, and a winmail.dat that is not whole."""


def file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def rows(seen: Seen) -> list[tuple[str, ...]]:
    return [item.values for item in seen.items if isinstance(item, Row)]


def people(data: bytes, name: str, media_type: str = "application/octet-stream") -> int:
    found = examine(Enclosed(data, media_type, (name,)))
    assert found.unread is None, found.unread
    return max((finding.count for finding in found.findings if finding.kind == "people_rows"), default=0)


def card(version: str, name: str, number: int) -> str:
    given, family = name.split()
    return (
        f"BEGIN:VCARD\r\nVERSION:{version}\r\nN:{family};{given};;;\r\nFN:{name}\r\n"
        f"EMAIL;TYPE=INTERNET:{given.lower()}@{family.lower()}.example\r\nTEL;TYPE=CELL:07700 900{number:03}\r\n"
        f"BDAY:{1930 + number}0312\r\nNOTE:seen in the\r\n  ward\\, twice\r\nEND:VCARD\r\n"
    )


@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_a_file_of_contacts_is_a_table_of_people(version: str) -> None:
    data = "".join(card(version, name, number) for number, name in enumerate(NAMES * 7)).encode()
    assert people(data, "all.vcf", "text/vcard") == people(data, "all.vcf") == 56


def test_every_line_of_a_card_is_in_the_stream() -> None:
    data = (
        "Sent by Hal\r\nBEGIN:VCARD\r\nVERSION:2.1\r\n"
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen =\r\nAsh\r\n"
        "item1.EMAIL:a@ash.example\r\nEMAIL:b@ash.example\r\nX-ABLabel:Gwen\r\nno colon\r\n"
        f"PHOTO;ENCODING=b;TYPE=JPEG:{_folded(file('photo.jpg'))}\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Cut Off\r\n"
    )
    found, seen = looked_into(data.encode(), "a.vcf")
    assert found.unread is None
    assert rows(seen) == [("Jürgen Ash", "a@ash.example", "b@ash.example\nGwen\nno colon"), ("Cut Off",)]
    assert texts(seen) == ["Sent by Hal"]


def _folded(octets: bytes) -> str:
    text = base64.b64encode(octets).decode()
    return "\r\n ".join(text[start : start + 70] for start in range(0, len(text), 70))


def test_a_calendar_is_text_and_its_files_are_read() -> None:
    lines = (
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Review of Ada\r\n  Thorn\\, ward 3\r\n"
        'ATTENDEE;CN="Bran; Elder";RSVP=TRUE:mailto:bran@elder.example\r\n'
        f"ATTACH;ENCODING=BASE64;VALUE=BINARY;FMTTYPE=text/plain;FILENAME=n.txt:{_folded(b'Cora Ash')}\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    found, seen = looked_into(lines.encode(), "a.ics", "text/calendar")
    assert found.unread is None
    assert "SUMMARY:Review of Ada Thorn, ward 3" in texts(seen)[0] and "bran@elder.example" in texts(seen)[0]
    assert "Cora Ash" in texts(seen)
    assert looked_into(lines.encode())[0].unread is None


def test_objects_of_json_are_rows() -> None:
    records = [
        {"name": name, "email": f"{name.split()[0].lower()}@x.example", "more": {"notes": ["seen", "twice"]}}
        for name in NAMES
    ]
    whole = json.dumps({"total": 8, "people": records, "by": "Kit Maple"}).encode()
    lines = "\n".join(map(json.dumps, records)).encode()
    assert people(whole, "a.json") == people(lines, "a.ndjson") == 8
    assert people(whole, "a", "application/vnd.example+json") == 8
    _, seen = looked_into(
        b'{"note": "for Ada", "rows": [{"a": 1.50, "b": null, "c": "x"}], "n": [true, "y"]}', "a.json"
    )
    assert texts(seen) == ["note: for Ada", "rows", "n", "True", "y"]
    table = next(item for item in seen.items if isinstance(item, Table))
    assert table.headings == ("a", "b", "c") and rows(seen) == [("1.50", "x")]


@pytest.mark.parametrize("data", [b'{"a": ', b"[" * 100_000, b"Ada Thorn", b'"' + b"x" * 5_000_000 + b'"'])
def test_what_is_no_json_is_read_as_text(data: bytes) -> None:
    found, seen = looked_into(data, "a.json")
    assert found.unread is None and "".join(texts(seen)).encode() == data


def test_records_of_xml_are_rows_and_its_comments_are_unseen() -> None:
    records = "".join(f"<p><name>{name}</name><email>{name.split()[0].lower()}@x.example</email></p>" for name in NAMES)
    xml = f"<?xml version='1.0'?><!-- by Kit Maple --><all>{records}</all>".encode()
    assert people(xml, "a.xml") == people(xml, "a", "application/vnd.example+xml") == 8
    _, seen = looked_into(xml, "a.xml")
    (comment,) = [item for item in seen.items if isinstance(item, Text)]
    assert (comment.text, comment.visibility) == ("by Kit Maple", Visibility.MARKUP)


@pytest.mark.parametrize("xml", [b"<!DOCTYPE a [<!ENTITY b 'Ada'>]><a>&b; &#84;horn</a>", b"<a>Ada &#84;horn"])
def test_what_is_no_plain_xml_is_read_as_text(xml: bytes) -> None:
    found, seen = looked_into(xml, "a.xml")
    assert found.unread is None and "Ada" in texts(seen)[0] and "Thorn" in texts(seen)[0]


def test_who_holds_a_key_and_what_is_around_it() -> None:
    found, seen = looked_into(b"Kit Maple's:\n" + file("key.asc"), "key.asc", "application/pgp-keys")
    assert found.unread == CONTRADICTS
    found, seen = looked_into(file("key.asc") + b"Kit Maple's\n", "key.asc", "application/pgp-keys")
    assert found.unread is None and "Kit Maple's" in texts(seen)[0]
    (holder,) = [item for item in seen.items if isinstance(item, Person)]
    assert (holder.role, holder.name, holder.address) == ("key holder", "Jo Marsh", "jo.marsh@elmroad.example")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("signature.asc", "application/pgp-signature"),
        ("signed.asc", "application/octet-stream"),
        ("smime.p7s", "application/pkcs7-signature"),
        ("smime.p7s", "application/x-pkcs7-signature"),
    ],
)
def test_a_signature_holds_nothing(name: str, media_type: str) -> None:
    found, seen = looked_into(file(name), name, media_type)
    assert found.unread is None and not [item for item in seen.items if isinstance(item, Person)]


@pytest.mark.parametrize("name", ["signature.asc", "smime.p7s"])
@pytest.mark.parametrize("data", [b"Ada Thorn, born 1962", zipped(("a.txt", b"x")), file("opaque.p7m")])
def test_a_signature_that_is_none_contradicts(name: str, data: bytes) -> None:
    with pytest.raises(Uninspectable, match=CONTRADICTS):
        readers_of(Enclosed(data, names=(name,)))


def test_what_hides_in_a_signature_or_behind_it() -> None:
    assert looked_into(file("encrypted.asc"), "signature.asc", "application/pgp-signature")[0].unread == "encrypted"
    assert looked_into(file("smime.p7s") + zipped(("a.txt", b"Cora Ash")), "smime.p7s")[1].items
    assert "Cora Ash" in texts(looked_into(file("smime.p7s") + b"Cora Ash", "smime.p7s")[1])
    stuffed = b"-----BEGIN PGP SIGNATURE-----\n\nQWRhIFRob3JuIGFuZCBDb3JhIEFzaA==\n-----END PGP SIGNATURE-----\n"
    assert looked_into(stuffed, "signature.asc")[0].unread == "an OpenPGP block that is broken"


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        *(("message/delivery-status", ""), ("message/disposition-notification", ""), ("message/feedback-report", "")),
        *(("text/x-whatever", ""), ("text/css", "a.bin"), ("application/yaml", ""), ("", "a.sql"), ("", "a.py")),
        *(("", "a.patch"), ("", "A.INI"), ("text/x-log", "today")),
    ],
)
def test_texts_of_every_kind(media_type: str, name: str) -> None:
    found, seen = looked_into(b"for Ada Thorn\n", name, media_type or "application/octet-stream")
    assert (found.unread is None and texts(seen) == ["for Ada Thorn"]) or texts(seen) == ["for Ada Thorn\n"]


@pytest.mark.parametrize("name", ["a.js", "a.bat", "a.exe", "a.lnk", "a.url", "a.zst", "a.iso", "a.ps1", "a"])
def test_what_acts_and_what_nobody_knows_is_held(name: str) -> None:
    for media_type in ("application/octet-stream", "text/x-script") if name != "a" else ("application/x-thing",):
        if media_type == "text/x-script" and not name.endswith((".js", ".bat", ".url", ".ps1")):
            continue
        with pytest.raises(Uninspectable, match=NOBODY_READS):
            readers_of(Enclosed(b"MZ\x90", media_type, (name,)))


def test_a_document_that_is_written_in_codes_is_no_text() -> None:
    assert "text" not in [reader.name for reader in _readers(Enclosed(b"{\\rtf1 \\'41da}", "text/rtf"))]


def _readers(source: Enclosed) -> tuple[Reader, ...]:
    try:
        return readers_of(source)
    except Uninspectable:
        return ()


@pytest.mark.parametrize("name", ["a.txt", "a.csv.txt", "a.py", "a.yaml"])
def test_a_file_under_the_name_of_a_text_is_held(name: str) -> None:
    for data in (bytes(range(256)), b"hello " * 2_000 + zipped(("a.txt", b"x"))):
        assert looked_into(data, name)[0].unread == NOT_TEXT


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"])
def test_texts_in_any_charset_are_texts(codec: str) -> None:
    assert is_text(("Grüße an Ada,\r\n\tTür 3\x0c" * 500).encode(codec))
    assert is_text(b"\x1b[31mred\x1b[0m \x07 " * 10 + b"plain " * 100)


def test_ordinary_files_of_the_benign_corpus_have_readers(capsys: pytest.CaptureFixture[str]) -> None:
    """What is left are documents that other readers are for; the kinds are printed."""
    kinds: Counter[str] = Counter()
    left: Counter[tuple[str, str, str]] = Counter()
    for mail in corpus():
        message = parse(mail.raw)
        for part in message.root.walk():
            if part.children or not is_attachment(part):
                continue
            kinds[part.media_type] += 1
            found = examine(Enclosed(decoded_octets(message, part), part.media_type, part.filenames))
            if found.unread is not None:
                left[part.media_type, mail.structure, found.unread] += 1
    with capsys.disabled():
        print(f"\n{kinds.total()} attachments of the benign corpus, not read: {left.total()}")
        for (media_type, structure, why), count in left.most_common():
            print(f"  {count:3} {media_type} ({structure}): {why}")
    others = {(structure, why) for media_type, structure, why in left if not _is_document(media_type, why)}
    assert others == set(UNREAD.items())


def _is_document(media_type: str, why: str) -> bool:
    """Of a kind that has no reader yet, or a zip with one in it."""
    documents = ("application/pdf", "application/msword", "application/vnd.", "application/zip", "application/x-zip")
    return media_type.startswith(documents) and why == NOBODY_READS


FEW = Limits(total_bytes=3_000_000, kept_bytes=3_000_000, members=500, tags=100_000)
STARTS = {
    "a.vcf": card("3.0", "Ada Thorn", 1).encode(),
    "a.ics": b"BEGIN:VCALENDAR\nATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD\nEND:VCALENDAR\n",
    "a.json": b'{"a": [1, {"b": "c", "d": 2.5}], "e": null}',
    "a.xml": b"<?xml version='1.0'?><a b='c' d='e'><f>g</f><h/><!-- i --></a>",
    "key.asc": file("key.asc"),
    "smime.p7s": file("smime.p7s"),
    "a.txt": b"plain \xc3\xbc",
}


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(STARTS)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6)), max_size=6),
    cut=st.floats(0, 1),
)
def test_whatever_is_done_to_one_it_is_read_or_held(name: str, changes: list[tuple[float, bytes]], cut: float) -> None:
    made = bytearray(STARTS[name])
    for where, octets in changes:
        place = int(where * len(made))
        made[place : place + len(octets)] = octets
    for data in (bytes(made), bytes(made[: int(cut * len(made))])):
        assert looked_into(data, name, limits=FEW)[0].error is None


@pytest.mark.parametrize(
    "text", [";" * 50_000, "A" + ';x="' * 20_000, " \n " * 50_000, "-----BEGIN PGP X-----\n" * 900]
)
@pytest.mark.parametrize("name", ["a.vcf", "a.ics", "a.asc", "a.json", "a.xml", "a.txt", "a.svg"])
def test_time_is_linear_in_what_repeats(name: str, text: str) -> None:
    begun = time.process_time()
    for start in ("", "BEGIN:VCARD\n", "-----BEGIN PGP SIGNATURE-----\n"):
        looked_into((start + text).encode(), name)
    assert time.process_time() - begun < 3
