"""What earlier messages say about one, and what is kept of each."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.core.earlier.past import NO_PAST, Earlier, Past, beside
from mailguard.core.earlier.recall import is_recall, takes_back
from mailguard.core.earlier.sending import sending_of
from mailguard.core.earlier.trace import Sending, Trace, packed, trace_of, unpacked
from mailguard.core.earlier.words import opening, plain_words
from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from tests.core.earlier.texts import LETTERS

HOUR, FORTNIGHT = timedelta(hours=1), timedelta(days=14)


def people(count: int, first: int = 1) -> tuple[str, ...]:
    return tuple(f"p{number}@patients.example" for number in range(first, first + count))


def sending(
    shown: tuple[str, ...] = (),
    hidden: tuple[str, ...] = (),
    text: str = LETTERS[0],
    subject: str = "Flu clinic moves",
    sender: str = "jo@elmroad.example",
    **more: object,
) -> Sending:
    return Sending(
        senders=(sender,),
        identifiers=more.get("identifiers", ()),  # type: ignore[arg-type]
        answered=more.get("answered", ()),  # type: ignore[arg-type]
        shown=shown,
        hidden=hidden,
        subject=plain_words(subject),
        words=plain_words(text),
        takes_back=bool(more.get("takes_back", False)),
    )


def batch(*counts: int, **more: object) -> int:
    """The last of several messages with so many people each, all others."""
    starts = [sum(counts[:index]) + 1 for index in range(len(counts))]
    made = [sending(people(count, first), **more) for count, first in zip(counts, starts, strict=True)]  # type: ignore[arg-type]
    return beside(made[-1], [(each, HOUR, False) for each in made[:-1]]).batch(FORTNIGHT)


def test_people_of_a_batch_count_together() -> None:
    assert batch(13, 55, 245) == 313
    assert batch(100, 100, 100, 100, 100) == 500
    assert batch(419, 419) == 838
    assert batch(4, 4, 4) == 12


def test_who_is_shown_twice_counts_once() -> None:
    own = sending(people(6))
    assert beside(own, [(sending(people(6)), HOUR, False)] * 3).batch(FORTNIGHT) == 6


def test_messages_that_show_one_person_or_nobody_are_no_batch() -> None:
    merge = [(sending(people(1, number)), HOUR, False) for number in range(1, 500)]
    assert beside(sending(people(1, 600)), merge).batch(FORTNIGHT) == 0
    assert beside(sending(people(3, 600)), merge).batch(FORTNIGHT) == 3
    assert beside(sending(people(3)), [(sending((), people(90, 10)), HOUR, False)]).batch(FORTNIGHT) == 3
    assert beside(sending(people(3)), [(sending(people(9, 10)), HOUR, True)]).batch(FORTNIGHT) == 3


def test_another_sender_another_text_and_another_month_are_no_batch() -> None:
    own = sending(people(6))
    for other in (sending(people(6, 7), sender="dev@elmroad.example"), sending(people(6, 7), text=LETTERS[1])):
        assert beside(own, [(other, HOUR, False)]).batch(FORTNIGHT) == 6
    assert beside(own, [(sending(people(6, 7)), timedelta(days=15), False)]).batch(FORTNIGHT) == 6


def test_texts_that_say_nothing_are_compared_by_their_subjects() -> None:
    own = sending(people(6), text="", subject="Clinic on Friday")
    for subject, count in (("Clinic on Friday", 12), ("Another", 6)):
        assert beside(own, [(sending(people(6, 7), text="", subject=subject), HOUR, False)]).batch(FORTNIGHT) == count
    silent = sending(people(6), text="", subject="")
    assert beside(silent, [(sending(people(6, 7), text="", subject=""), HOUR, False)]).batch(FORTNIGHT) == 6


NEWSLETTER = sending((), people(90), identifiers=("n1@elmroad.example",))


@pytest.mark.parametrize(
    "later",
    [
        sending(people(5), text=LETTERS[1], subject="Other", answered=("n1@elmroad.example",)),
        sending(people(5), text=LETTERS[1], subject="Correction: flu clinic moves"),
        sending(people(5), text=LETTERS[0], subject="Other matters here"),
        sending(people(5), text=LETTERS[1], subject="Other", takes_back=True),
        sending(
            people(5), text=LETTERS[1], subject="Other", sender="dev@elmroad.example", answered=("n1@elmroad.example",)
        ),
    ],
    ids=["reply", "subject", "text", "apology", "a colleague's reply to all"],
)
def test_who_was_hidden_and_is_shown_now(later: Sending) -> None:
    assert beside(later, [(NEWSLETTER, HOUR, False)]).shown_again(FORTNIGHT) == 5
    assert beside(later, [(NEWSLETTER, timedelta(days=15), False)]).shown_again(FORTNIGHT) == 0


@pytest.mark.parametrize(
    "later",
    [
        sending(people(2)),
        sending(people(5, 200)),
        sending((), people(90)),
    ],
)
def test_ordinary_mail_after_a_newsletter(later: Sending) -> None:
    assert beside(later, [(NEWSLETTER, HOUR, False)]).shown_again(FORTNIGHT) < 3


def test_another_matter_and_another_sender_are_left_alone() -> None:
    for later in (
        sending(people(5), text=LETTERS[1], subject="Board meeting"),
        sending(people(5), sender="dev@elmroad.example"),
    ):
        assert beside(later, [(NEWSLETTER, HOUR, False)]).shown_again(FORTNIGHT) == 0


def test_a_thread_of_a_few_people_goes_on() -> None:
    """They saw each other from the start, and nobody calls that exposed."""
    first = sending(people(5), identifiers=("a@x",))
    assert beside(sending(people(5), answered=("a@x",)), [(first, HOUR, False)]).shown_again(FORTNIGHT) == 0


def test_a_reply_to_an_exposed_list_counts() -> None:
    own = trace_of(sending(people(5)), b"k")
    exposed = trace_of(sending(people(288)), b"k").as_left(hidden=False, exposed=True)
    past = Past(own, False, (Earlier(own, exposed, HOUR, by_sender=False, answered=True),))
    assert past.shown_again(FORTNIGHT) == 5


def test_what_left_as_separate_copies_was_hidden() -> None:
    first = sending(people(40))
    assert beside(sending(people(4)), [(first, HOUR, True)]).shown_again(FORTNIGHT) == 4
    assert beside(sending(people(4)), [(first, HOUR, False)]).shown_again(FORTNIGHT) == 0


def test_nothing_is_known_by_default() -> None:
    assert NO_PAST.batch(FORTNIGHT) == NO_PAST.shown_again(FORTNIGHT) == 0


digest = st.binary(min_size=8, max_size=8)
traces = st.builds(
    Trace,
    st.frozensets(digest),
    st.frozensets(digest),
    st.frozensets(digest),
    st.sampled_from((b"", bytes(256))),
    st.booleans(),
)


@given(traces)
def test_a_trace_is_kept_as_it_is(trace: Trace) -> None:
    assert unpacked(packed(trace)) == trace


@given(st.binary(max_size=200))
def test_other_octets_are_refused_or_read(octets: bytes) -> None:
    try:
        unpacked(octets)
    except ValueError:
        return


def test_a_trace_names_nobody() -> None:
    made = trace_of(sending(people(3), people(2, 9)), b"k" * 32)
    kept = packed(made)
    assert b"patients" not in kept and b"clinic" not in kept and b"p1" not in kept
    assert made.shown.isdisjoint(trace_of(sending(people(3)), b"j" * 32).shown)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Recall: Flu clinic", ""),
        ("Rückruf: Grippetermin", ""),
        ("Rappel : vaccination", ""),
        ("", 'Jo Marsh would like to recall the message, "Flu clinic".'),
    ],
)
def test_recalls_of_programs(subject: str, text: str) -> None:
    assert is_recall(subject, text) and takes_back(subject, text)


@pytest.mark.parametrize(
    "text",
    [
        "Please disregard my previous email.",
        "On Monday we sent you an email in which your address may have been visible to other people.",
        "We are sorry for this breach. Please delete that email and empty your deleted items.",
        "Sorry everyone, wrong link before. Use the one on our website.",
        "Sorry for the confusion earlier today. The correct date is Sunday the sixth.",
        "The link in the earlier message was broken; here is the right one.",
        "We apologise for the email that you received this morning.",
        "Sorry, that message was sent too early. Please delete it.",
        "The invitation below was sent in error.",
        "Correction: the hearing is on 4 March.",
        "Please use the corrected list below.",
        "If you received our email this morning, please delete it; this message was sent in error.",
        "Bitte entschuldigen Sie die gestrige Nachricht.",
        "Veuillez ignorer le courriel précédent, envoyé par erreur.",
    ],
)
def test_apologies_and_corrections_of_people(text: str) -> None:
    assert takes_back("About this morning", text) and not is_recall("About this morning", text)


@pytest.mark.parametrize(
    "text",
    [
        "Sorry for the delay, here are the figures.",
        "Do you recall the name of the caterer?",
        "Sorry for my late email. The contract is attached.",
        "Please find the corrected invoice attached.",
        "Item 3: correction of the date was agreed.",
        "See you on Tuesday.\n\nIf you have received this email in error, please tell the sender and delete it.",
        "See you.\n\nIf you are not the intended recipient or have received this\ne-mail in error, delete it.",
        "Bis Dienstag.\n\nFalls Sie diese E-Mail irrtümlich erhalten haben, löschen Sie sie bitte.",
        "À mardi.\n\nSi vous avez reçu ce message par erreur, merci de le détruire.",
    ],
)
def test_ordinary_words_take_nothing_back(text: str) -> None:
    assert not takes_back("Figures", text)


def test_a_message_of_many_names_is_known_by_some_of_them() -> None:
    names = ", ".join(f"u{number}@elmroad.example" for number in range(5_000))
    identifiers = " ".join(f"<{number}@x.example>" for number in range(5_000))
    threads = "\r\n".join("Thread-Index: " + b64encode(number.to_bytes(30)).decode() for number in range(500))
    head = f"From: {names}\r\nMessage-ID: {identifiers}\r\nReferences: {identifiers}\r\n{threads}"
    message = parse(f"{head}\r\nTo: a@x.example, b@x.example\r\n\r\nHello\r\n".encode())
    envelope, organisation = Envelope(None, ()), Organisation("Elm Road", frozenset({"elmroad.example"}))
    found = sending_of(envelope, observe(message, envelope, organisation), organisation)
    assert found is not None
    assert max(len(found.senders), len(found.identifiers), len(found.answered)) <= 100
    assert "u0@elmroad.example" in found.senders and "4999@x.example" in found.answered


def test_what_a_reply_quotes_does_not_make_it_a_recall() -> None:
    quoted = "Noted, thanks.\r\n\r\nOn Monday Ann wrote:\r\n> Sorry, my email went to you by mistake.\r\n"
    raw = f"From: jo@elmroad.example\r\nSubject: Re: plan\r\n\r\n{quoted}".encode()
    assert not takes_back("Re: plan", opening(parse(raw)))
    recalled = raw.replace(b"Sorry, my email went to you by mistake.", b"Ann would like to recall the message, plan.")
    assert not is_recall("Re: plan", opening(parse(recalled)))
