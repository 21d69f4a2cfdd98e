"""Notices: complete, safe whatever a subject or a note holds, and plain. Read with Python's email as second opinion."""

from __future__ import annotations

import email
import email.header
import email.policy
import re
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.core import words
from mailguard.core.frame import Frame, well_formed_message_id
from mailguard.core.legible import legible
from mailguard.core.letters.facts import LISTED, TO_REVIEWERS, Facts, Kind, Listed
from mailguard.core.notice import notice

LONDON = ZoneInfo("Europe/London")
GOLDEN = Path(__file__).parents[1] / "cases" / "notices"
FRAME = Frame(
    organisation="Elm Road Surgery",
    sender="mailguard@elmroad.example",
    contact="manager@elmroad.example",
    to="jo@elmroad.example",
    at=datetime(2026, 11, 20, 14, 2, 7, tzinfo=LONDON),
    message_id="<4f1a.held@elmroad.example>",
    mark="v1 0123456789abcdef",
    boundary="=_0123456789abcdef01234567",
    in_reply_to=b" <flu-clinic.1@elmroad.example>\r\n",
)
FACTS = Facts(
    ref="MG-7Q4K-2F",
    at=FRAME.at,
    subject="Flu clinic – new dates for asthma patients",
    reason="288 people in Cc would see each other's addresses",
    due_at=datetime(2026, 11, 20, 17, 0, tzinfo=LONDON),
    people=289,
    outside=288,
    by="Sam Patel",
    note="Please use the practice's bulk email tool.\nIt sends one email to each person.",
    form="separate",
    outcome=words.REVIEW_EXPIRED,
    why_not_told=words.NOT_TOLD_AUTOMATIC,
    rule="visible-list",
    revision="sha256:0f9e8d7c6b5a49382716",
)
SENDERS = [kind for kind in Kind if kind not in TO_REVIEWERS]
HOSTILE = st.text(
    alphabet=st.one_of(
        st.sampled_from("\r\n\t\0\x0b\x0c\x1b\x85\u2028\u2029\u202e\u2066\u200b\ufeff<>&\"'=?_-.@:;{}%\\ab"),
        st.characters(),
    ),
    max_size=300,
)
FIELDS = {
    "Date", "Message-ID", "From", "To", "Reply-To", "Subject", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "X-Mailguard-Notice", "MIME-Version", "Content-Type",
}  # fmt: skip
TAGS = {
    *("html", "head", "meta", "title", "body", "table", "tr", "td", "h1", "h2"),
    *("p", "ol", "ul", "li", "blockquote", "hr", "br"),
}


def read(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(octets: bytes, kind: str = "plain") -> str:
    body = read(octets).get_body((kind,))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def page(octets: bytes) -> Page:
    parsed = Page()
    parsed.feed(text_of(octets, "html"))
    parsed.close()
    return parsed


@pytest.mark.parametrize("kind", list(Kind))
def test_is_a_complete_message_that_a_second_parser_reads_without_a_defect(kind: Kind) -> None:
    octets = notice(kind, FACTS, FRAME)
    message = read(octets)
    assert [message.defects, *(part.defects for part in message.walk())] == [[]] * 4
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert octets.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", octets) is None
    assert max(len(line) for line in octets.split(b"\r\n")) <= 78
    assert octets.endswith(b"--\r\n")


@pytest.mark.parametrize("kind", SENDERS)
def test_fields_of_a_notice_to_the_sender(kind: Kind) -> None:
    message = read(notice(kind, FACTS, FRAME))
    assert set(message.keys()) == FIELDS
    assert len(message.keys()) == len(FIELDS)
    assert message["From"] == "Elm Road Surgery email checks <mailguard@elmroad.example>"
    assert message["To"] == "jo@elmroad.example"
    assert message["Reply-To"] == "manager@elmroad.example"
    assert message["Date"] == "Fri, 20 Nov 2026 14:02:07 +0000"
    # THREATS.md T70: a summary answers no message.
    assert message["Auto-Submitted"] == ("auto-generated" if kind is Kind.WEEK else "auto-replied")
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Mailguard-Notice"] == "v1 0123456789abcdef"
    assert message["In-Reply-To"] == message["References"] == "<flu-clinic.1@elmroad.example>"


@pytest.mark.parametrize("kind", sorted(TO_REVIEWERS))
def test_t70_a_notice_to_the_reviewers_is_auto_generated_and_has_no_reply_to(kind: Kind) -> None:
    message = read(notice(kind, FACTS, replace(FRAME, to="manager@elmroad.example", in_reply_to=None)))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] is None
    assert message["In-Reply-To"] is None


