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
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...core.finding_kinds import PEOPLE_ROWS
from ..stream import SEEN, Row, Table, Visibility, why_unseen
from .columns import FEWEST
from .distinct import Distinct
from .kind import Kinds
from .name_words import NAMES, NOT_PEOPLE
from .names_in_text import NameSeen, fields_of, is_of_a_list, is_sentence, name_in
from .shape import compact, plain
from .spelled import BY_GROUP, CANDIDATE, Spelled, near_words
from .tally import Tallies

REACH = 48
"""Characters before a value in which the word that explains it stands, and half as many behind it."""
MAX_LINE = 2_000
LABELLED = 4
"""Cells of a row of a form: what a value is, and the value."""
RECORD_LINES, RECORD_CHARACTERS = 6, 500
"""A text of so many lines at most can be about one person: name, address, telephone."""
SURE_LINES, SURE_SHARE = 3, 0.25
"""Lines of a list whose names are sure, from which on those count whose names are only shaped like some."""
KEY_CHARACTERS = 64
"""Letters of a line that tell its person from others of the same house or telephone."""
DATES = "dates"

_WORD = re.compile(r"[^\W\d_]+")
_BEHIND_ADDRESS = re.compile(r"@[\w.-]++>?")
_NUMBER = re.compile(r"\d{3,12}(?!\w)")
_PREFIX = re.compile(r"(?:\A|[^\w.-])[A-Za-z]{1,4}[-/]?\Z")
BARE_REFERENCE = 5
"""Digits of a reference without letters before it."""


@dataclass(slots=True)
class _List:
    """The values of one kind behind one kind of cover, explained or not."""

    spelled: Spelled
    shaped: int = 0
    passed: int = 0
    distinct: Distinct = field(default_factory=Distinct)
    place: str = ""


@dataclass(slots=True)
class _Lines:
    """The lines about people behind one kind of cover; `likely` are those whose names are only shaped like some."""

    keys: Distinct = field(default_factory=Distinct)
    likely: Distinct = field(default_factory=Distinct)
    number: int = 0
    number_likely: int = 0
    nouns: dict[str, None] = field(default_factory=dict)
    place: str = ""

    def are_people(self) -> bool:
        return self.keys.count() >= FEWEST or (self._tell_of_likely() and self._all() >= FEWEST)

    def people(self) -> tuple[Distinct, int]:
        """Their keys, and how many lines there are."""
        if not self._tell_of_likely():
            return self.keys, self.number
        self.keys.merge(self.likely)
        return self.keys, self.number + self.number_likely

    def _tell_of_likely(self) -> bool:
        return self.keys.count() >= max(SURE_LINES, SURE_SHARE * self._all())

    def _all(self) -> int:
        return self.keys.count() + self.likely.count()


@dataclass(slots=True)
class _Line:
    """What one line holds. text: as it stands; rest: with a comma for each value. identified: the first value in it
    that belongs to one person, "" where none does. corresponds: whether it names somebody as mail programs do above
    what they quote, so that a date is that of a mail; what is hidden quotes nothing.
    """

    text: str
    rest: str = ""
    values: dict[str, None] = field(default_factory=dict)
    nouns: dict[str, None] = field(default_factory=dict)
    identified: str = ""
    corresponds: bool = False

    def add(self, spelled: Spelled, value: str, noun: str, *, corresponds: bool) -> None:
        self.values[value] = None
        self.nouns[noun] = None
        if corresponds:
            self.corresponds = True
        elif spelled.identifies and not self.identified:
            self.identified = value

    def telling(self) -> set[str]:
        """What it says of somebody, without the address and the date that mail programs write."""
        return self.nouns.keys() - (_OF_A_MAIL if self.corresponds else set())

    def key(self, name: NameSeen | None) -> str:
        """What two lines about one person have alike."""
        if self.identified:
            return self.identified
        who = name.text if name else "".join(filter(str.isalpha, self.rest))[:KEY_CHARACTERS].casefold()
        return f"{who} {next(iter(self.values), '')}"


def _merged(lines: list[_Line]) -> _Line:
    whole = _Line(" ".join(line.text for line in lines), ", ".join(line.rest for line in lines))
    for line in lines:
        whole.values.update(line.values)
        whole.nouns.update(line.nouns)
        whole.identified = whole.identified or line.identified
        whole.corresponds |= line.corresponds
    return whole


