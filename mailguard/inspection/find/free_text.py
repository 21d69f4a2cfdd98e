"""Identifiers in running text: paragraphs, lines of a PDF, cells that hold a sentence.

One value needs its check, its range and a word beside it that says what it is ("NHS no. ..."). Where a text is a list
it is judged like a column: of the numbers of one shape at least 80 % pass, and there are FEWEST of them. A line that
holds a name and an identifier, or two identifiers, is a row about a person; fewer than FEWEST such lines are a letter,
not a list.
INVARIANT: one pattern is searched for once, and cannot be made to look twice at the same characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ...core.finding_kinds import PEOPLE_ROWS
from ..stream import Row, Table, Visibility, why_unseen
from .bank_numbers import is_account_number, is_iban, is_payment_card, is_sort_code
from .columns import FEWEST
from .contact_details import is_email, is_phone
from .dates import may_be_birth
from .distinct import Distinct
from .health_numbers import is_chi_number, is_hc_number, is_nhs_number
from .kind import Kinds
from .name_words import NAMES, NOT_PEOPLE
from .national_identifiers import is_driving_licence, is_postcode, is_ssn, is_whole_nino
from .shape import compact, plain
from .tally import Tallies

REACH = 48
"""Characters before a value in which the word that explains it stands, and half as many behind it."""
MAX_LINE = 2_000
LABELLED = 4
"""Cells of a row of a form: what a value is, and the value."""

_GROUPED = r"\d{3}[ -]?\d{3}[ -]?\d{4}"
_CANDIDATE = re.compile(
    r"(?P<email>[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})"
    r"|(?<![\w.+-])(?:"
    r"(?P<iban>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)"
    r"|(?P<nino>[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D])"
    r"|(?P<licence>[A-Z]{1,5}9{0,4}\d{6}[A-Z9]{2}[A-Z0-9][A-Z]{2})"
    r"|(?P<postcode>[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})"
    r"|(?P<card>\d{4}(?:[ -]\d{4}){3}|\d{4}[ -]\d{6}[ -]\d{5}|\d{13,19})"
    r"|(?P<bank>\d{2}[- ]\d{2}[- ]\d{2}[ ,;|/]{1,3}(?:[A-Za-z .:#]{1,20})?\d{8})"
    r"|(?P<ssn>\d{3}-\d{2}-\d{4})"
    r"|(?P<date>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2} [A-Za-z]{3,9} \d{2,4})"
    rf"|(?P<ten>{_GROUPED})"
    r"|(?P<phone>\(?(?:\+|0)[\d() -]{8,17}\d)"
    r")(?!\w)",
)
_WORD = re.compile(r"[^\W\d_]+")
_TELLING = re.compile(r"[0-9@]")


@dataclass(frozen=True, slots=True)
class Spelled:
    """How a kind is recognised in text. near: words that explain it; None where it explains itself.

    listed: whether a list of them is judged by its share alone. identifies: whether it names one person.
    """

    id: str
    noun: str
    group: str
    check: Callable[[str], bool]
    near: re.Pattern[str] | None
    listed: bool = True
    identifies: bool = True


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE)


def near_words(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return _words("|".join(r"[\W_]{1,3}".join(map(re.escape, phrase.split())) for phrase in phrases))


def _bank(value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return len(digits) == 14 and is_sort_code(digits[:6]) and is_account_number(digits[6:])


SPELLED = (
    Spelled("hc_number", "H&C numbers", "ten", is_hc_number, _words(r"h ?& ?c|hcn|health and care|patients?|hospital")),
    Spelled("nhs_number", "NHS numbers", "ten", is_nhs_number, _words(r"nhs|patients?|hospital|gp|surgery|dob")),
    Spelled("chi_number", "CHI numbers", "ten", is_chi_number, _words(r"chi|community health|patients?|hospital")),
    Spelled("nino", "National Insurance numbers", "nino", is_whole_nino,
            _words(r"national insurance|ni|nino|n\.i\.|insurance n\w+"), listed=False),
    Spelled("driving_licence", "driving licence numbers", "licence", is_driving_licence, None),
    Spelled("iban", "IBANs", "iban", is_iban, None, identifies=False),
    Spelled("payment_card", "payment card numbers", "card", is_payment_card,
            _words(r"cards?|visa|mastercard|amex|pan|expiry|exp|cvv|cvc"), identifies=False),
    Spelled("bank_account", "sort codes with account numbers", "bank", _bank,
            _words(r"sort ?codes?|s/c|a/c|acc(?:oun)?t|bank"), listed=False, identifies=False),
    Spelled("us_ssn", "US Social Security numbers", "ssn", lambda value: is_ssn(value.replace("-", "")),
            _words(r"ssn|social security"), listed=True),
    Spelled("email", "e-mail addresses", "email", is_email, None),
    Spelled("phone", "telephone numbers", "phone", is_phone, None, identifies=False),
    Spelled("date_of_birth", "dates of birth", "date", may_be_birth,
            _words(r"dob|d\.o\.b\.?|born|birth|birthday"), listed=False, identifies=False),
    Spelled("postcode", "postcodes", "postcode", lambda value: is_postcode(value.upper()),
            _words(r"address|post ?code|lives?|living|home|street|road|avenue|lane|close|drive"),
            listed=False, identifies=False),
)  # fmt: skip
_BY_GROUP: dict[str, tuple[Spelled, ...]] = {
    group: tuple(each for each in SPELLED if each.group == group) for group in {each.group for each in SPELLED}
}


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
    """The lines about people behind one kind of cover."""

    keys: Distinct = field(default_factory=Distinct)
    number: int = 0
    nouns: dict[str, None] = field(default_factory=dict)
    place: str = ""


@dataclass(slots=True)
class _Line:
    """What one line holds. identified: the first value in it that belongs to one person, "" where none does.

    corresponds: whether it names somebody as mail programs do above what they quote, so that a date is that of a mail.
    """

    values: dict[str, None] = field(default_factory=dict)
    nouns: dict[str, None] = field(default_factory=dict)
    identified: str = ""
    corresponds: bool = False

    def add(self, spelled: Spelled, value: str, corresponds: bool) -> None:
        self.values[value] = None
        self.nouns[spelled.noun] = None
        if corresponds:
            self.corresponds = True
        elif spelled.identifies and not self.identified:
            self.identified = value

    def is_about_a_person(self, named: bool) -> bool:
        """Where it names nobody, an address with a telephone number is the last line of a signature."""
        nouns = self.nouns.keys() - ({"dates of birth"} if self.corresponds else set())
        if named:
            return bool(self.identified) or len(nouns) > 1
        return bool(self.identified) and len(nouns) > 1 and not nouns <= _CONTACT


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

    def take(self, text: str, where: str, why: Visibility, lines: bool = True) -> None:
        for line in text.split("\n"):
            for piece in _pieces(line):
                self._take_line(piece, where, why, lines)

    def _take_line(self, line: str, where: str, why: Visibility, count_line: bool) -> None:
        if not self._own and _TELLING.search(line) is None and line.isascii():
            return
        line = plain_line(line)
        self._take_own(line, where, why)
        found = _Line()
        for match in _CANDIDATE.finditer(line):
            for spelled in _BY_GROUP[match.lastgroup or ""]:
                if self._passes(spelled, match[0], where, why):
                    value = compact(match[0]).casefold()
                    found.add(spelled, value, spelled.id == "email" and _is_written_to(line, match))
                    if spelled.near is not None and _explains(spelled.near, line, match.start(), match.end()):
                        self._tallies.of(spelled.id, spelled.noun, why).add([value], where, where)
                    break
        if count_line and found.values:
            self._count_line(found, has_name(line), where, why)

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

    def _count_line(self, found: _Line, named: bool, where: str, why: Visibility) -> None:
        if not found.is_about_a_person(named):
            return
        lines = self._lines.setdefault(why, _Lines(place=where))
        lines.number += 1
        lines.keys.add([found.identified or next(iter(found.values))])
        lines.nouns.update(dict.fromkeys(["names"] if named else []))
        lines.nouns.update(found.nouns)

    def end(self) -> None:
        """Texts that turned out to be lists go into the tallies."""
        for (kind, why), kept in self._lists.items():
            alone = kept.spelled.near is None and kept.passed > 0
            is_list = kept.spelled.listed and kept.passed >= FEWEST and kept.passed * 5 >= kept.shaped * 4
            if alone or is_list:
                tally = self._tallies.of(kind, kept.spelled.noun, why)
                tally.take_over(kept.distinct, kept.passed, kept.place)
        for why, lines in self._lines.items():
            if lines.keys.count() >= FEWEST:
                tally = self._tallies.of(PEOPLE_ROWS, "people", why)
                tally.take_over(lines.keys, lines.number, lines.place, lines.nouns)
        self._lists, self._lines = {}, {}


def _is_written_to(line: str, found: re.Match[str]) -> bool:
    """Whether an address stands as that of a correspondent: <anna@else.example>, [mailto:anna@else.example]."""
    return line.endswith("<", 0, found.start()) or line.endswith("mailto:", 0, found.start())


_CONTACT = frozenset({"e-mail addresses", "telephone numbers"})
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


def plain_line(line: str) -> str:
    """The line with one kind of digits, hyphens and spaces."""
    return line if line.isascii() else " ".join(plain(_words_of(line)))


def _words_of(line: str) -> list[str]:
    return line.split() or [""]


def has_name(line: str) -> bool:
    """Whether a known name stands in it with another word that begins like one, and nothing that is no person's."""
    words = _WORD.findall(line)
    capital = [word for word in words if word[0].isupper()]
    folded = {word.casefold() for word in capital}
    return len(capital) >= 2 and not folded.isdisjoint(NAMES) and len(folded & NOT_PEOPLE) * 2 < len(folded)


def _explains(near: re.Pattern[str], line: str, start: int, end: int) -> bool:
    return near.search(line, max(start - REACH, 0), min(end + REACH // 2, len(line))) is not None