@pytest.mark.parametrize("kind", list(Kind))
def test_text_and_html_say_the_same(kind: Kind) -> None:
    octets = notice(kind, FACTS, FRAME)
    marks = r"^(?:\d+\. |- |> )"
    plain = [re.sub(marks, "", line).strip() for line in text_of(octets).split("\n") if line.strip()]
    title, *shown = [line.strip() for line in page(octets).text.split("\n") if line.strip()]
    assert title == read(octets)["Subject"]
    assert shown == plain


@pytest.mark.parametrize("kind", list(Kind))
def test_html_is_one_column_and_loads_nothing(kind: Kind) -> None:
    parsed = page(notice(kind, FACTS, FRAME))
    assert {tag for tag, _ in parsed.tags} <= TAGS
    assert ("html", {"lang": "en-GB"}) in parsed.tags
    assert [attributes["role"] for tag, attributes in parsed.tags if tag == "table"] == ["presentation"]
    assert not any(
        name in ("src", "href", "background", "action") for _, attributes in parsed.tags for name in attributes
    )
    assert "url(" not in text_of(notice(kind, FACTS, FRAME), "html")
    assert [tag for tag, _ in parsed.tags].count("h1") == 1


@pytest.mark.parametrize("kind", SENDERS)
def test_t60_markup_in_a_value_stays_text(kind: Kind) -> None:
    hostile = "</title></p><script>x</script><img src=//o.example>"
    listed = (Listed("MG-2222-22", hostile, FACTS.due_at),)
    facts = replace(
        FACTS, subject=hostile, reason=hostile, note=hostile, by=hostile, rule=hostile, listed=listed, count=1
    )
    parsed = page(notice(kind, facts, replace(FRAME, organisation=hostile)))
    assert [tag for tag, _ in parsed.tags if tag not in TAGS] == []
    assert [tag for tag, _ in parsed.tags].count("title") == 1
    assert "<script>x</script>" in parsed.text


def test_held_says_consequence_reason_deadline_and_what_to_do() -> None:
    octets = notice(Kind.HELD, FACTS, FRAME)
    text = text_of(octets)
    assert read(octets)["Subject"] == "Not sent yet: Flu clinic – new dates for asthma patients"
    assert text.split("\n")[2].startswith("Your email has not been sent yet.")
    assert "288 people in Cc would see each other's addresses." in text
    assert "addressed to 289 people, 288 of them outside Elm Road Surgery" in text
    assert "until 5pm on Friday 20 November 2026" in text
    assert "If nobody decides by then, it will not be sent" in text
    assert "Reference MG-7Q4K-2F · Held at 2:02pm on Friday 20 November 2026" in text
    assert "Reply to this email. It goes to manager@elmroad.example." in text


@pytest.mark.parametrize(
    ("people", "outside", "says"),
    [
        (1, 1, "It is addressed to 1 person outside Elm Road Surgery."),
        (12, 12, "It is addressed to 12 people outside Elm Road Surgery."),
        (12, 11, "It is addressed to 12 people, 11 of them outside Elm Road Surgery."),
        (2, 0, "It is addressed to 2 people."),
    ],
)
def test_held_counts_as_people_do(people: int, outside: int, says: str) -> None:
    assert says in text_of(notice(Kind.HELD, replace(FACTS, people=people, outside=outside), FRAME))


def test_held_tells_of_those_left_out_before() -> None:
    earlier = (Listed("MG-2222-22", "Recall\u202e list", FACTS.due_at),)
    text = text_of(notice(Kind.HELD, replace(FACTS, listed=earlier, count=3), FRAME))
    assert "3 emails of yours were also held" in text
    assert "- “Recall[U+202E] list”, to be decided by 5pm on Friday 20 November 2026 (MG-2222-22)" in text
    assert "- and 2 emails more" in text


def test_sent_says_in_which_form_and_to_how_many() -> None:
    text = text_of(notice(Kind.SENT, FACTS, FRAME))
    assert "as separate copies to 288 people outside Elm Road Surgery" in text
    assert "The people at Elm Road Surgery get it as you wrote it." in text
    assert "Sam Patel decided this at 2:02pm on Friday 20 November 2026." in text
    assert "exactly as you wrote it, to 289 people" in text_of(
        notice(Kind.SENT, replace(FACTS, form="original"), FRAME)
    )
    assert "will not see each other's addresses" in text_of(notice(Kind.SENT, replace(FACTS, form="bcc"), FRAME))


def test_rejected_carries_the_reviewers_note_line_by_line() -> None:
    octets = notice(Kind.REJECTED, FACTS, FRAME)
    assert read(octets)["Subject"] == "Not sent: Flu clinic – new dates for asthma patients"
    assert (
        "Sam Patel wrote\n> Please use the practice's bulk email tool.\n> It sends one email to each person.\n"
        in text_of(octets)
    )


