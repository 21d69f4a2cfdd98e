"""Separate copies of invitations: each recipient outside sees the organiser, those inside, and themselves alone."""

from __future__ import annotations

import base64
import html
import quopri
import re
import time
from collections.abc import Iterator
from urllib.parse import unquote

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core.errors import CannotRewrite, FormDoesNotFit
from mailguard.core.mail.calendar.model import Calendar
from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.copies import Rewritten
from tests.core.mail.calendar.invitations import (
    ORGANISER,
    PROGRAMS,
    Meeting,
    encoded,
    exchange,
    invitation,
    message,
    multipart,
    part,
    patients,
    quoted,
    zoom,
)

from .submission import RECEIVED, contents, hide_bcc, hide_separate
from .test_search import SPELLINGS

ANN, BEN, LEAK, NURSE = "ann@o.example", "ben@p.example", "leak@o.example", "nurse@elmroad.example"
METHODS = ["REQUEST", "CANCEL", "ADD", "REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH", "PUBLISH"]


def separated(raw: bytes, *recipients: str, above: int | None = None) -> Rewritten:
    return hide_separate(raw, *recipients, sender=ORGANISER, above=above)


def copies(raw: bytes, *recipients: str, above: int | None = None) -> dict[str, bytes]:
    return contents(raw, separated(raw, *recipients, above=above))


def calendars(raw: bytes) -> tuple[Calendar, ...]:
    read = parse(raw)
    assert not [defect for defect in read.defects if defect.holds]
    return read.calendars


def others(calendar: Calendar) -> list[bytes]:
    """All lines but ATTENDEE, decoded and unfolded."""
    return [line.content for line in calendar.lines if line.name != "ATTENDEE"]


def invited(calendar: Calendar) -> list[str]:
    """Whom icalendar sees, in order."""
    text = calendar.text.octets.decode("utf-8")
    found = []
    for each in icalendar.Calendar.from_ical(text, multiple=True):
        for component in each.walk():
            listed = component.get("ATTENDEE", [])
            found += [str(value) for value in (listed if isinstance(listed, list) else [listed])]
    return [value.lower().removeprefix("mailto:") for value in found]


