"""Looking into attachments on the real store of a House, with an inspector that answers what it was told."""

from __future__ import annotations

from mailguard.core.excerpt import Excerpt, ShownCell, ShownRow, ShownTable, ShownText
from mailguard.core.mail.message import Message
from mailguard.guard.console.attachments import Attachments
from tests.guard.console.house import House

NAME = "Amira Khan"
NUMBER = "9434765919"
BOOK = Excerpt(
    tables=(
        ShownTable("sheet Summary", "", 40, (ShownRow(1, (ShownCell(1, "Clinic"), ShownCell(2, "40"))),)),
        ShownTable(
            "sheet Data",
            "hidden sheet",
            1204,
            (
                ShownRow(1, (ShownCell(1, "Name", "hidden sheet"), ShownCell(2, "NHS number", "hidden sheet"))),
                ShownRow(2, (ShownCell(1, NAME, "hidden sheet"), ShownCell(2, NUMBER, "hidden sheet"))),
            ),
        ),
        ShownTable(
            "sheet Mixed",
            "",
            9,
            (
                ShownRow(1, (ShownCell(1, "a"), ShownCell(28, "secret column", "hidden columns"))),
                ShownRow(2, (ShownCell(1, "b", "hidden rows"), ShownCell(28, "c", "hidden rows"))),
                ShownRow(
                    3,
                    (
                        ShownCell(1, "d"),
                        ShownCell(2, "white words", "text in the colour of its background"),
                        ShownCell(28, "more", "hidden columns"),
                    ),
                ),
            ),
            ("Forename",),
        ),
    ),
    texts=(ShownText("page 1", f"Dear {NAME}"), ShownText("comment on B7", "call 07700 900123", "comments")),
    more_tables=2,
    more_texts=1,
)
RAW = (
    b"From: Jo <nurse@elmroad.example>\r\nTo: p1@outside.example\r\nSubject: Figures\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nSee attached.\r\n"
    b'--b\r\nContent-Type: application/octet-stream; name="Referrals March.xlsx"\r\n'
    b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nc3ByZWFkc2hlZXQ=\r\n"
    b'--b\r\nContent-Type: application/zip; name="../Report.zip"\r\n\r\nPK\r\n--b--\r\n'
)


class Reading:
    """Answers every part as it was told, and keeps what it was asked. Implements guard.console.ports.Excerpts."""

    def __init__(self, answer: Excerpt | Exception = BOOK) -> None:
        self.answer, self.asked = answer, []  # type: ignore[var-annotated]

    async def excerpt(self, message: Message, path: str) -> Excerpt:
        self.asked.append(path)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def attachments_on(house: House, reading: Reading | None = None) -> Attachments:
    return Attachments(house.looking, reading or Reading(), house.store.ledger, house.clock, house.kept)
