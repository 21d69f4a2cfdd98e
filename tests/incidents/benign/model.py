"""One benign message, the invented people who write and get it, and the pieces that all of them are made of."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

INSIDE = "elmroad.example"


@dataclass(frozen=True, slots=True)
class Benign:
    """dimension, structure: its place in the table of the corpus. reverse_path: "" is the null path."""

    dimension: str
    structure: str
    raw: bytes
    recipients: tuple[str, ...]
    reverse_path: str


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    address: str

    @property
    def written(self) -> str:
        return f"{self.name} <{self.address}>"


JO = Person("Jo Marsh", f"jo.marsh@{INSIDE}")
DEV = Person("Dev Frost", f"dev.frost@{INSIDE}")
NURSE = Person("Nurse Team", f"nurses@{INSIDE}")
_GIVEN = "Anna Ben Chloe Ewa Femi Grace Hari Iris Jamal Kate Liam Mona Noor Olga Piotr Rosa".split()  # noqa: SIM905
_FAMILY = "Adler Brook Cole Dunn Eko Gray Hale Ito Jones Khan Lowe Nair Okoro Price Reid Shah".split()  # noqa: SIM905
_FIRMS = (
    *("council.example", "hospital.example", "charity.example", "pharmacy.example", "school.example"),
    *("solicitors.example", "freemail.example", "housing.example", "supplier.example", "webmail.example"),
)


def people(count: int, start: int = 0, domains: Sequence[str] = _FIRMS) -> list[Person]:
    """So many different people outside, of firms and a few with mailboxes at consumer providers."""
    found = []
    for number in range(start, start + count):
        given, family = _GIVEN[number % 16], _FAMILY[number // 3 % 16]
        found.append(
            Person(
                f"{given} {family}", f"{given}.{family}{number // 48 or ''}@{domains[number % len(domains)]}".lower()
            )
        )
    return found


def colleagues(count: int) -> list[Person]:
    return [
        Person(f"{_GIVEN[n % 16]} {_FAMILY[n // 16 % 16]}", f"{_GIVEN[n % 16]}{n}@{INSIDE}".lower())
        for n in range(count)
    ]


def addresses(*groups: Sequence[Person]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.address for group in groups for each in group))


def wrapped(fields: Sequence[str], entity: str | bytes) -> bytes:
    """Header fields and an entity that begins with its Content-Type, or with an empty line; lines end as in SMTP."""
    body = entity if isinstance(entity, bytes) else entity.encode()
    text = "".join(f"{each}\n" for each in fields).encode() + body
    return (text if text.endswith(b"\n") else text + b"\n").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def entity(kind: str, body: str | bytes, encoding: str = "", *fields: str) -> str:
    octets = body if isinstance(body, bytes) else body.encode()
    head = [f"Content-Type: {kind}", *([f"Content-Transfer-Encoding: {encoding}"] if encoding else []), *fields]
    if encoding == "base64":
        text = base64.encodebytes(octets).decode()
    elif encoding == "quoted-printable":
        text = quopri.encodestring(octets).decode()
    else:
        text = octets.decode()
    return "\n".join([*head, "", text])


def multipart(kind: str, boundary: str, *parts: str, parameters: str = "", preamble: str = "") -> str:
    inner = "".join(f"--{boundary}\n{each}\n" for each in parts)
    return f'Content-Type: multipart/{kind};{parameters}\n\tboundary="{boundary}"\n\n{preamble}{inner}--{boundary}--\n'


def page(text: str, head: str = "") -> str:
    """The text as HTML: a paragraph for each line."""
    lines = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split("\n")
    return (
        f"<html><head>{head}</head><body>"
        + "".join(f"<p>{each or '&nbsp;'}</p>\n" for each in lines)
        + "</body></html>\n"
    )


FILES = Path(__file__).parents[2] / "fixtures" / "ordinary"
PDF, PNG, ZIP = ((FILES / name).read_bytes() for name in ("letter.pdf", "picture.png", "all.zip"))
FAX, VOICE, PHOTO = ((FILES / name).read_bytes() for name in ("fax.tif", "voice.wav", "photo.jpg"))


def attached(kind: str, name: str, octets: bytes) -> str:
    return entity(f'{kind};\n name="{name}"', octets, "base64", f'Content-Disposition: attachment;\n filename="{name}"')
