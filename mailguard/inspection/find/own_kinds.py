"""Kinds of identifiers that an organisation adds: a file of patterns, in the same strict YAML as policies.

    version: 1
    identifiers:
      - id: hospital_number
        describe: hospital numbers
        matches: '[A-Z]\\d{6}'
        headings: [hospital number, hosp no]

Patterns are RE2: whatever an admin writes, a hostile workbook cannot make it slow (THREATS.md T82). They are judged by
column like all others, and in text with a word of `headings` near by.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, StringConstraints, model_validator

from ...core.document import Diagnostic, DocumentErrors, load_document, validate
from ...core.finding_kinds import PEOPLE_ROWS
from ...core.policy.conditions.declaration import declared
from ...core.policy.conditions.operands import Pattern, Words, compiled, problem
from .check_digits import CHECKS
from .kind import Kind, Kinds, Weight
from .kinds import BUILT_IN
from .phrases import heading_words
from .shape import compact

MAX_FILE_OCTETS = 65_536
"""It is handed to every process that reads attachments."""
MAX_OWN_KINDS = 50
"""Each is tried on every column that holds text."""
_TAKEN = frozenset(kind.id for kind in BUILT_IN) | {PEOPLE_ROWS, "person_named"}
_NOT_DIGITS = re.compile(r"\D")
Identifier = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]


class OwnKind(BaseModel):
    """One kind of identifier of the organisation's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier = declared(
        "The kind of the finding, as rules name it.",
        otherwise="must be given",
        unit="name in lower case",
        example="hospital_number",
        consequence="`finding: {kind: hospital_number}` asks for it.",
    )
    describe: StrictStr = declared(
        "What the values are called, in the plural.",
        otherwise="must be given",
        unit="words",
        example="hospital numbers",
        consequence="Stands in the sentence of the finding.",
        min_length=2,
        max_length=60,
    )
    matches: Pattern = declared(
        "What a whole value looks like; with or without its spaces and hyphens, in any case.",
        otherwise="must be given",
        unit="RE2 pattern",
        example="[A-Z]\\d{6}",
        consequence="A pattern that ordinary numbers match needs `heading_needed` or `check`.",
    )
    check: Literal["mod11", "luhn", "mod97"] | None = declared(
        "A check that the value must pass: NHS number's (ten digits), cards', IBAN's.",
        otherwise="none",
        unit="mod11, luhn or mod97",
        example="luhn",
        consequence="Values that fail do not count; at least 80 % of a column must pass.",
        default=None,
    )
    headings: Words = declared(
        "Phrases in the heading of its column, and near it in running text.",
        otherwise="none",
        unit="words or a list of them",
        example=["hospital number", "hosp no"],
        consequence="Between two kinds that fit equally well the heading decides.",
        default=(),
    )
    heading_needed: StrictBool = declared(
        "Whether only a column with such a heading counts.",
        otherwise="false",
        unit="true or false",
        example=True,
        consequence="true keeps order numbers of the same form from counting.",
        default=False,
    )
    identifies: StrictBool = declared(
        "Whether a value belongs to one person, as a patient number does and a date does not.",
        otherwise="true",
        unit="true or false",
        example=False,
        consequence="Two values that identify, in one row, make it a row about a person without a name.",
        default=True,
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.id in _TAKEN:
            raise problem(f'"{self.id}" is a kind of mailguard\'s own')
        if self.heading_needed and not self.headings:
            raise problem("heading_needed needs headings")
        if compiled(self.matches).fullmatch("") is not None:
            raise problem("a pattern that matches an empty cell matches everything")
        return self

    def kind(self) -> Kind:
        """As it is looked for."""
        pattern = compiled(self.matches)
        return Kind(
            self.id,
            self.describe,
            Weight.STRONG if self.identifies else Weight.LINK,
            _is_something,
            _passing(pattern.fullmatch, CHECKS[self.check] if self.check else None, self.check),
            compacted=False,
            headings=tuple(heading_words(each).strip() for each in self.headings),
            headed=self.heading_needed,
            by_shape=False,
            rank=4 if self.check else -1,
            signs=3,
            own=True,
            search=compiled(rf"\b(?:{self.matches})\b").finditer,
        )


class OwnKinds(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    identifiers: Annotated[tuple[OwnKind, ...], Field(max_length=MAX_OWN_KINDS)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        seen: set[str] = set()
        for each in self.identifiers:
            if each.id in seen:
                raise problem(f'"{each.id}" is there twice')
            seen.add(each.id)
        return self


def load_kinds(text: bytes, name: str) -> Kinds:
    """The kinds of mailguard and those of this file. Raises core.document.DocumentErrors with all that is wrong."""
    if len(text) > MAX_FILE_OCTETS:
        raise DocumentErrors([Diagnostic(name, 1, 1, f"the file is larger than {MAX_FILE_OCTETS:,} bytes")])
    own = validate(load_document(text, name), OwnKinds)
    return Kinds((*(each.kind() for each in own.identifiers), *BUILT_IN))


def _is_something(shape: str) -> bool:
    return any(each in shape for each in "9aA")


def _passing(
    matches: Callable[[str], object], check: Callable[[str], bool] | None, name: str | None
) -> Callable[[str], bool]:
    def passes(value: str) -> bool:
        if matches(value) is None and matches(compact(value)) is None:
            return False
        return check is None or _checked(check, name, value)

    return passes


def _checked(check: Callable[[str], bool], name: str | None, value: str) -> bool:
    if name == "mod97":
        tight = compact(value).upper()
        return len(tight) >= 5 and tight.isascii() and tight.isalnum() and check(tight)
    digits = _NOT_DIGITS.sub("", value)
    return digits.isascii() and (len(digits) == 10 if name == "mod11" else len(digits) >= 2) and check(digits)
