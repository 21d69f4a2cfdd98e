"""Lists in several messages, recalls and corrections, through the real process with the default policy."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.mailing import submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink, Taken

TEXTS = {
    "party": "The summer party is on the lawn behind the office. Families are welcome, and there is something to eat.",
    "clinic": "The clinic on Friday is full. Please ring us for another day, and bring your letter along with you.",
    "hearing": "The hearing begins at ten in the large room. You need not bring anything, the tea is on us.",
    "trip": "The school trip leaves at eight sharp from the lower car park. Children need a packed lunch and a coat.",
    "survey": "Thank you for taking part in the survey. The results are shown in the library from June.",
    "harvest": "The harvest supper is on Saturday. Bring a dish to share and a chair, for the hall has only twenty.",
    "choir": "The choir needs two more altos for the summer concert. Rehearsals are on Tuesdays in the old school.",
}


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Service]:
    organisation = {
        "name": "Elm Road",
        "domains": ["elmroad.example"],
        "teams": [{"name": "relocations", "senders": ["ann@elmroad.example", "bob@elmroad.example"]}],
    }
    limits = {"connections_per_client": 100}
    with Service(tmp_path_factory.mktemp("batches"), sink.port, organisation=organisation, limits=limits) as found:
        yield found


def people(first: int, count: int, domain: str) -> list[str]:
    return [f"p{number}@{domain}.example" for number in range(first, first + count)]


def send(
    service: Service,
    shown: list[str],
    text: str,
    *,
    hidden: list[str] | None = None,
    subject: str = "News",
    sender: str = "jo@elmroad.example",
    fields: tuple[str, ...] = (),
) -> str:
    lines = [f"From: {sender}", f"To: {', '.join(shown) or 'undisclosed-recipients:;'}", f"Subject: {subject}", *fields]
    raw = "\r\n".join([*lines, "Date: Thu, 26 Nov 2026 09:00:00 +0000", "", text, ""]).encode()
    return submit(service.port, raw, [*shown, *(hidden or [])], sender)[1]


def variant(text: str, number: int) -> str:
    """Another greeting, a name merged in, a tracking link."""
    name = ("Anna", "Ben Dunn", "Cai", "Doro")[number % 4]
    first, _, rest = text.partition(". ")
    link = f"https://x.example/?r={number}"
    return "\r\n\r\n".join([f"Dear {name},", f"{first}. {name}, {rest}", link, "Kind regards,", "Jo"])


def test_a_list_in_parts_is_held_as_soon_as_the_total_reaches_ten(service: Service) -> None:
    answers = [send(service, people(1 + 4 * n, 4, "clinic"), variant(TEXTS["clinic"], n)) for n in range(4)]
    assert ["Held" in each for each in answers] == [False, False, True, True]


def test_what_the_smarthost_refused_or_deferred_for_all_was_shown_to_nobody(service: Service, sink: Sink) -> None:
    wrong, later = people(1, 9, "wrong"), people(1, 8, "later")
    sink.refusals.update({each.encode(): b"550 5.1.1 no such mailbox" for each in wrong})
    sink.refusals.update({each.encode(): b"451 4.2.0 come back" for each in later})
    assert "no such mailbox" in send(service, wrong, TEXTS["party"])
    assert "come back" in send(service, later, TEXTS["party"])
    assert "Held" not in send(service, people(1, 9, "right"), TEXTS["party"])


def test_the_same_people_again_are_no_longer_list(service: Service) -> None:
    answers = [send(service, people(1, 4, "trip"), variant(TEXTS["trip"], n)) for n in range(5)]
    assert not any("Held" in each for each in answers)


def test_a_team_counts_as_one_sender(service: Service) -> None:
    team = ("ann@elmroad.example", "bob@elmroad.example")
    answers = [send(service, people(1 + 6 * n, 6, "survey"), TEXTS["survey"], sender=team[n]) for n in range(2)]
    assert ["Held" in each for each in answers] == [False, True]


def test_a_tag_behind_plus_is_the_same_sender(service: Service) -> None:
    answers = [
        send(service, people(1 + 6 * n, 6, "tagged"), TEXTS["survey"], sender=f"eve+part{n}@elmroad.example")
        for n in range(2)
    ]
    assert ["Held" in each for each in answers] == [False, True]


def test_parts_at_the_same_moment_do_not_slip_past_each_other(service: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        parts = [people(1 + 6 * n, 6, "harvest") for n in range(8)]
        answers = list(pool.map(lambda shown: send(service, shown, TEXTS["harvest"]), parts))
    assert sum("Held" not in each for each in answers) <= 1


def test_bcc_first_and_the_correction_with_everybody_in_to(service: Service, sink: Sink) -> None:
    everybody = people(1, 90, "hearing")
    assert "Held" not in send(service, [], TEXTS["hearing"], hidden=everybody, subject="Hearing on 3 March")
    said = send(service, everybody[:7], "It is on 4 March.", subject="Correction: hearing on 4 March")
    assert "Sending 7 separate copies" in said

    def corrected() -> list[Taken]:
        """Beside notices about what was held before, in their own time."""
        return [each for each in list(sink.taken) if b"It is on 4 March." in each.content]

    copies = eventually(lambda: len(found := corrected()) == 7 and found)
    for copy in copies:
        (own,) = copy.recipients
        assert not [each for each in everybody if each != own and f"{each}".encode() in copy.content]


def test_ordinary_mail_to_two_readers_of_a_newsletter(service: Service) -> None:
    everybody = people(1, 40, "choir")
    send(service, [], TEXTS["choir"], hidden=everybody, subject="The choir in summer")
    assert "Held" not in send(
        service, everybody[:2], "Re the altos: thank you both.", subject="Re: The choir in summer"
    )
    other = send(service, everybody[:5], TEXTS["trip"] + " For the choir's coach.", subject="Coach for five")
    assert "Held" not in other and "copies" not in other


def test_a_reply_to_all_of_an_exposed_list(service: Service) -> None:
    """Released as it was by a reviewer; a colleague who got it answers some of them."""
    shown = people(1, 12, "exposed")
    said = send(service, shown, "A list that a person let pass.", fields=("Message-ID: <exposed@elmroad.example>",))
    ref = said.rpartition(" ")[2]
    service.run("held", "release", ref, "--as", "original", "--reason", "they know each other")
    answer = ("In-Reply-To: <exposed@elmroad.example>",)
    said = send(service, shown[:4], "I cannot come.", subject="Re: News", sender="dev@elmroad.example", fields=answer)
    assert "Sending 4 separate copies" in said


def test_an_outlook_recall_to_several(service: Service) -> None:
    text = 'Jo Marsh would like to recall the message, "Flu clinic".'
    said = send(service, people(1, 5, "recalled"), text, subject="Recall: Flu clinic")
    assert "Sending 5 separate copies" in said


def test_what_is_kept_names_nobody(service: Service, tmp_path: Path) -> None:
    send(service, people(1, 3, "planted-domain"), "plantedword " * 30, subject="plantedsubject here")
    for file in (service.folder / "store").iterdir():
        octets = file.read_bytes() if file.is_file() else b""
        assert b"planted-domain" not in octets and b"plantedword" not in octets and b"plantedsubject" not in octets