def readable(content: bytes) -> Iterator[str]:
    """Every form of a copy, by other means than ours."""
    yield content.decode("latin-1")
    joined = content.replace(b"=\r\n", b"")
    decoded = quopri.decodestring(joined)
    found = re.findall(rb"(?:[A-Za-z0-9+/]{20,}={0,2}\r?\n?)+", content)
    stripped = [run.replace(b"\r", b"").replace(b"\n", b"").rstrip(b"=") for run in found]
    runs = [base64.b64decode(run[: len(run) // 4 * 4] + b"====") for run in stripped]
    for octets in (joined, decoded, *runs):
        for text in (octets.decode("utf-8", "replace"), octets.replace(b"\0", b"").decode("latin-1")):
            plain = re.sub(r"\r?\n[ \t]", "", text)
            yield text
            yield plain
            yield html.unescape(unquote(plain))
            yield re.sub(r"\\[nN]", "\n", plain).replace("\\", "")


def leaks(content: bytes, address: str = LEAK) -> bool:
    spellings = (address, "!".join(reversed(address.split("@"))))
    return any(spelling in text.lower() for text in readable(content) for spelling in spellings)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("count", [2, 30])
def test_each_sees_only_themselves(program: str, count: int) -> None:
    people = patients(count)
    raw = invitation(program, *people, NURSE, to=people[: count // 2])
    made = copies(raw, *people, NURSE)
    assert made[NURSE] == RECEIVED + raw
    for address in people:
        assert not any(leaks(made[address], other) for other in people if other != address)
        for before, after in zip(calendars(raw), calendars(made[address]), strict=True):
            assert sorted(set(invited(after)) - {ORGANISER}) == [NURSE, address]
            assert others(before) == others(after)
            assert after.part.media_type == before.part.media_type and after.part.fields != ()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("method", METHODS)
def test_methods(program: str, method: str) -> None:
    raw = invitation(program, ANN, BEN, method=method, sequence=4, to=[ANN, BEN])
    for address, copy in copies(raw, ANN, BEN).items():
        for before, after in zip(calendars(raw), calendars(copy), strict=True):
            expected = [] if method == "PUBLISH" else [address]
            assert sorted(set(invited(after)) - {ORGANISER}) == expected
            assert others(before) == others(after) and b"SEQUENCE:4" in others(after)


@pytest.mark.parametrize("method", ["REPLY", "COUNTER", "DECLINECOUNTER"])
def test_an_answer_keeps_its_one_attendee_and_gets_no_other(method: str) -> None:
    raw = invitation("outlook", NURSE, method=method, to=[ANN, BEN])
    for copy in copies(raw, ANN, BEN, above=0).values():
        assert [invited(each) for each in calendars(copy)] == [[NURSE]]
    raw = invitation("outlook", ANN, method=method, to=[ANN, BEN])
    for copy in copies(raw, ANN, BEN).values():
        assert [invited(each) for each in calendars(copy)] == [[ANN]]


@pytest.mark.parametrize("program", PROGRAMS)
def test_who_is_not_invited_by_name_gets_a_line_that_is_made(program: str) -> None:
    raw = invitation(program, ANN, "all@lists.p.example", to=[ANN])
    copy = copies(raw, ANN, BEN)[BEN]
    for each in calendars(copy):
        assert sorted(set(invited(each)) - {ORGANISER}) == [BEN]


def test_inside_attendees_are_hidden_by_the_same_option_as_in_the_header() -> None:
    inside = patients(5, "elmroad.example")
    raw = invitation("outlook", *inside, ANN, to=[ANN, BEN])
    assert invited(calendars(copies(raw, ANN, BEN)[ANN])[0]) == [ANN, *inside]
    hidden = copies(raw, ANN, BEN, above=4)
    assert invited(calendars(hidden[ANN])[0]) == [ANN]
    assert invited(calendars(hidden[BEN])[0]) == [BEN]


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "shift_jis", "iso2022_jp", "latin-1"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_encodings(encoding: str, charset: str, end: str) -> None:
    if end == "\n" and encoding in ("7bit", "8bit", "quoted-printable"):
        return  # lone line feeds do not pass the door but in base64
    if encoding == "quoted-printable" and charset.startswith("utf-16"):
        return  # no line of such text is a line of quoted-printable
    lines = encoded(zoom(Meeting((ANN, BEN), text="日本" if "j" in charset else "x" * 200)), end).decode()
    octets = lines.encode(charset)
    raw = message(part(f"text/calendar; charset={charset.removesuffix('-sig').replace('_', '-')}", encoding, octets))
    made = copies(raw, ANN, BEN)
    for address, copy in made.items():
        (before,), (after,) = calendars(raw), calendars(copy)
        assert invited(after) == [address] and others(before) == others(after)
        assert after.text.mark == before.text.mark and after.text.codec == before.text.codec
        assert after.part.encoding == before.part.encoding
        body = copy[after.part.body_start : after.part.end]
        assert (b"\n" in after.text.octets) and (b"\r\n" in after.text.octets) == (end == "\r\n")
        if encoding in ("base64", "quoted-printable"):
            assert not [line for line in body.split(b"\r\n") if len(line) > 76]


@pytest.mark.parametrize("width", [4, 60, 64, 72, 76, 1000])
@pytest.mark.parametrize("line_end", [b"\r\n"])
def test_the_width_of_base64_is_kept(width: int, line_end: bytes) -> None:
    text = base64.b64encode(encoded(exchange(Meeting((ANN, BEN)))))
    body = line_end.join(text[start : start + width] for start in range(0, len(text), width))
    head = b"Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    for copy in copies(message(head + body + b"\r\n\r\n"), ANN, BEN).values():
        made = copy.partition(b"base64\r\n\r\n")[2]
        assert made.endswith(b"\r\n\r\n")
        assert {len(line) for line in made.rstrip().split(line_end)[:-1]} == {width}


def test_quoted_printable_that_encodes_its_line_ends() -> None:
    octets = encoded(exchange(Meeting((ANN, BEN))))
    text = octets.replace(b"=", b"=3D").replace(b"\r\n", b"=0D=0A")
    lines, line = [], b""
    for piece in re.findall(rb"=[0-9A-F]{2}|.", text):
        if len(line) + len(piece) > 75:
            lines.append(line + b"=")
            line = b""
        line += piece
    head = b"Content-Type: text/calendar\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    raw = message(head + b"\r\n".join([*lines, line]) + b"\r\n")
    for address, copy in copies(raw, ANN, BEN).items():
        (before,), (after,) = calendars(raw), calendars(copy)
        assert invited(after) == [address] and others(before) == others(after)
        assert max(map(len, copy.split(b"\r\n"))) <= 78


def planted(*extra: str, method: str = "REQUEST", attendees: tuple[str, ...] = (ANN, LEAK)) -> bytes:
    return invitation("google", *attendees, to=[ANN], extra=extra, method=method)


PLACES = {
    "ATTENDEE": "ATTENDEE:mailto:leak@o.example",
    "ATTENDEE in capitals": "attendee;cn=Leak:MAILTO:Leak@O.Example",
    "ATTENDEE folded": "ATTEN\r\n DEE;CN=Leak:mailto:le\r\n ak@o.exa\r\n mple",
    "ATTENDEE grouped": "x.ATTENDEE:mailto:leak@o.example",
    "ATTENDEE percent": "ATTENDEE:mailto:leak%40o.example",
    "ATTENDEE by EMAIL": "ATTENDEE;EMAIL=leak@o.example:urn:uuid:1",
    "CN": "ATTENDEE;CN=leak@o.example:mailto:nurse@elmroad.example",
    "CN quoted": 'ATTENDEE;CN="Ann, leak@o.example":mailto:nurse@elmroad.example',
    "CN with carets": "ATTENDEE;CN=^'leak@o.example^':mailto:nurse@elmroad.example",
    "EMAIL": "ATTENDEE;EMAIL=leak@o.example:mailto:nurse@elmroad.example",
    "SENT-BY": 'ATTENDEE;SENT-BY="mailto:leak@o.example":mailto:nurse@elmroad.example',
    "DELEGATED-TO": 'ATTENDEE;DELEGATED-TO="mailto:leak@o.example":mailto:nurse@elmroad.example',
    "DELEGATED-FROM": 'ATTENDEE;DELEGATED-FROM="mailto:leak@o.example":mailto:nurse@elmroad.example',
    "MEMBER": 'ATTENDEE;MEMBER="mailto:x@elmroad.example","mailto:leak@o.example":mailto:nurse@elmroad.example',
    "DIR": 'ATTENDEE;DIR="ldap://h/leak@o.example":mailto:nurse@elmroad.example',
    "X- parameter": "ATTENDEE;X-WHO=leak@o.example:mailto:nurse@elmroad.example",
    "CN as a bang path": "ATTENDEE;CN=o.example!leak:mailto:nurse@elmroad.example",
    "own line": 'ATTENDEE;DELEGATED-FROM="mailto:leak@o.example":mailto:ben@p.example',
    "ORGANIZER SENT-BY": f'ORGANIZER;SENT-BY="mailto:leak@o.example":mailto:{ORGANISER}',
    "ORGANIZER CN": f"ORGANIZER;CN=leak@o.example:mailto:{ORGANISER}",
    "DESCRIPTION": "DESCRIPTION:with\\nleak@o.example\\, and others",
    "DESCRIPTION folded": "DESCRIPTION:with lea\r\n k@o.example",
    "DESCRIPTION percent": "DESCRIPTION:mailto:leak%40o.example",
    "DESCRIPTION parameter": 'DESCRIPTION;ALTREP="cid:leak@o.example":x',
    "X-ALT-DESC": 'X-ALT-DESC;FMTTYPE=text/html:<a href="mailto:leak@o.example">write</a>',
    "X-ALT-DESC entity": "X-ALT-DESC;FMTTYPE=text/html:<p>leak&#64;o.example</p>",
    "X-ALT-DESC split": "X-ALT-DESC;FMTTYPE=text/html:<p>leak<b>@</b>o.example</p>",
    "SUMMARY": "SUMMARY:for leak@o.example",
    "LOCATION": "LOCATION:leak@o.example's house",
    "COMMENT": "COMMENT:leak@o.example cannot come",
    "CONTACT": "CONTACT:Leak\\, leak@o.example",
    "CATEGORIES": "CATEGORIES:leak@o.example",
    "RESOURCES": "RESOURCES:leak@o.example",
    "URL": "URL:https://x.example/?who=leak@o.example",
    "ATTACH": "ATTACH:mailto:leak@o.example",
    "ATTACH base64": f"ATTACH;VALUE=BINARY;ENCODING=BASE64:{base64.b64encode(b'a list: leak@o.example').decode()}",
    "REQUEST-STATUS": "REQUEST-STATUS:3.7;Invalid;ATTENDEE:mailto:leak@o.example",
    "RELATED-TO": "RELATED-TO:leak@o.example",
    "CONFERENCE": "CONFERENCE;LABEL=x:mailto:leak@o.example",
    "X-MS-OLK-SENDER": 'X-MS-OLK-SENDER;CN="Leak":mailto:leak@o.example',
    "X- vendor": "X-VENDOR-PEOPLE:ann@o.example;leak@o.example",
    "X- base64": f"X-VENDOR-BLOB:{base64.b64encode(b'leak@o.example and more').decode()}",
    "junk line": "leak@o.example",
    "PARTICIPANT": "BEGIN:PARTICIPANT\r\nUID:p\r\nCALENDAR-ADDRESS:mailto:leak@o.example\r\nEND:PARTICIPANT",
    "VALARM": "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT1H\r\nATTENDEE:mailto:leak@o.example\r\nEND:VALARM",
    "UID": "UID:leak@o.example",
    "fixed": "STATUS:leak@o.example",
}
HELD = {"UID", "fixed"}


@pytest.mark.parametrize("place", PLACES)
def test_planted_in_every_place(place: str) -> None:
    raw = planted(PLACES[place])
    recipients = (ANN, LEAK, BEN, NURSE)
    if place in HELD:
        with pytest.raises(CannotRewrite):
            copies(raw, *recipients)
        return
    made = copies(raw, *recipients)
    assert leaks(made[NURSE])
    for address in (ANN, BEN):
        assert not leaks(made[address]), made[address].decode("utf-8", "replace")
        for each in calendars(made[address]):
            assert address in invited(each)
    assert leaks(made[LEAK])


SPELLED = {
    "text": "DESCRIPTION:for %s today",
    "parameter": "ATTENDEE;CN=%s:mailto:nurse@elmroad.example",
    "page": "X-ALT-DESC;FMTTYPE=text/html:<p>%s</p>",
    "vendor": "X-VENDOR:%s",
}


@pytest.mark.parametrize("place", SPELLED)
@pytest.mark.parametrize("name", SPELLINGS)
def test_in_every_spelling(place: str, name: str) -> None:
    spelled = SPELLINGS[name].decode("utf-8", "surrogateescape")
    try:
        made = copies(planted(SPELLED[place].replace("%s", spelled)), ANN, LEAK, BEN)
    except CannotRewrite:
        return
    for address in (ANN, BEN):
        assert not leaks(made[address]) and SPELLINGS[name] not in made[address]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/plain; charset=utf-8", "Guests: leak@o.example – and others\r\n"),
        ("text/html; charset=utf-8", '<a href="mailto:leak@o.example">leak@o.example</a>\r\n'),
        ("text/html; charset=utf-8", "<p>leak&#64;o.example</p>\r\n"),
        ("text/csv", "name,address\r\nLeak,leak@o.example\r\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_the_texts_beside_a_calendar(kind: str, text: str, encoding: str) -> None:
    event = part("text/calendar; method=REQUEST", "8bit", encoded(zoom(Meeting((ANN, LEAK)))))
    raw = message(multipart("mixed", "b", part(kind, encoding, text.encode()), event), [ANN, LEAK])
    if "&#64;" in text:
        with pytest.raises(CannotRewrite):
            copies(raw, ANN, LEAK)
        return
    made = copies(raw, ANN, LEAK)
    assert not leaks(made[ANN]) and "calendar" in separated(raw, ANN, LEAK).changes
    assert "body" in separated(raw, ANN, LEAK).changes


def test_the_text_beside_a_file_with_dates_is_the_senders_own() -> None:
    event = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Holiday\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    letter = part("text/plain", "8bit", b"Ask leak@o.example\r\n")
    raw = message(multipart("mixed", "b", letter, part("text/calendar", "8bit", event)), [ANN, LEAK])
    with pytest.raises(CannotRewrite):
        copies(raw, ANN, LEAK)
    assert set(copies(raw.replace(b"Ask leak@o.example", b"Ask us"), ANN, LEAK)) == {ANN, LEAK}


@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_an_attachment_that_shows_somebody_stops_it(encoding: str) -> None:
    event = part("text/calendar; method=REQUEST", "8bit", encoded(zoom(Meeting((ANN, LEAK)))))
    for octets in (b"list\r\nleak@o.example\r\n", "list leak@o.example".encode("utf-16")):
        if encoding == "8bit" and b"\0" in octets:
            continue
        raw = message(multipart("mixed", "b", event, part("application/x-list", encoding, octets)))
        with pytest.raises(CannotRewrite):
            copies(raw, ANN, LEAK)


def test_a_preamble_that_shows_somebody_stops_it() -> None:
    event = part("text/calendar; method=REQUEST", "8bit", encoded(zoom(Meeting((ANN, LEAK)))))
    raw = message(multipart("mixed", "b", event).replace(b"--b\r\n", b"leak@o.example\r\n--b\r\n", 1))
    with pytest.raises(CannotRewrite):
        copies(raw, ANN, LEAK)


def test_a_signed_invitation_is_never_touched() -> None:
    event = part("text/calendar; method=REQUEST", "8bit", encoded(zoom(Meeting((ANN, BEN)))))
    signature = part("application/pgp-signature", "7bit", b"-----BEGIN PGP SIGNATURE-----\r\n")
    with pytest.raises(CannotRewrite):
        copies(message(multipart("signed", "b", event, signature)), ANN, BEN)


def test_overrides_several_events_and_alarms() -> None:
    def event(uid: str, *lines: str) -> str:
        return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"))

    ann, ben = f"ATTENDEE:mailto:{ANN}", f"ATTENDEE:mailto:{BEN}"
    alarm = ("BEGIN:VALARM", "ACTION:EMAIL", ben, "END:VALARM")
    text = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n" + event("1", ann, ben)
    text += event("1", "RECURRENCE-ID:20260326T180000Z", ben, *alarm) + event("2", ben) + event("3", "SUMMARY:x")
    raw = message(part("text/calendar", "8bit", (text + "END:VCALENDAR\r\n").encode()))
    made = copies(raw, ANN, BEN)
    for address, expected in {ANN: [[ANN], [], [ANN], [ANN], []], BEN: [[BEN], [BEN], [BEN], [BEN], []]}.items():
        (read,) = calendars(made[address])
        components = [index for index, each in enumerate(read.components) if each.kind in ("VEVENT", "VALARM")]
        shown = [[each.address for each in read.attendees if each.line.component == index] for index in components]
        assert shown == expected
        assert b"RECURRENCE-ID:20260326T180000Z" in others(read)


def test_bcc_does_not_fit_an_invitation_and_fits_a_file_with_dates() -> None:
    for program in PROGRAMS:
        with pytest.raises(FormDoesNotFit):
            hide_bcc(invitation(program, ANN, BEN, to=[ANN, BEN]), ANN, BEN, sender=ORGANISER)
    event = b"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Holiday\r\nEND:VEVENT\r\n"
    dates = b"BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\n" + event + b"END:VCALENDAR\r\n"
    raw = message(part("text/calendar", "7bit", dates), [ANN, BEN])
    (copy,) = hide_bcc(raw, ANN, BEN, sender=ORGANISER).copies
    assert Content(raw, copy.edits).to_bytes().endswith(dates)
    with pytest.raises(CannotRewrite):
        hide_bcc(raw.replace(b"Holiday", b"with ann@o.example"), ANN, BEN, sender=ORGANISER)


def test_nothing_to_hide_changes_nothing() -> None:
    for program in PROGRAMS:
        raw = invitation(program, ANN, NURSE, to=[ANN])
        assert copies(raw, ANN) == {ANN: RECEIVED + raw}


def test_a_signature_over_the_body_goes() -> None:
    raw = b"DKIM-Signature: v=1; d=elmroad.example; h=from; bh=x; b=y\r\n" + invitation("zoom", ANN, BEN)
    made = separated(raw, ANN, BEN, NURSE)
    assert "dkim-signature-removed" in made.changes
    assert b"DKIM" not in contents(raw, made)[ANN] and b"DKIM" in contents(raw, made)[NURSE]


def test_288_copies_hold_little_more_than_their_calendars() -> None:
    people = patients(288)
    raw = invitation("teams", *people, to=people)
    start = time.process_time()
    made = separated(raw, *people)
    print(f"288 copies: {(time.process_time() - start) * 1000:.0f} ms")
    assert len(made.copies) == 288
    size = sum(len(edit.replacement) for copy in made.copies for edit in copy.edits)
    print(f"{size / 288 / 1024:.1f} KiB a copy, the message has {len(raw) / 1024:.0f} KiB")
    (calendar,) = calendars(contents(raw, made)[people[0]])
    assert size < 288 * (2 * len(calendar.transferred.octets) + 20_000)


def test_a_calendar_too_large_for_so_many_is_held() -> None:
    people = patients(288)
    raw = invitation("outlook", *people, extra=("ATTACH;VALUE=BINARY;ENCODING=BASE64:" + "QUJD" * 100_000,))
    with pytest.raises(CannotRewrite, match="too large"):
        separated(raw, *people)


_NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters='"\r\n\0\\^@\uff20\ufe6b=%!&', exclude_categories=["Cc", "Cs"]),
    max_size=30,
)
_LOCALS = st.from_regex(r"[a-z]{2,9}", fullmatch=True)
_DOMAINS = st.sampled_from(["o.example", "p.example", "elmroad.example"])
_MAILBOXES = st.builds(lambda local, domain: f"{local}@{domain}", _LOCALS, _DOMAINS)
_PEOPLE = st.lists(_MAILBOXES, min_size=1, max_size=6, unique=True)


@settings(max_examples=120, deadline=None)
@given(
    _PEOPLE,
    _NAMES,
    _NAMES,
    st.sampled_from(["7bit", "base64", "quoted-printable"]),
    st.sampled_from(METHODS),
    st.data(),
)
def test_any_invitation(
    people: list[str], name: str, text: str, encoding: str, method: str, data: st.DataObject
) -> None:
    lines = ["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", "UID:1", f"SUMMARY:{text}"]
    lines += [f'ATTENDEE;CN="{name}":mailto:{each}' for each in people]
    lines += [f"X-OTHER:{data.draw(_NAMES)}", "END:VEVENT", "END:VCALENDAR"]
    raw = message(part("text/calendar; charset=utf-8", encoding, encoded(lines)))
    recipients = data.draw(st.lists(st.sampled_from([*people, "zoe@q.example"]), min_size=1, unique=True))
    try:
        made = copies(raw, *recipients)
    except CannotRewrite:
        return
    outside = [each for each in recipients if not each.endswith("@elmroad.example")]
    for address in outside:
        for before, after in zip(calendars(raw), calendars(made[address]), strict=True):
            assert others(before) == others(after)
            shown = {each for each in after.addresses if not each.endswith("@elmroad.example")}
            assert shown <= {address} | (before.parties)
    for address in set(recipients) - set(outside):
        assert made[address] == RECEIVED + raw


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(["8bit", "base64", "quoted-printable"]), st.data())
def test_changes_of_octets_are_changes_of_the_body(octets: bytes, encoding: str, data: st.DataObject) -> None:
    from mailguard.core.mail.transfer import decode_transfer
    from mailguard.core.rewrite.content import Edit
    from mailguard.core.rewrite.recode import Recoder

    raw = message(part("application/x-any", encoding, quoted(octets) if encoding == "8bit" else octets))
    root = parse(raw).root
    found = decode_transfer(raw, root)
    places = sorted(data.draw(st.lists(st.integers(0, len(found.octets)), min_size=2, max_size=8)))
    pairs = zip(places[::2], places[1::2], strict=False)
    changes = tuple(
        Edit(start, end, data.draw(st.sampled_from([b"", b"x@y.example\r\n", b"a" * 90]))) for start, end in pairs
    )
    made = Content(raw, Recoder(raw, found).edits(changes)).to_bytes()
    if encoding == "quoted-printable" and (found.flawed or b"\r" in octets.replace(b"\r\n", b"")):
        return
    assert decode_transfer(made, parse(made).root).octets == Content(found.octets, changes).to_bytes()
    assert Recoder(raw, found).edits(()) == ()
