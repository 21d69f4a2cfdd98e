"""Identifiers in running text: paragraphs, lines of a PDF, cells that hold a sentence.

One value needs its check, its range and a word beside it that says what it is ("NHS no. ..."). Where a text is a list
it is judged like a column: of the numbers of one shape at least 80 % pass, and there are FEWEST of them. A line that
holds a name and an identifier, or two identifiers, is a row about a person; fewer than FEWEST such lines are a letter,
not a list.
INVARIANT: each pattern is searched for once, and none can be made to look twice at the same characters.
A comment or a cell of a few lines, none of which is about a person by itself, is read as one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ...core.consumer_providers import is_consumer_provider
from ...core.finding_kinds import PEOPLE_ROWS
from ..stream import SEEN, Row, Table, Visibility, why_unseen
from .columns import FEWEST
from .distinct import Distinct
from .kind import Kinds
from .lines import DATES, NAMES_TELL, SIGNED, Line, Lines, merged
from .names_in_text import may_name
from .shape import compact, plain
from .spelled import BY_GROUP, Spelled, candidates, near_words
from .tally import Tallies

REACH = 48
"""Characters before a value in which the word that explains it stands, and half as many behind it."""
MAX_LINE = 2_000
LABELLED = 4
"""Cells of a row of a form: what a value is, and the value."""
RECORD_LINES, RECORD_CHARACTERS = 6, 500
"""A text of so many lines at most can be about one person: name, address, telephone."""

MOST_OF_NAMES = 4_000_000
"""Characters of one part in which hidden names alone are looked for: two to eight seconds of the processor. Hidden rows
of more than names are found beyond them, too; the part is unread all the same.
"""
TOO_MANY_NAMES = "it hides more text than names are looked for in"

may_hold = re.compile("@|[0-9][^0-9]*[0-9]").search
"""In ASCII every identifier has an at sign or two digits (spelled.py), and a reference three (lines.py): most lines of
most letters have neither, and no pattern need look at them.
"""

_LINK = "mailto:"
_BEHIND_ADDRESS = re.compile(r"@[\w.-]++>?")


@dataclass(slots=True)
class _List:
    """The values of one kind behind one kind of cover, explained or not."""

    spelled: Spelled
    shaped: int = 0
    passed: int = 0
    distinct: Distinct = field(default_factory=Distinct)
    place: str = ""
    domains: set[str] = field(default_factory=set)

    def is_of_one_office(self) -> bool:
        """Addresses of staff: all at one domain, and that no provider's of mailboxes for everybody."""
        return len(self.domains) == 1 and not any(map(is_consumer_provider, self.domains))


