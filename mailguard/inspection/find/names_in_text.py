"""Names of people in a line of text: which words are one, and how sure that is.

A name is titled ("Mrs A Patel"), known (one of its words is on the list), spelled by the e-mail address beside it, or
only shaped like one. What is only shaped counts where enough of the list around it is sure (free_text.py). Words that
make a name one of an organisation or a place make it nobody's. Linear: each pattern looks once at each character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .name_words import NAMES, NOT_PEOPLE

_TITLE_WORDS = "Mr Mrs Ms Miss Mx Dr Prof Professor Rev Revd Sir Dame Cllr Councillor".split()  # noqa: SIM905
TITLES = frozenset(each.casefold() for each in _TITLE_WORDS)
_OF_PLACES = frozenset({"dr", "sir", "dame", "prof", "professor", "rev", "revd"})
"""Titles that hospitals, streets and schools have as well: "Dr Gray's Hospital"."""
_TITLED = re.compile(
    rf"(?:{'|'.join([*_TITLE_WORDS, *map(str.upper, _TITLE_WORDS[:6])])})(?:\. ?| )([^\W\d_a-zß-öø-ÿ][^\W\d_]*+)"
)
_SURNAME = r"(?=\w['\w])([^\W\d_a-z][^\W\d_]*+(?:['\u2019-][^\W\d_]++){0,2})"
_INITIALLED = re.compile(
    rf"(?:[A-Z](?:\. ?| )){{1,3}}{_SURNAME}|{_SURNAME},? [A-Z](?:\.? ?[A-Z]){{0,2}}\.?(?: \(\w{{2,6}}\))?"
)
_KNOWN = NAMES | TITLES
_LETTERS = re.compile(r"[^\W\d_]+")
_GAP = re.compile(r"\s{2,}|\t")
_BREAK = re.compile(r"[,;|<>()\[\]:/\"]+|\s[-\u2013]\s|\d[\d ./-]*+")
_INVERTED = re.compile(r"(?<![^|,;:(])\s?([^\W\d_]+(?>(?:['-][^\W\d_]+)*)), ?([^\W\d_]+\.?)\s?(?=[|,;(<]|\Z)")
_WORD = re.compile(r"[^\W\d_]+(?>(?:['\u2019.-][^\W\d_]+)*)\.?")
_PARTS = re.compile(r"['\u2019.-]+")
_PARTICLES = frozenset("van von der den de da di du del dos la le al el bin ibn ap ab y".split())  # noqa: SIM905
_LABELS = frozenset(
    """
    nhs no nr number tel telephone phone mobile mob cell dob born birth email mail ni nino ref id age sex case patient
    name chi hcn ssn passport rhif
    """.split()  # noqa: SIM905
)
"""Words before a value that say what it is, and are no part of the name before them."""
_CALENDAR = frozenset(
    """
    january february march july august september october november december monday tuesday wednesday thursday friday
    saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec
    """.split()  # noqa: SIM905
)
_OF_HEADINGS = frozenset({"nhs", "postcode", "dob", "surname", "forename", "born", "diagnosis", "reason"})
"""In the line at the top of a list that says what its values are: five words with capitals, and nobody's name."""
_NO_BREAK = r"[^A-Za-z\d,;|<>()\[\]:/\"]+"
_SECOND = rf"(?:[A-Z]|(?:{'|'.join(sorted(_PARTICLES))})(?![A-Za-z]))"
_TWO_CAPITALS = re.compile(rf"[A-Z](?<![A-Za-z].)[A-Za-z]*(?:['.-][A-Za-z]+)*(?:{_NO_BREAK}{_SECOND}|, ?[A-Z])").search
"""In ASCII: a word with a capital, and a second one behind it with a capital or a particle; between them nothing that
ends a field, or a comma, since `_INVERTED` turns two words round.
"""
_TURNED = re.compile(rf"(?:{'|'.join(sorted(_PARTICLES))}), ?[A-Z]").search
_MOST_WORDS = 5
_FIELD_WORDS = 6
"""A field of a list has so many at most; more are a sentence."""


@dataclass(frozen=True, slots=True)
class NameSeen:
    """text: in lower case. sure: more than its shape says that it is one. alone: it fills a field of the line."""

    text: str
    sure: bool
    alone: bool


def begins_with_title(value: str) -> bool:
    """Whether a cell begins with a titled name, whatever stands behind it."""
    return _TITLED.match(value) is not None