class FreeText:
    """Reads text and keeps counts; what is a list is known at the end."""

    def __init__(self, kinds: Kinds, tallies: Tallies) -> None:
        self._tallies = tallies
        self._own = tuple((kind, near_words(kind.headings)) for kind in kinds.all if kind.own and kind.headings)
        self._phrases = kinds.heading_phrases()
        self._lists: dict[tuple[str, Visibility], _List] = {}
        self._lines: dict[Visibility, _Lines] = {}

    def take_form(self, row: Row, table: Table) -> None:
        """A row of a form: what a value is, and the value."""
        if row.values[0].rstrip(" :.?").lower() in self._phrases:
            self.take(": ".join(row.values), table.where, why_unseen(table, row, LABELLED), lines=False)

    def take(self, text: str, where: str, why: Visibility, lines: bool = True, cell: bool = False) -> None:
        """lines: whether its lines can be rows about people. cell: it stands in a table, beside other things."""
        if "\n" not in text and len(text) <= MAX_LINE and (why is SEEN or text.count("@") < 2):
            only = self._read_line(text, where, why)
            if lines and only is not None:
                self._count_line(only, where, why, cell)
            return
        pieces = [piece for line in text.split("\n") for piece in _pieces(line)]
        if why is not SEEN:
            pieces = [record for piece in pieces for record in _records(piece)]
        found = [self._read_line(piece, where, why) for piece in pieces]
        if not lines:
            return
        counted = [self._count_line(line, where, why, cell) for line in found if line is not None]
        if 2 <= len(found) <= RECORD_LINES and len(text) <= RECORD_CHARACTERS and not any(counted):
            whole = _merged([line or _Line(piece, piece) for piece, line in zip(pieces, found, strict=True)])
            self._count_line(whole, where, why, cell)

    def _read_line(self, line: str, where: str, why: Visibility) -> _Line | None:
        """What the line holds, after it was counted; None where it can hold nothing."""
        if not self._own and not any(each in line for each in "0123456789@") and line.isascii():
            return None
        line = plain_line(line)
        self._take_own(line, where, why)
        found = _Line(line)
        last = 0
        for match in CANDIDATE.finditer(line):
            for spelled in BY_GROUP[match.lastgroup or ""]:
                if self._passes(spelled, match[0], where, why):
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

    def _passes(self, spelled: Spelled, value: str, where: str, why: Visibility) -> bool:
        """Whether it is one, after it was counted as one that looks like it."""
        passed = spelled.check(value if spelled.group in _AS_WRITTEN else compact(value))
        kept = self._lists.get((spelled.id, why))
        if kept is None:
            kept = self._lists[spelled.id, why] = _List(spelled, place=where)
        kept.shaped += 1
        if passed:
            kept.passed += 1
            kept.distinct.add([compact(value).casefold()])
        return passed

    def _count_line(self, line: _Line, where: str, why: Visibility, cell: bool) -> bool:
        """Put a line into the lines about people if it is one; whether it is."""
        if not line.values and (is_sentence(line.rest) or not has_reference(line.rest)):
            return False
        name, sure, likely = None, _is_about_somebody(line, cell), False
        if not sure:
            fields = fields_of(line.rest)
            name = name_in(fields, [value for value in line.values if "@" in value])
            if name is not None and _is_about(line, name, fields):
                sure, likely = name.sure, not name.sure
        if not sure and not likely:
            return False
        lines = self._lines.get(why)
        if lines is None:
            lines = self._lines[why] = _Lines(place=where)
        (lines.keys if sure else lines.likely).add([line.key(name)])
        lines.number += sure
        lines.number_likely += likely
        if name is not None or has_name(line.text):
            lines.nouns["names"] = None
        lines.nouns.update(line.nouns)
        return True

    def end(self) -> None:
        """Texts that turned out to be lists go into the tallies."""
        for (kind, why), kept in self._lists.items():
            alone = kept.spelled.near is None and kept.passed > 0
            is_list = kept.spelled.listed and kept.passed >= FEWEST and kept.passed * 5 >= kept.shaped * 4
            if alone or is_list:
                tally = self._tallies.of(kind, kept.spelled.noun, why)
                tally.take_over(kept.distinct, kept.passed, kept.place)
        for why, lines in self._lines.items():
            if lines.are_people():
                tally = self._tallies.of(PEOPLE_ROWS, "people", why)
                tally.take_over(*lines.people(), lines.place, lines.nouns)
        self._lists, self._lines = {}, {}


def _is_written_to(line: str, found: re.Match[str]) -> bool:
    """Whether an address stands as that of a correspondent: <anna@else.example>, [mailto:anna@else.example]."""
    return line.endswith("<", 0, found.start()) or line.endswith("mailto:", 0, found.start())


_CONTACT = frozenset({"e-mail addresses", "telephone numbers"})
_DATES = frozenset({"dates of birth", DATES})
_OF_A_MAIL = _DATES | {"e-mail addresses"}


def _is_about_somebody(line: _Line, cell: bool) -> bool:
    """Whether its values and a known word say so. In a cell, beside other things, a known word is no name yet.

    Where it names nobody, an address with a telephone number is the last line of a signature.
    """
    nouns = line.nouns.keys() - (_DATES if line.corresponds else set())
    if not cell and (line.identified or len(nouns) > 1) and has_name(line.text):
        return True
    return bool(line.identified) and len(nouns) > 1 and not nouns <= _CONTACT


def _is_about(line: _Line, name: NameSeen, fields: list[str]) -> bool:
    """Whether it is about the person of that name: it has a value, or is one of a list and has a date or reference."""
    nouns = line.telling()
    if any(noun != DATES for noun in nouns):
        return True
    in_list = name.alone and "://" not in line.text and is_of_a_list(fields)
    return in_list and bool(nouns or has_reference(line.rest))


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


def has_reference(rest: str) -> bool:
    """Whether the number of a case, a file, an employee stands in it: C2562447, AB/1234, 86837."""
    for found in _NUMBER.finditer(rest):
        before = rest[max(found.start() - 6, 0) : found.start()]
        bare = not before or not (before[-1].isalnum() or before[-1] in "_.-/")
        if (bare and len(found[0]) >= BARE_REFERENCE) or _PREFIX.search(before):
            return True
    return False


def has_name(line: str) -> bool:
    """Whether a known name stands in it with another word that begins like one, and nothing that is no person's."""
    words = _WORD.findall(line)
    capital = [word for word in words if word[0].isupper()]
    folded = {word.casefold() for word in capital}
    return len(capital) >= 2 and not folded.isdisjoint(NAMES) and len(folded & NOT_PEOPLE) * 2 < len(folded)


def _explains(near: re.Pattern[str], line: str, start: int, end: int) -> bool:
    return near.search(line, max(start - REACH, 0), min(end + REACH // 2, len(line))) is not None