class FreeText:
    """Reads text and keeps counts; what is a list is known at the end.

    unread: why something was not looked for, None where all was.
    """

    def __init__(self, kinds: Kinds, tallies: Tallies) -> None:
        self._tallies = tallies
        self._own = tuple((kind, near_words(kind.headings)) for kind in kinds.all if kind.own and kind.headings)
        self._phrases = kinds.heading_phrases()
        self._lists: dict[tuple[str, Visibility, bool], _List] = {}
        self._lines: dict[Visibility, Lines] = {}
        self._left_for_names = MOST_OF_NAMES
        self.unread: str | None = None

    @property
    def overlooks(self) -> bool:
        """Whether only what is known of its own kinds is looked for, so that telling.py may be asked first."""
        return not self._own

    def take_form(self, row: Row, table: Table) -> None:
        """A row of a form: what a value is, and the value."""
        if row.values[0].rstrip(" :.?").lower() in self._phrases:
            self.take(": ".join(row.values), table.where, why_unseen(table, row, LABELLED), lines=False)

    def take(self, text: str, where: str, why: Visibility, lines: bool = True, cell: bool = False) -> None:
        """lines: whether its lines can be rows about people. cell: it stands in a table, beside other things."""
        if "\n" not in text and len(text) <= MAX_LINE and (why is SEEN or text.count("@") < 2):
            only = self._read_line(text, where, why, alone=True)
            if lines and only is not None and not self._count_line(only, where, why, cell) and why in NAMES_TELL:
                self._count_names([only], where, why, cell)
            return
        pieces = [piece for line in text.split("\n") for piece in _pieces(line)]
        if why is not SEEN:
            pieces = [record for piece in pieces for record in _records(piece)]
        found = [self._read_line(piece, where, why) for piece in pieces]
        if not lines:
            return
        others = [line for line in found if line is not None and not self._count_line(line, where, why, cell)]
        counted = len(found) - found.count(None) - len(others)
        if 2 <= len(found) <= RECORD_LINES and len(text) <= RECORD_CHARACTERS and not counted:
            whole = merged([line or Line(piece, piece) for piece, line in zip(pieces, found, strict=True)])
            counted = self._count_line(whole, where, why, cell)
            others = [] if counted else others
        if why in NAMES_TELL and not (why in SIGNED and counted):
            self._count_names(others, where, why, cell and len(found) == 1)

    def _read_line(self, line: str, where: str, why: Visibility, *, alone: bool = False) -> Line | None:
        """What the line holds, after it was counted; None where it can hold nothing.

        alone: no other lines are read with it as one.
        """
        if not self._own and may_hold(line) is None and line.isascii():
            return Line(line, line) if why in NAMES_TELL else None
        line = plain_line(line)
        self._take_own(line, where, why)
        matches = list(candidates(line))
        if alone and why is SEEN and _tells_no_more_than_dates(line, matches):
            return None
        found = Line(line)
        last = 0
        for match in matches:
            for spelled in BY_GROUP[match.lastgroup or ""]:
                if self._passes(spelled, match, where, why):
                    value = compact(match[0]).casefold()
                    explained = spelled.near is not None and _explains(spelled.near, line, match.start(), match.end())
                    if explained:
                        self._tallies.of(spelled.id, spelled.noun, why).add([value], where, where)
                    noun = DATES if spelled.id == "date_of_birth" and not explained else spelled.noun
                    shown_as = why is SEEN and spelled.id == "email" and _is_written_to(line, match)
                    found.add(spelled, value, noun, corresponds=shown_as)
                    found.rest += f"{line[last : match.start()]},"
                    last = match.end()
                    break
        found.rest = found.rest + line[last:] if last else line
        return found

    def _take_own(self, line: str, where: str, why: Visibility) -> None:
        """Kinds that an admin added, with a word of their headings near by."""
        for kind, near in self._own:
            if kind.search is None or not near.search(line):
                continue
            for match in kind.search(line):
                passed = kind.check is None or kind.check(match[0])
                if passed and _explains(near, line, match.start(), match.end()):
                    self._tallies.of(kind.id, kind.noun, why).add([compact(match[0]).casefold()], where, where)

    def _passes(self, spelled: Spelled, found: re.Match[str], where: str, why: Visibility) -> bool:
        """Whether it is one, after it was counted as one that looks like it. What a link leads to is counted apart."""
        value = found[0]
        is_link = why is Visibility.MARKUP and found.start() == len(_LINK) and found.string.startswith(_LINK)
        passed = spelled.check(value if spelled.group in _AS_WRITTEN else compact(value))
        if spelled.near is not None and not spelled.listed:
            return passed  # no list of them is judged (`end`)
        kept = self._lists.get((spelled.id, why, is_link))
        if kept is None:
            kept = self._lists[spelled.id, why, is_link] = _List(spelled, place=where)
        kept.shaped += 1
        if passed:
            kept.passed += 1
            kept.distinct.add([compact(value).casefold()])
            if is_link and len(kept.domains) < 2:
                kept.domains.add(value.casefold().rpartition("@")[2])
        return passed

    def _count_line(self, line: Line, where: str, why: Visibility, cell: bool) -> bool:
        """Put a line into the lines about people if it is one; whether it is."""
        name, sure = line.is_about(cell)
        if name is None and not sure:
            return False
        self._lines_behind(why, where).add(line, name, sure)
        return True

    def _count_names(self, lines: list[Line], where: str, why: Visibility, cell: bool) -> None:
        """Hidden lines that say nothing but who: names of people all the same."""
        told = [line for line in lines if any(map(str.isalpha, line.text))]
        self._left_for_names -= sum(len(line.text) for line in told)
        if self._left_for_names < 0:
            self.unread = TOO_MANY_NAMES
            return
        if why in SIGNED:
            if told and told[0].text.rstrip().endswith(":"):
                told = told[1:]  # who wrote it, or what the list is of
            if not all(line.is_of_names() for line in told):
                return
        for line in told:
            self._lines_behind(why, where).add_names(line.names(cell))

    def _lines_behind(self, why: Visibility, where: str) -> Lines:
        found = self._lines.get(why)
        if found is None:
            found = self._lines[why] = Lines(where)
        return found

    def end(self) -> None:
        """Texts that turned out to be lists go into the tallies."""
        for (kind, why, is_link), kept in self._lists.items():
            if is_link and kept.is_of_one_office():
                continue
            alone = kept.spelled.near is None and kept.passed > 0
            is_list = kept.spelled.listed and kept.passed >= FEWEST and kept.passed * 5 >= kept.shaped * 4
            if alone or is_list:
                tally = self._tallies.of(kind, kept.spelled.noun, why)
                tally.take_over(kept.distinct, kept.passed, kept.place)
        for why, lines in self._lines.items():
            people = lines.people()
            if people is not None:
                tally = self._tallies.of(PEOPLE_ROWS, "people", why)
                tally.take_over(*people, lines.place, lines.nouns)
        self._lists, self._lines = {}, {}