def holds_known_name(value: str) -> bool:
    """Whether one of its words is a name on the list or a title."""
    return not _KNOWN.isdisjoint(_LETTERS.findall(value.casefold()))


def surname_beside_initials(value: str) -> str:
    """The surname of "J Smith", "J. R. Smith", "SMITH, J (Mrs)", "Smith J"; "" of anything else."""
    found = _INITIALLED.fullmatch(value)
    return (found[1] or found[2]).casefold() if found else ""


def fields_of(rest: str) -> list[str]:
    """What stands between the separators of a line. rest: the line with a comma for each value that was found in it."""
    rest = _INVERTED.sub(r"\2 \1", _GAP.sub("|", rest))
    return [field for each in _BREAK.split(rest) if (field := each.strip(" .-*\u2022"))]


def may_name(rest: str) -> bool:
    """Whether `name_in` may find somebody in a line: asked before it is cut into fields and words."""
    if not rest.isascii() or _TWO_CAPITALS(rest) is not None:
        return True
    return "," in rest and _TURNED(rest) is not None


def is_sentence(rest: str) -> bool:
    """More words than fields of a list have: asked before anything that costs time."""
    return rest.count(" ") > (_FIELD_WORDS + 1) * (
        1 + rest.count(",") + rest.count(";") + rest.count("|") + rest.count("  ")
    )


def is_of_a_list(fields: Sequence[str]) -> bool:
    """Several short fields and no sentence."""
    return len(fields) >= 2 and all(field.count(" ") < _FIELD_WORDS for field in fields)


def name_in(fields: Sequence[str], addresses: Sequence[str] = ()) -> NameSeen | None:
    """The first sure name of a line, else the first thing that is shaped like one and stands alone.

    addresses: e-mail addresses in the line; they spell names that are on no list.
    """
    shaped = None
    for field in fields:
        for run, alone in _runs(field):
            seen = _judged(run, alone, addresses)
            if seen is not None and seen.sure:
                return seen
            shaped = shaped or (seen if alone else None)
    return shaped


def names_alone(fields: Sequence[str]) -> list[NameSeen]:
    """Every name that fills a field, sure or only shaped like one."""
    judged = (_judged(run, alone, ()) for field in fields for run, alone in _runs(field) if alone)
    return [seen for seen in judged if seen is not None]


def _runs(field: str) -> Iterator[tuple[list[str], bool]]:
    """The words that follow each other with capitals, and whether they are all of the field but its labels."""
    words = _WORD.findall(field)
    while words and words[-1].casefold().rstrip(".") in _LABELS:
        words.pop()
    while words and words[0].casefold().rstrip(".") in _LABELS:
        words.pop(0)
    run: list[str] = []
    for word in [*words, ""]:
        if word and (word[0].isupper() or not word[0].islower() or (run and word in _PARTICLES)):
            run.append(word)
        elif run:
            yield run, len(run) == len(words)
            run = []


def _judged(run: list[str], alone: bool, addresses: Sequence[str]) -> NameSeen | None:
    title = run[0].casefold().rstrip(".")
    titled = title in TITLES
    words = [word.casefold().rstrip(".") for word in (run[1:] if titled else run)]
    if not words or len(words) > _MOST_WORDS or not any(len(word) > 1 for word in words):
        return None
    text = " ".join(words)
    if titled:
        of_place = title in _OF_PLACES and not NOT_PEOPLE.isdisjoint(words)
        return None if of_place else NameSeen(text, sure=True, alone=alone)
    parts = {part for word in words for part in _PARTS.split(word)} | set(words)
    if len(words) < 2 or not parts.isdisjoint(NOT_PEOPLE) or not parts.isdisjoint(_CALENDAR | _OF_HEADINGS):
        return None
    sure = not parts.isdisjoint(NAMES) or _is_spelled(words, addresses)
    return NameSeen(text, sure, alone)


def _is_spelled(words: Sequence[str], addresses: Sequence[str]) -> bool:
    """Whether an address is made of two words that stand beside each other: orla.oduya39@, ooduya@, oduya.o@."""
    for address in addresses:
        local = address.partition("@")[0]
        for first, second in pairwise(words):
            if (first in local and second in local and len(first) > 1 < len(second)) or (
                any(len(long) > 3 and long in local for long in (first, second)) and local[:1] in (first[0], second[0])
            ):
                return True
    return False
