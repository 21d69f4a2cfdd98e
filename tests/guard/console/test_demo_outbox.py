"""What would have been delivered: copies stand together, and it is said who can read whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from mailguard.guard.console.demo_outbox import Arrived, DemoOutbox, Kind
from tests.guard.console.house import START

MANAGER = "manager@elmroad.example"


class Arrivals:
    """Implements guard.console.demo_outbox.Arrivals."""

    def __init__(self) -> None:
        self.kept: list[Arrived] = []

    def add(
        self, to: str, *recipients: str, subject: str = "Clinic", identifier: str = "<1@x>", body: str = ""
    ) -> None:
        number = len(self.kept) + 1
        raw = f"To: {to}\r\nSubject: {subject}\r\nMessage-ID: {identifier}\r\n\r\n{body}\r\n"
        self.kept.append(Arrived(number, START + timedelta(seconds=number), recipients, raw.encode()))

    def all(self) -> Sequence[Arrived]:
        return self.kept

    def get(self, number: int) -> Arrived | None:
        return next((each for each in self.kept if each.number == number), None)


def outbox_on(arrivals: Arrivals) -> DemoOutbox:
    return DemoOutbox(arrivals, lambda message: b"Subject: Not sent yet" in bytes(message.raw), MANAGER)


def test_copies_of_one_message_stand_together_and_what_came_last_stands_first() -> None:
    arrivals = Arrivals()
    arrivals.add("b@out.example", "b@out.example", identifier="<2@x>")
    for name in "abc":
        arrivals.add(f"{name}@out.example", f"{name}@out.example")
    first, second = outbox_on(arrivals).groups()
    assert [item.recipients for item in first.items] == [(f"{name}@out.example",) for name in "abc"]
    assert first.kept_apart and first.first.subject == "Clinic"
    assert len(second.items) == 1 and not second.kept_apart


def test_a_copy_that_shows_another_is_not_kept_apart() -> None:
    arrivals = Arrivals()
    arrivals.add("A <a@out.example>", "a@out.example")
    arrivals.add("b@out.example, a@OUT.example", "b@out.example")
    (group,) = outbox_on(arrivals).groups()
    assert len(group.items) == 2 and not group.kept_apart


def test_other_text_other_message_and_several_recipients_stand_alone() -> None:
    arrivals = Arrivals()
    arrivals.add("a@out.example", "a@out.example")
    arrivals.add("b@out.example", "b@out.example", body="another")
    arrivals.add("a@out.example", "a@out.example", "b@out.example")
    groups = outbox_on(arrivals).groups()
    assert [len(group.items) for group in groups] == [1, 1, 1]
    assert groups[0].first.visible == {"a@out.example"}


def test_notices_are_told_from_messages_and_by_whom_they_go_to() -> None:
    arrivals = Arrivals()
    arrivals.add("jo@elmroad.example", "jo@elmroad.example", subject="Not sent yet")
    arrivals.add(MANAGER, MANAGER, subject="Not sent yet")
    arrivals.add(MANAGER, MANAGER, subject="Lunch")
    groups = outbox_on(arrivals).groups()
    assert [group.first.kind for group in groups] == [Kind.MESSAGE, Kind.TO_REVIEWERS, Kind.TO_SENDER]


def test_one_is_shown_with_what_it_says_and_as_it_left() -> None:
    arrivals = Arrivals()
    arrivals.add("a@out.example", "a@out.example", body="Hello")
    outbox = outbox_on(arrivals)
    found = outbox.one(1)
    assert found is not None and outbox.one(2) is None
    item, text, raw = found
    assert (item.number, text.text, raw) == (1, "Hello", arrivals.kept[0].raw)
    assert item.fields == (("To", "a@out.example"), ("Subject", "Clinic"))
