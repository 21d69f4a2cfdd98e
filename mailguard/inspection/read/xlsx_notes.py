"""Comments, threaded comments, and the people who wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..budget import Budget, Uninspectable
from ..stream import Item, Person, Text, Visibility
from .spreadsheetml import names
from .xml_events import joined, read_xml

_OVERHEAD = 128
_MAX_PERSONS = 10_000


def read_comments(pieces: Iterator[bytes], sheet: str, budget: Budget) -> Iterator[Item]:
    """Of one sheet: each comment, and each author once."""
    reader = _Reader(budget)
    read_xml(pieces, reader.start, reader.end, reader.characters)
    for author in dict.fromkeys(reader.authors):
        if author.strip() and not author.startswith("tc={"):
            yield Person("author of a comment", author.strip(), where=sheet)
    for reference, text in reader.comments:
        yield Text(text, f"comment on {sheet}!{reference}", Visibility.COMMENT)


def read_persons(pieces: Iterator[bytes]) -> Iterator[Item]:
    """Those whom threaded comments name; the user id is an address where the account is Microsoft's."""
    known = names()
    found: list[Person] = []

    def start(full: str, attributes: Mapping[str, str]) -> None:
        if known[full] == "person":
            if len(found) >= _MAX_PERSONS:
                raise Uninspectable(f"more than {_MAX_PERSONS} authors of comments")
            user = attributes.get("userId", "")[:256]
            address = user.rpartition("::")[0].rpartition("::")[2] or user
            found.append(
                Person(
                    "author of a comment", attributes.get("displayName", "")[:256], address if "@" in address else ""
                )
            )

    read_xml(pieces, start)
    yield from found


class _Reader:
    """Both vocabularies: `comment` with runs of `t`, `threadedComment` with one `text`."""

    def __init__(self, budget: Budget) -> None:
        self.authors: list[str] = []
        self.comments: list[tuple[str, str]] = []
        self._budget = budget
        self._names = names()
        self._reference = ""
        self._text = ""
        self._open = False
        self._threaded = False

    def start(self, full: str, attributes: Mapping[str, str]) -> None:
        name = self._names[full]
        if name in ("comment", "threadedComment"):
            self._reference, self._text = attributes.get("ref", ""), ""
            self._threaded = name == "threadedComment"
        elif name == "author":
            self._text, self._open = "", True
        elif name == "t" or (name == "text" and self._threaded):
            self._open = True

    def end(self, full: str) -> None:
        name = self._names[full]
        if name == "author":
            self._budget.keep(len(self._text) + _OVERHEAD)
            self.authors.append(self._text)
        elif name in ("comment", "threadedComment") and self._text.strip():
            self._budget.keep(len(self._text) + _OVERHEAD)
            self.comments.append((self._reference, self._text.strip()))
        if name in ("author", "t", "text"):
            self._open = False

    def characters(self, text: str) -> None:
        if self._open:
            self._text = joined(self._text, text)