def test_expired_is_sorry_and_says_what_to_do_now() -> None:
    text = text_of(notice(Kind.EXPIRED, FACTS, FRAME))
    assert "Your email was not sent to anyone. Nobody decided about it by 5pm on Friday 20 November 2026." in text
    assert "If it is still needed, send it again" in text


def test_cancelled_says_that_nobody_received_it() -> None:
    assert "Your email was cancelled. Nobody received it." in text_of(notice(Kind.CANCELLED, FACTS, FRAME))


def test_without_a_contact_it_still_says_whom_to_ask() -> None:
    octets = notice(Kind.HELD, FACTS, replace(FRAME, contact=None))
    assert read(octets)["Reply-To"] is None
    assert "Ask the person who looks after email at Elm Road Surgery" in text_of(octets)


@pytest.mark.parametrize("kind", list(Kind))
def test_t71_no_address_of_a_recipient_even_if_a_reason_holds_one(kind: Kind) -> None:
    reason = "ann@outside.example and 'bob'@outside.example, <c@d.example> would see each other"
    octets = notice(kind, replace(FACTS, reason=reason), FRAME)
    both = text_of(octets) + text_of(octets, "html")
    assert set(re.findall(r"[\w.']+@\w+(?:\.\w+)+", both)) <= {"manager@elmroad.example"}


@pytest.mark.parametrize("kind", sorted(TO_REVIEWERS))
def test_reviewers_see_no_subject_no_reason_no_names(kind: Kind) -> None:
    octets = notice(kind, FACTS, FRAME)
    both = text_of(octets) + text_of(octets, "html") + read(octets)["Subject"]
    for private in ("Flu", "asthma", "Sam Patel", "bulk email", "288 people in Cc", "jo@"):
        assert private not in both


def test_a_combined_notice_lists_some_and_counts_the_rest() -> None:
    listed = tuple(Listed(f"MG-22{n:02}-22", f"Subject {n}", FACTS.due_at) for n in range(30))
    octets = notice(Kind.SEVERAL, replace(FACTS, listed=listed, count=41), FRAME)
    assert read(octets)["Subject"] == "Not sent yet: 41 emails"
    assert text_of(octets).count("to be decided by") == LISTED
    assert "- and 21 emails more" in text_of(octets)


def test_an_empty_subject_is_named_as_such() -> None:
    assert read(notice(Kind.HELD, replace(FACTS, subject=" \r\n "), FRAME))["Subject"] == "Not sent yet: (no subject)"


def test_an_international_address_stands_in_to_as_utf8() -> None:
    octets = notice(Kind.HELD, FACTS, replace(FRAME, to="jörg@elmroad.example", international=True))
    assert "To: jörg@elmroad.example\r\n".encode() in octets
    assert octets.replace("ö".encode(), b"").isascii()


@pytest.mark.parametrize(
    "change",
    [
        {"to": "jo@elmroad.example\r\nBcc: leak@outside.example"},
        {"to": "jörg@elmroad.example"},
        {"to": "a" * 400 + "@elmroad.example"},
        {"sender": "a@b.example\n"},
        {"message_id": "<a\r@b.example>"},
        {"mark": "v1\r\n"},
        {"boundary": "a\nb"},
    ],
)
def test_a_frame_that_cannot_stand_in_a_header_is_an_error(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"cannot hold"):
        notice(Kind.HELD, FACTS, replace(FRAME, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [None, b"", b"no brackets", b"<a@b>\r\n <c@d>", b"<a@b> <c@d>", b"<a b@c>", b"<a@b\r\nBcc: x>", b"<\xff@b>",
     b"<" + b"a" * 300 + b"@b>", b"<a@b@c>"],
)  # fmt: skip
def test_a_message_id_that_could_be_misread_is_left_out(value: bytes | None) -> None:
    assert well_formed_message_id(value) is None
    message = read(notice(Kind.HELD, FACTS, replace(FRAME, in_reply_to=value)))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


@settings(max_examples=60)
@given(
    kind=st.sampled_from(list(Kind)), subject=HOSTILE, note=HOSTILE, reason=HOSTILE, by=HOSTILE, name=HOSTILE,
    rule=HOSTILE,
)  # fmt: skip
def test_nothing_that_a_person_wrote_breaks_out_of_its_place(
    kind: Kind, subject: str, note: str, reason: str, by: str, name: str, rule: str
) -> None:
    listed = (Listed("MG-2222-22", subject, FACTS.due_at),)
    facts = replace(FACTS, subject=subject, note=note, reason=reason, by=by, rule=rule, listed=listed, count=1)
    octets = notice(kind, facts, replace(FRAME, organisation=name))
    ordinary = notice(kind, replace(FACTS, listed=listed, count=1), FRAME)
    message = read(octets)
    assert message.keys() == read(ordinary).keys()
    assert [each.defects for each in message.walk()] == [[]] * 3
    assert [each.get_content_type() for each in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert octets.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\0", octets) is None
    assert max(len(line) for line in octets.split(b"\r\n")) <= 78
    assert message["To"].addresses[0].addr_spec == "jo@elmroad.example"
    assert [each.addr_spec for each in message["From"].addresses] == ["mailguard@elmroad.example"]
    parsed = page(octets)
    shown = text_of(octets) + parsed.text + message["Subject"] + message["From"].addresses[0].display_name
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]", shown) is None
    assert {tag for tag, _ in parsed.tags} <= TAGS


@settings(max_examples=60)
@given(subject=HOSTILE)
def test_the_subject_comes_back_as_it_is_made_legible(subject: str) -> None:
    message = read(notice(Kind.HELD, replace(FACTS, subject=subject), FRAME))
    expected = words.HELD_SUBJECT.format(subject=legible(subject) or words.NO_SUBJECT)
    decoded = "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part
        for part, charset in email.header.decode_header(raw_field(message, "Subject"))
    )
    assert decoded == expected


