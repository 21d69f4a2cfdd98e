"""An archive of invented mail, the same for the same seed, with exposures planted in it at known places.

    python tests/replay/generated.py 100000 archive.mbox

Messages of 2 to 500 kB, one in twenty with an attachment (real PDF, workbook and text files), half of them with an HTML
form, of 200 senders over a year; one in eight goes to two to four people outside. Nobody in it exists.
"""

from __future__ import annotations

import base64
import math
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailguard.core.moment import header_date
from mailguard.core.policy.invented_file import FAMILY, GIVEN, people_workbook

FILES = Path(__file__).resolve().parents[1] / "fixtures" / "ordinary"
INSIDE = "elmroad.example"
BEGIN = datetime(2025, 1, 1, 8, tzinfo=UTC)
SENDERS, DAYS, SENTENCES = 200, 364, 5_000
LEAST, MOST = 2_000, 500_000
LISTS, INVITATIONS, SHEETS, BATCHES = 15, 12, 12, 11
PLANTED = LISTS + INVITATIONS + SHEETS + BATCHES

_WORDS = """
about after again agenda also annual answer appointment archive assessment balance before board booking budget
building calendar call carpet chair change clinic committee contract copy council cover date day decision
delivery desk document door draft drawing early east evening event example extra family figures first floor
folder form forward friday garden general group half hall heating holiday hope house idea invoice issue item
january join july keys kitchen later lease letter library lift list local lunch march meeting minutes monday
month morning move next north note notice number office open opinion order other outline page paper park
parking part payment phone place plan please point policy poster practice price print programme project
proposal question quiet radio reading reception record reminder rent repair reply report request rest review
road room rota round schedule school second september session sheet shelf short sign site small south staff
stairs start station stock street summary sunday supplier supply survey table team term thank their these
thursday ticket time today together tomorrow trade training travel tree trip tuesday update usual valley van
visit volunteer walk wall water wednesday week west window winter with wood work workshop year yellow
yesterday young
"""
WORDS = _WORDS.split()


@dataclass(frozen=True, slots=True)
class Made:
    """A message of the archive. planted: what kind of exposure it is, None for ordinary mail."""

    raw: bytes
    at: datetime
    planted: str | None = None