def _tells_no_more_than_dates(line: str, matches: Sequence[re.Match[str]]) -> bool:
    """Whether a line holds dates at most, none of which anything explains, and nobody whose they could be: a log's."""
    if any(match.lastgroup != "date" for match in matches) or may_name(line):
        return False
    return not matches or not any(each.near is None or each.near.search(line) for each in BY_GROUP["date"])


def _is_written_to(line: str, found: re.Match[str]) -> bool:
    """Whether an address stands as that of a correspondent: <anna@else.example>, [mailto:anna@else.example]."""
    return line.endswith("<", 0, found.start()) or line.endswith("mailto:", 0, found.start())


_AS_WRITTEN = frozenset({"email", "phone", "date", "bank", "ssn"})


def _pieces(line: str) -> Iterator[str]:
    """A long line cut at its spaces, where no value is cut that has none in it."""
    start = 0
    while len(line) - start > MAX_LINE:
        limit = start + MAX_LINE
        end = line.rfind("  ", limit - MAX_LINE // 4, limit) + 1 or line.rfind(" ", limit - 200, limit) + 1 or limit
        yield line[start:end]
        start = end
    yield line[start:]


def _records(line: str) -> list[str]:
    """A line that holds several e-mail addresses, cut between the people whom it lists.

    Only of what is hidden: addresses that a reader sees, as in the quoted head of a message, are counted by core.
    """
    if line.count("@") < 2:
        return [line]
    return line.split(";") if ";" in line else _BEHIND_ADDRESS.sub(r"\g<0>\n", line).split("\n")


def plain_line(line: str) -> str:
    """The line with one kind of digits, hyphens and spaces."""
    return line if line.isascii() else " ".join(plain(_words_of(line)))


def _words_of(line: str) -> list[str]:
    return line.split() or [""]


def _explains(near: re.Pattern[str], line: str, start: int, end: int) -> bool:
    return near.search(line, max(start - REACH, 0), min(end + REACH // 2, len(line))) is not None