def raw_field(message: EmailMessage, name: str) -> str:
    return next(value for key, value in message._headers if key == name)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "kind", "facts"),
    [
        ("held", Kind.HELD, FACTS),
        ("rejected", Kind.REJECTED, FACTS),
    ],
)
def test_golden_notices(name: str, kind: Kind, facts: Facts) -> None:
    """A change of words shows in the diff of these files. To write them anew, delete them and run the tests twice."""
    path = GOLDEN / f"{name}.eml"
    octets = notice(kind, facts, FRAME)
    if not path.exists():
        path.write_bytes(octets)
        pytest.fail(f"{path.name} was written: look at it, then run again")
    assert path.read_bytes() == octets


LINK = "https://mail.elmroad.example/s/" + "7" * 64


def test_a_held_notice_leads_to_the_page_of_its_sender() -> None:
    facts = replace(FACTS, link=LINK, sender_may=("separate",))
    octets = notice(Kind.HELD, facts, FRAME)
    plain, parsed = text_of(octets), page(octets)
    assert f"Choose what should happen to your email:\n{LINK}\n" in plain.replace("\r\n", "\n")
    assert [attributes["href"] for tag, attributes in parsed.tags if tag == "a"] == [LINK]
    assert "1. Send a separate copy to each person." in plain and "exactly as it is." not in plain
    assert "Opening it changes nothing" in plain and "This cannot wait" in plain and LINK not in repr(facts)


def test_a_combined_notice_has_a_link_for_each_message() -> None:
    listed = tuple(Listed(f"MG-222{number}-22", "Flu", FACTS.due_at, link=f"{LINK}{number}") for number in range(2, 7))
    octets = notice(Kind.SEVERAL, replace(FACTS, listed=listed, count=6), FRAME)
    assert [attributes["href"] for tag, attributes in page(octets).tags if tag == "a"] == [each.link for each in listed]
    assert "and 1 email more" in text_of(octets) and all(each.link in text_of(octets) for each in listed)


def test_without_a_console_a_notice_has_no_link() -> None:
    for kind in Kind:
        assert not [tag for tag, _ in page(notice(kind, FACTS, FRAME)).tags if tag == "a"], kind


CONSOLE = replace(FRAME, console="https://mail.elmroad.example")


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        (Kind.REVIEW_HELD, "/m/MG-7Q4K-2F"),
        (Kind.REVIEW_ASKED, "/m/MG-7Q4K-2F"),
        (Kind.REVIEW_URGENT, "/m/MG-7Q4K-2F"),
        (Kind.REVIEW_SEVERAL, "/queue"),
        (Kind.REVIEW_REMINDED, "/queue"),
        (Kind.REVIEW_PRESSED, "/queue"),
    ],
)
def test_whoever_decides_is_led_to_the_console_where_there_is_one(kind: Kind, page: str) -> None:
    message = read(notice(kind, replace(FACTS, count=1, listed=(Listed(FACTS.ref, "", FACTS.due_at),)), CONSOLE))
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    address = f"https://mail.elmroad.example{page}"
    assert f"sign in to mailguard:\n{address}\n" in text and f'<a href="{address}">' in html
    assert "mailguard held" not in text, "who decides in a browser is told of no commands"
    assert b"https://" not in notice(kind, FACTS, FRAME)


@pytest.mark.parametrize("kind", SENDERS)
def test_a_sender_is_not_sent_to_the_reviewers_pages(kind: Kind) -> None:
    assert b"mail.elmroad.example/" not in notice(kind, FACTS, CONSOLE)
