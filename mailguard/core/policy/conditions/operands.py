"""What conditions take: numbers, text, addresses, domains and flags, checked when they are loaded.

Patterns are RE2 (linear in the text, THREATS.md T82), bounded in length and memory. Text, addresses and domains are
compared without regard to case.
"""

from __future__ import annotations

import unicodedata
from functools import cached_property
from typing import Annotated, Any, Self

import re2
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StrictInt,
    StrictStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from ...mail.canonical import canonical_address, canonical_domain
from .declaration import declared

MAX_PATTERN_CHARACTERS = 1_000
MAX_PATTERN_MEMORY = 1024 * 1024
PROBES = ("", "q7", "q7x@zz.invalid", "zz.invalid")
"""Nobody's address: an operand that holds of one of these leaves nobody out."""

Flag = StrictBool


def problem(message: str, suggestion: str | None = None) -> PydanticCustomError:
    """An error in words of ours, with what was probably meant."""
    return PydanticCustomError("policy", "{text}", {"text": message, "suggestion": suggestion})


def compiled(pattern: str) -> Any:
    """An RE2 pattern that ignores case. Raises re2.error."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MAX_PATTERN_MEMORY
    return re2.compile(pattern, options)


def folded(text: str) -> str:
    """Text for comparing: compatibility forms and case are alike."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _checked_pattern(pattern: str) -> str:
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise problem(f"a pattern has at most {MAX_PATTERN_CHARACTERS:,} characters")
    try:
        compiled(pattern)
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be read"
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise problem(f"not a pattern that RE2 takes: {text}") from None
    return pattern


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _some(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or not all(value.strip() for value in values):
        raise problem("an empty text or list holds of nothing")
    return values


Word = Annotated[StrictStr, AfterValidator(lambda text: _some((text,))[0])]
Words = Annotated[tuple[StrictStr, ...], BeforeValidator(_listed), AfterValidator(_some)]
Pattern = Annotated[StrictStr, AfterValidator(lambda text: _some((text,))[0]), AfterValidator(_checked_pattern)]


class Operand(BaseModel):
    """Keys that a condition takes. Each key that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            keys = [info.alias or name for name, info in type(self).model_fields.items()]
            raise problem(f"one of {', '.join(keys)} is needed")
        return self


class Number(Operand):
    """A whole number between bounds."""

    at_least: StrictInt | None = declared(
        "Holds if the number is this or larger.",
        otherwise="no lower bound",
        unit="the condition's",
        example=10,
        consequence="A lower bound catches more messages; 0 always holds.",
        default=None,
        ge=0,
    )
    at_most: StrictInt | None = declared(
        "Holds if the number is this or smaller.",
        otherwise="no upper bound",
        unit="the condition's",
        example=0,
        consequence="A higher bound catches more messages.",
        default=None,
        ge=0,
    )

    @model_validator(mode="before")
    @classmethod
    def _bounds(cls, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            raise problem("a number needs at_least or at_most", f"{{at_least: {value}}}")
        return value

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise problem(f"at_least {self.at_least} is above at_most {self.at_most}, which never holds")
        return self

    def holds(self, number: int) -> bool:
        low = self.at_least is None or number >= self.at_least
        return low and (self.at_most is None or number <= self.at_most)


class Text(Operand):
    """Text that is, ends with, or matches something. A plain text or a list means `is`."""

    is_: Words | None = declared(
        "Holds if the text is one of these.",
        otherwise="any text",
        unit="text or a list of texts",
        example=["board papers", "draft accounts"],
        consequence="The whole text must be the same; case is ignored.",
        default=None,
        alias="is",
    )
    ends_with: Words | None = declared(
        "Holds if the text ends with one of these.",
        otherwise="any text",
        unit="text or a list of texts",
        example=".gov.example",
        consequence="Short endings catch more than meant: begin a domain's ending with a dot or an @.",
        default=None,
    )
    matches: Pattern | None = declared(
        "Holds if this RE2 pattern is found anywhere in the text.",
        otherwise="any text",
        unit="RE2 pattern, at most 1,000 characters",
        example="^(draft|embargoed):",
        consequence="Without ^ and $ it may stand anywhere in the text; case is ignored.",
        default=None,
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: object) -> object:
        return {"is": value} if isinstance(value, (str, list)) else value

    def holds(self, text: str) -> bool:
        plain = self._normal(text)
        if self.is_ is not None and not any(self._same(plain, self._normal(each)) for each in self.is_):
            return False
        if self.ends_with is not None and not plain.endswith(tuple(map(self._normal, self.ends_with))):
            return False
        return self.matches is None or self._pattern.search(text) is not None

    @cached_property
    def _pattern(self) -> Any:
        return compiled(self.matches or "")

    def leaves_out(self) -> bool:
        """Whether it fails for a text that nobody named, so that it cannot hold for everybody."""
        return not any(self.holds(probe) for probe in PROBES)

    @staticmethod
    def _normal(text: str) -> str:
        return folded(text)

    @staticmethod
    def _same(text: str, wanted: str) -> bool:
        return text == wanted


def _address(text: str) -> str:
    local, at, domain = text.strip().rpartition("@")
    if not at or not domain or any(character.isspace() for character in text.strip()):
        suggestion = f'"@{text.strip()}"' if "." in text and not at else None
        raise problem(f'"{text}" is neither an address nor "@" and a domain', suggestion)
    return canonical_address(text) if local else f"@{canonical_domain(domain)}"


def _domain(text: str) -> str:
    domain = canonical_domain(text.strip().removeprefix("@"))
    if not domain or "@" in domain or any(character.isspace() for character in domain):
        raise problem(f'"{text}" is not a domain')
    return domain


Addresses = Annotated[Words, AfterValidator(lambda values: tuple(map(_address, values)))]
Domains = Annotated[Words, AfterValidator(lambda values: tuple(map(_domain, values)))]


class Address(Text):
    """An address. `@elmroad.example` means every address at that domain, not at its subdomains."""

    is_: Addresses | None = declared(
        'Holds if the address is one of these; "@" and a domain stands for every address there.',
        otherwise="any address",
        unit="address, @domain, or a list of them",
        example=["newsletters@elmroad.example", "@lists.elmroad.example"],
        consequence="Subdomains are not meant along with a domain; name them or use ends_with.",
        default=None,
        alias="is",
    )

    @staticmethod
    def _normal(text: str) -> str:
        return text.strip().lower()

    @staticmethod
    def _same(text: str, wanted: str) -> bool:
        return text.endswith(wanted) if wanted.startswith("@") else text == wanted


class Domain(Text):
    """A domain, with or without an @ before it."""

    is_: Domains | None = declared(
        "Holds if the domain is one of these.",
        otherwise="any domain",
        unit="domain or a list of domains",
        example=["partner.example"],
        consequence="Subdomains are not meant along; name them or use ends_with.",
        default=None,
        alias="is",
    )

    @staticmethod
    def _normal(text: str) -> str:
        return text.strip().lower()