def archive(count: int, seed: int = 1) -> Iterator[Made]:
    """So many messages in order of time, PLANTED exposures among them. count: at least 200."""
    chance = random.Random(seed)
    writer = _Writer(chance)
    planted = sorted(chance.sample(range(count // 20, count), PLANTED))
    kinds = ["list"] * LISTS + ["invitation"] * INVITATIONS + ["sheet"] * SHEETS + ["batch"] * BATCHES
    chance.shuffle(kinds)
    due = dict(zip(planted, kinds, strict=True))
    # The first half of a batch goes out some messages before the second, which is the exposure.
    halves: dict[int, int] = {}
    for place in (each for each, kind in due.items() if kind == "batch"):
        half = place - chance.randint(1, 9)
        while half in due or half in halves:
            half -= 1
        halves[half] = place
    begun: dict[int, tuple[str, str, str]] = {}
    days = timedelta(days=min(DAYS, count // 4))
    for number in range(count):
        at = BEGIN + days * number / count
        if number in due:
            yield writer.exposure(due[number], at, number, begun.get(number))
        elif number in halves:
            text = begun[halves[number]] = writer.letter()
            yield writer.part_of_batch(at, number, text, first=0, planted=None)
        else:
            yield writer.ordinary(at, number)


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._sentences = [self._sentence() for _ in range(SENTENCES)]
        self._files = {
            "letter.pdf": ("application/pdf", (FILES / "letter.pdf").read_bytes()),
            "rota.xlsx": (
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                (FILES / "rota.xlsx").read_bytes(),
            ),
        }

    def ordinary(self, at: datetime, number: int) -> Made:
        chance, lot = self._chance, self._chance.random()
        if lot < 0.25:
            to = [f"staff{chance.randrange(SENDERS)}@{INSIDE}"]
        elif lot < 0.875:
            to = [f"person{chance.randrange(9_000)}@firm{chance.randrange(400)}.example"]
        else:
            firm = chance.randrange(400)
            to = [f"person{chance.randrange(9_000)}@firm{firm}.example" for _ in range(chance.randint(2, 4))]
        size = min(MOST - 60_000, int(LEAST * 1.1 * math.exp(abs(chance.gauss(0, 1.3)))))
        if chance.random() < 0.05:
            return Made(self._with_file(at, number, to), at)
        return Made(self._message(at, number, to, self._text(size), html=size < 200_000 and chance.random() < 0.5), at)

    def exposure(self, kind: str, at: datetime, number: int, begun: tuple[str, str, str] | None) -> Made:
        chance = self._chance
        people = [f"patient{number}x{each}@patients.example" for each in range(chance.randint(12, 60))]
        if kind == "list":
            shown = [f"desk@{INSIDE}"]
            return Made(self._message(at, number, shown, self._text(3_000), cc=people), at, kind)
        if kind == "invitation":
            return Made(self._invitation(at, number, people), at, kind)
        if kind == "sheet":
            file = people_workbook(chance.randint(20, 200))
            media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            to = [f"office{number}@council.example"]
            return Made(self._attached(at, number, to, self._text(2_000), "figures.xlsx", media_type, file), at, kind)
        return self.part_of_batch(at, number, begun or self.letter(), first=6, planted=kind)

    def letter(self) -> tuple[str, str, str]:
        """Sender, subject and text of a batch."""
        return f"staff{self._chance.randrange(SENDERS)}", self._sentence(), self._text(2_500)

    def part_of_batch(
        self, at: datetime, number: int, letter: tuple[str, str, str], first: int, planted: str | None
    ) -> Made:
        sender, subject, text = letter
        people = [f"member{first + each}@{sender}.clients.example" for each in range(6)]
        return Made(self._message(at, number, people, text, sender=sender, subject=subject), at, planted)

    def _with_file(self, at: datetime, number: int, to: list[str]) -> bytes:
        chance = self._chance
        if chance.random() < 0.6:
            name = chance.choice(sorted(self._files))
            media_type, octets = self._files[name]
        else:
            size = int(math.exp(chance.uniform(math.log(10_000), math.log(340_000))))
            name, media_type, octets = "notes.txt", "text/plain; charset=utf-8", self._text(size).encode()
        return self._attached(at, number, to, self._text(2_000), name, media_type, octets)

    def _attached(
        self, at: datetime, number: int, to: list[str], text: str, name: str, media_type: str, octets: bytes
    ) -> bytes:
        encoded = base64.encodebytes(octets).decode().replace("\n", "\r\n")
        return (
            self._head(at, number, to, [], None, None)
            + (
                f'Content-Type: multipart/mixed; boundary="=_{number}"\r\n\r\n--=_{number}\r\n'
                f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--=_{number}\r\n"
                f'Content-Type: {media_type}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
                f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--=_{number}--\r\n"
            ).encode()
        )

    def _invitation(self, at: datetime, number: int, people: list[str]) -> bytes:
        attendees = "".join(f"ATTENDEE;RSVP=TRUE:mailto:{each}\r\n" for each in people)
        return (
            self._head(at, number, [f"desk@{INSIDE}"], [], "staff1", None)
            + (
                f'Content-Type: multipart/alternative; boundary="=_{number}"\r\n\r\n--=_{number}\r\n'
                f"Content-Type: text/plain; charset=utf-8\r\n\r\n{self._text(2_000)}\r\n--=_{number}\r\n"
                "Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n"
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//invented//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
                f"UID:{number}@{INSIDE}\r\nDTSTAMP:20250101T090000Z\r\nDTSTART:20250201T090000Z\r\nSUMMARY:Group\r\n"
                f"ORGANIZER:mailto:staff1@{INSIDE}\r\n{attendees}END:VEVENT\r\nEND:VCALENDAR\r\n\r\n--=_{number}--\r\n"
            ).encode()
        )

    def _message(
        self,
        at: datetime,
        number: int,
        to: list[str],
        text: str,
        *,
        cc: list[str] | None = None,
        sender: str | None = None,
        subject: str | None = None,
        html: bool = False,
    ) -> bytes:
        head = self._head(at, number, to, cc or [], sender, subject)
        if not html:
            return head + f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
        half = text[: text.find("\r\n", len(text) // 2)]
        marked = half.replace("\r\n\r\n", "</p>\r\n<p>")
        return (
            head
            + (
                f'Content-Type: multipart/alternative; boundary="=_{number}"\r\n\r\n--=_{number}\r\n'
                f"Content-Type: text/plain; charset=utf-8\r\n\r\n{half}\r\n--=_{number}\r\n"
                f"Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{marked}</p></body></html>\r\n"
                f"--=_{number}--\r\n"
            ).encode()
        )

    def _head(
        self, at: datetime, number: int, to: list[str], cc: list[str], sender: str | None, subject: str | None
    ) -> bytes:
        sender = sender or f"staff{self._chance.randrange(SENDERS)}"
        name = f"{self._chance.choice(GIVEN)} {self._chance.choice(FAMILY)}"
        fields = [
            f"From: {name} <{sender}@{INSIDE}>",
            f"To: {_folded(to)}",
            *([f"Cc: {_folded(cc)}"] if cc else []),
            f"Subject: {subject or self._sentence()}",
            f"Date: {header_date(at)}",
            f"Message-ID: <{number}.{at:%Y%m%d}@{INSIDE}>",
            "MIME-Version: 1.0",
        ]
        return "".join(f"{each}\r\n" for each in fields).encode()

    def _text(self, octets: int) -> str:
        pieces: list[str] = []
        length = 0
        while length < octets:
            lines = self._chance.choices(self._sentences, k=self._chance.randint(3, 9))
            pieces.append("\r\n".join(lines))
            length += len(pieces[-1]) + 4
        return "\r\n\r\n".join(pieces)

    def _sentence(self) -> str:
        return " ".join(self._chance.choices(WORDS, k=self._chance.randint(7, 13))).capitalize() + "."


def _folded(addresses: list[str]) -> str:
    return ",\r\n ".join(addresses)


def write_mbox(count: int, path: Path, seed: int = 1) -> dict[int, str]:
    """The archive as mboxrd with the line ends of Unix. By position from 1, the exposures."""
    planted: dict[int, str] = {}
    with path.open("wb") as file:
        for position, made in enumerate(archive(count, seed), 1):
            if made.planted:
                planted[position] = made.planted
            text = made.raw.replace(b"\r\n", b"\n")
            quoted = re.sub(rb"^(>*From )", rb">\1", text, flags=re.MULTILINE) if b"From " in text else text
            file.write(f"From MAILER-DAEMON {made.at:%a %b %d %H:%M:%S %Y}\n".encode() + quoted + b"\n")
    return planted


if __name__ == "__main__":
    for place, kind in write_mbox(int(sys.argv[1]), Path(sys.argv[2])).items():
        print(place, kind)
