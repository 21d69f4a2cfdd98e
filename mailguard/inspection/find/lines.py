"""Which lines of text are about a person, and whether those behind one kind of cover are a list of people.

A line is about somebody if it names him and says something more: an identifier, a date, a reference. In what is hidden
a name says enough: nobody hides a list of names from himself. Fewer than FEWEST different people are a letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..stream import SEEN, Visibility
from .columns import FEWEST
from .distinct import Distinct
from .name_words import NAMES, NOT_PEOPLE
from .names_in_text import NameSeen, fields_of, is_of_a_list, is_sentence, may_name, name_in, names_alone
from .spelled import Spelled

SURE_LINES, SURE_SHARE = 3, 0.25
"""Lines of a list whose names are sure, from which on those count whose names are only shaped like some."""
NAMES_SHARE = 0.8
"""Share of the hidden lines that are names by their shape, from which on they are a list of names: a column's rule."""
KEY_CHARACTERS = 64
"""Letters of a line that tell its person from others of the same house or telephone."""
BARE_REFERENCE = 5
"""Digits of a reference without letters before it."""
DATES = "dates"
NAMES_TELL = frozenset(Visibility) - {
    SEEN,
    Visibility.INSERTED_TEXT,
    Visibility.CHART_CACHE,
    Visibility.CONNECTION,
    Visibility.FORM_VALUE,
    Visibility.EMBEDDED,
    Visibility.MACRO,
    Visibility.MARKUP,
}
"""What hides a list of names for good: not what a reader is meant to open or to fill in, nor titles of pictures."""
SIGNED = frozenset({Visibility.COMMENT, Visibility.NOTES, Visibility.ANNOTATION})
"""Where colleagues sign and address each other: only a text that holds names and nothing else is a list of them."""

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d{3,12}(?!\w)")
_PREFIX = re.compile(r"(?:\A|[^\w.-])[A-Za-z]{1,4}[-/]?\Z")
_CONTACT = frozenset({"e-mail addresses", "telephone numbers"})
_DATES = frozenset({"dates of birth", DATES})
_OF_A_MAIL = _DATES | {"e-mail addresses"}


@dataclass(slots=True)
class Line:
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

    def is_about(self, cell: bool) -> tuple[NameSeen | None, bool]:
        """Whom it is about, if it names him, and whether that is sure; (None, False) where it is about nobody."""
        if not self.values and (is_sentence(self.rest) or not has_reference(self.rest)):
            return None, False
        if self._identifies(cell):
            return None, True
        if not may_name(self.rest):
            return None, False
        fields = fields_of(self.rest)
        name = name_in(fields, [value for value in self.values if "@" in value])
        if name is None or not self._says_more(name, fields):
            return None, False
        return name, name.sure

    def names(self, cell: bool) -> list[NameSeen]:
        """Who stands in a line of names. A cell with one name and nothing else is for its column to judge."""
        fields = fields_of(self.rest)
        if len(fields) != 1 and not is_of_a_list(fields):
            return []
        found = names_alone(fields)
        is_bare = len(found) == len(fields) == 1 and not self.values and not any(map(str.isdigit, self.rest))
        return [] if cell and is_bare else found

    def is_of_names(self) -> bool:
        """Whether it holds nothing but names."""
        fields = fields_of(self.rest)
        return bool(fields) and len(names_alone(fields)) == len(fields)

    def key(self, name: NameSeen | None) -> str:
        """What two lines about one person have alike."""
        if self.identified:
            return self.identified
        who = name.text if name else "".join(filter(str.isalpha, self.rest))[:KEY_CHARACTERS].casefold()
        return f"{who} {next(iter(self.values), '')}"

    def _identifies(self, cell: bool) -> bool:
        """Whether its values and a known word say so. In a cell, beside other things, a known word is no name yet.

        Where it names nobody, an address with a telephone number is the last line of a signature.
        """
        nouns = self.nouns.keys() - (_DATES if self.corresponds else set())
        if not cell and (self.identified or len(nouns) > 1) and has_name(self.text):
            return True
        return bool(self.identified) and len(nouns) > 1 and not nouns <= _CONTACT

    def _says_more(self, name: NameSeen, fields: list[str]) -> bool:
        """Whether it has a value beside the name, or is one of a list and has a date or reference."""
        nouns = self.nouns.keys() - (_OF_A_MAIL if self.corresponds else set())
        if any(noun != DATES for noun in nouns):
            return True
        in_list = name.alone and "://" not in self.text and (is_of_a_list(fields) or self._is_name_with_date(fields))
        return in_list and bool(nouns or has_reference(self.rest))

    def _is_name_with_date(self, fields: Sequence[str]) -> bool:
        """ "Aisha Patel 03/04/1975": as a row with two cells."""
        return len(fields) == 1 and bool(self.nouns)


def merged(lines: Sequence[Line]) -> Line:
    """Several lines as one, a name on the first and an address on the second."""
    whole = Line(" ".join(line.text for line in lines), ", ".join(line.rest for line in lines))
    for line in lines:
        whole.values.update(line.values)
        whole.nouns.update(line.nouns)
        whole.identified = whole.identified or line.identified
        whole.corresponds |= line.corresponds
    return whole


@dataclass(slots=True)
class Lines:
    """The lines about people behind one kind of cover.

    keys, number: those that are sure; likely, number_likely: those whose names are only shaped like some. named,
    shaped: hidden lines of names that are sure, and of such as are only shaped so. looked, with_names: hidden lines in
    which names were looked for, and those that hold one.
    """

    place: str
    keys: Distinct = field(default_factory=Distinct)
    likely: Distinct = field(default_factory=Distinct)
    number: int = 0
    number_likely: int = 0
    nouns: dict[str, None] = field(default_factory=dict)
    shaped: Distinct = field(default_factory=Distinct)
    looked: int = 0
    with_names: int = 0

    def add(self, line: Line, name: NameSeen | None, sure: bool) -> None:
        """A line that is about somebody."""
        (self.keys if sure else self.likely).add([line.key(name)])
        self.number += sure
        self.number_likely += not sure
        if name is not None or has_name(line.text):
            self.nouns["names"] = None
        self.nouns.update(line.nouns)

    def add_names(self, names: Sequence[NameSeen]) -> None:
        """A hidden line that was looked at for names alone, and whom it names."""
        self.looked += 1
        self.with_names += bool(names)
        for name in names:
            (self.keys if name.sure else self.shaped).add([name.text])
            self.number += name.sure
        if any(name.sure for name in names):
            self.nouns["names"] = None

    def people(self) -> tuple[Distinct, int] | None:
        """Their keys, and how many lines there are; None where they are no list of people."""
        sure = self.keys.count()
        others = []
        if sure >= max(SURE_LINES, SURE_SHARE * (sure + self.likely.count())):
            others.append(self.likely)
        if sure >= max(SURE_LINES, SURE_SHARE * (sure + self.shaped.count())) and self._are_of_names():
            others.append(self.shaped)
        if sure + sum(each.count() for each in others) < FEWEST:
            return None
        number = self.number + (self.number_likely if self.likely in others else 0)
        if self.shaped in others:
            number += self.shaped.count()
        for each in others:
            self.keys.merge(each)
        return self.keys, number

    def _are_of_names(self) -> bool:
        return self.with_names >= NAMES_SHARE * self.looked


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
