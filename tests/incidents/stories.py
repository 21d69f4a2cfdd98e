"""The incidents that are more than one message, as incidents.yaml tells them, with invented people.

A story is its steps in order, by one sender or team. A step that shows people may not leave as it was; one that hides
them (Bcc) is ordinary mail and leaves. `further()` are messages of the same stories that show fewer people than any
rule counts and that only a memory of earlier messages can tell from ordinary mail (recalls, batches).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

from tests.core.mail.calendar.invitations import ORGANISER, invitation
from tests.incidents.build import INSIDE, Person, people

PARTNER = "partner.example"
"""A trusted domain: exempt from the count, never from the rewrite."""


@dataclass(frozen=True, slots=True)
class Step:
    """shown: whom its recipients would see. leaves: it hides everybody, and goes out untouched."""

    what: str
    raw: bytes
    recipients: tuple[str, ...]
    shown: tuple[str, ...]
    sender: str = f"team@{INSIDE}"
    leaves: bool = field(default=False)


def _mail(
    what: str, text: str, name: str, listed: list[Person], blind: list[Person] | None = None, *, answer: str = ""
) -> Step:
    """name: the field in which they are listed."""
    hidden, sender = blind or [], f"team@{INSIDE}"
    lines = [f"From: The team <{sender}>", *([] if listed and name == "To" else [f"To: <{sender}>"])]
    lines += [f"{name}: " + ",\r\n ".join(each.written for each in listed)] if listed else []
    lines += [
        f"Subject: {what}",
        "Date: Thu, 12 Mar 2026 09:00:00 +0000",
        f"Message-ID: <{crc32(what.encode())}@{INSIDE}>",
    ]
    lines += [f"In-Reply-To: {answer}", f"References: {answer}"] if answer else []
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text]
    shown = tuple(each.address for each in listed)
    recipients = (*shown, *(each.address for each in hidden))
    raw = "".join(f"{line}\r\n" for line in lines).encode()
    return Step(what, raw, recipients, shown, sender, leaves=not listed)


def _meeting(what: str, who: list[Person], method: str, sequence: int) -> Step:
    shown = tuple(each.address for each in who)
    raw = invitation("teams", *shown, to=shown, method=method, sequence=sequence)
    return Step(what, raw, shown, shown, ORGANISER)


NEWS = "Dear all,\r\n\r\nplease read the news of our programme.\r\n"
RECALL = 'The sender would like to recall the message, "{}".\r\n'
SORRY = "Dear all,\r\n\r\nwe are sorry: the last message showed your addresses. Please delete it.\r\n"


def stories() -> dict[str, list[Step]]:
    patients, survivors, families = people(264), people(90), people(313)
    clients, stranded, listed, meeting = people(1781), people(2727), people(998), people(288)
    partners = people(45, ("city.example", PARTNER, "town.example"))
    city = people(652)
    batches = [stranded[:1000], stranded[1000:1727], stranded[1727:2227], stranded[2227:]]
    return {
        "central-ymca": [
            _mail("Your programme", NEWS, "Cc", patients),
            _mail(
                "Recall: Your programme", RECALL.format("Your programme"), "Cc", patients, answer="<1@elmroad.example>"
            ),
        ],
        "iicsa": [
            _mail("The inquiry", NEWS, "To", [], survivors),
            _mail("Correction: The inquiry", NEWS + "The date is 27 February.\r\n", "To", survivors),
            _mail("Our apology", SORRY, "To", [], survivors),
        ],
        "mod-arap": [
            _mail("Your case", NEWS, "To", families[:13]),
            _mail("Your case and you", NEWS, "To", families[13:68]),
            _mail("Your case, again", NEWS, "To", families[68:]),
        ],
        "tavistock": [
            _mail("Art competition", NEWS, "To", [], people(700)[:300]),
            _mail("Art competition, 2", NEWS, "To", clients[:890]),
            _mail("Art competition, 3", NEWS, "To", clients[890:]),
        ],
        "dfat": [
            *(_mail(f"Flights, part {number}", NEWS, "To", batch) for number, batch in enumerate(batches, 1)),
            _mail("Recall: Flights, part 1", RECALL.format("Flights, part 1"), "To", batches[0]),
        ],
        "ringmead-gp": [
            _mail("Surgery news", NEWS, "To", listed),
            _mail("Recall: Surgery news", RECALL.format("Surgery news"), "To", listed),
        ],
        "reading-gp": [
            _meeting("the invitation", meeting, "REQUEST", 0),
            _mail("Re: Question time", "Please ignore it.\r\n", "Cc", meeting, answer="<invitation@elmroad.example>"),
            _meeting("the cancellation", meeting, "CANCEL", 1),
        ],
        "toyota-city": [
            _mail(f"Notice {number}", NEWS, "To", city[number * 27 : number * 27 + 27] if number < 23 else city[621:])
            for number in range(24)
        ],
        "kagoshima": [_mail("To our municipalities", NEWS, "To", partners)],
    }


def further() -> dict[str, Step]:
    """By the capability that each calls for: they show three to nine people, and only history tells why not to."""
    survivors, families, patients = people(90), people(313), people(264)
    return {
        "recalls: a correction to five who were in Bcc (iicsa)": _mail("Correction", NEWS, "To", survivors[:5]),
        "recalls: an apology to eight who were exposed (central-ymca)": _mail("Our apology", SORRY, "Cc", patients[:8]),
        "recalls: an answer to all of four who were exposed (iicsa)": _mail(
            "Re: The inquiry", "Please stop.\r\n", "To", survivors[:4], answer="<1@elmroad.example>"
        ),
        "batches: nine more of the same text (mod-arap)": _mail("Your case", NEWS, "To", families[:9]),
        "batches: nine others with another greeting (mod-arap)": _mail(
            "Your case", "Dear " + NEWS, "To", families[9:18]
        ),
    }
