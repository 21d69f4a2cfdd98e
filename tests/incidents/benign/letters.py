# ruff: noqa: E501
"""Letters between people: each program's own forms, threads of two to nine people, chains that were sent on."""

from __future__ import annotations

from collections.abc import Iterator

from .model import DEV, JO, Benign, Person, addresses, colleagues, people
from .programs import FORM, PROGRAMS, Letter

SIGNATURE = "\n\nKind regards\n\nJo Marsh\nPractice manager, Elm Road Surgery\njo.marsh@elmroad.example | 01632 960001"
COLLEAGUES = (
    "\n\nWhile I am away: Dev Frost (dev.frost@elmroad.example), for accounts Grace Hale (grace.hale@supplier.example)"
)


def letters() -> Iterator[Benign]:
    for number, program in enumerate(PROGRAMS):
        yield from _forms(program, number)
        yield from _threads(program, number)


def _made(program: str, structure: str, letter: Letter) -> Benign:
    recipients = addresses(letter.to, letter.cc)
    return Benign(f"program: {program}", structure, PROGRAMS[program](letter), recipients, letter.author.address)


def _forms(program: str, number: int) -> Iterator[Benign]:
    anna, ben, chloe = people(3, number * 3)
    said = (anna, [JO], [ben, DEV], "Can we meet on Thursday?\n\n" + anna.written)
    yield _made(program, "new", Letter(JO, [anna], text="Hello,\n\nsee you on Thursday." + SIGNATURE))
    yield _made(program, "answer", Letter(JO, [anna], quoted=said, text="Yes." + SIGNATURE))
    yield _made(program, "answer to all", Letter(JO, [anna], [ben, DEV], quoted=said))
    yield _made(program, "sent on", Letter(JO, [chloe], quoted=said, forward=True, text="For you." + COLLEAGUES))
    yield _made(program, "with a file", Letter(JO, [anna, ben], text="The form." + SIGNATURE, file=FORM))
    history = (
        f"{anna.written} wrote:\n> {ben.written} wrote:\n>> {chloe.written} wrote:\n>>> {JO.written} wrote:\n>>>> Hi"
    )
    yield _made(program, "answer, three deep", Letter(JO, [ben], [DEV], quoted=(ben, [JO], [DEV], history)))
    card = f"Please meet {anna.name} ({anna.address}) of the council; {ben.name}'s office is info@{ben.address[-12:]}."
    yield _made(program, "an introduction", Letter(JO, [chloe], [anna], text=card + SIGNATURE))
    patient = people(1, number, ("freemail.example",))
    yield _made(
        program, "to a private person", Letter(DEV, patient, text="Your appointment is on 19 March, 10.20.", file=FORM)
    )
    yield _made(program, "staff and two outside", Letter(DEV, [*colleagues(6), anna], [ben], text="Rota for the week."))
    yield _made(program, "with a picture", Letter(JO, [anna], text="Our logo." + SIGNATURE, picture=True))


def _threads(program: str, number: int) -> Iterator[Benign]:
    """A working group that answers all, with those before quoted: as many as nine people outside, as it happens."""
    size = (2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 3, 2)[number % 13]
    domains = ("council.example", "hospital.example", "charity.example", "school.example")
    group = people(size, number * 5, domains)
    staff = colleagues(number % 4 + 1)
    text = "Fine with me." + SIGNATURE
    for turn in range(6):
        text += f"\n\n{_attribution(program, group[turn % size])}\n> I would say {turn + 9} o'clock.\n> {group[turn % size].name}"
    yield _made(program, "a long thread", Letter(JO, group[:2], [*group[2:], *staff], text=text))


def _attribution(program: str, author: Person) -> str:
    if "German" in program:
        return f"Am 11.03.2026 um 16:02 schrieb {author.written}:"
    if "French" in program:
        return f"Le 11/03/2026 à 16:02, {author.written} a écrit :"
    return f"On 11 March 2026, {author.written} wrote:"
