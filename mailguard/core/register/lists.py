"""The code lists of the register, and what is the same in every record of an organisation: data, not code.

An organisation's own document replaces the packaged one key by key: values that nobody could verify are data that an
organisation can change. Whoever reads files hands in their octets.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from ..document import load_model


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(_Written):
    """Somebody of the organisation whom others may ask."""

    name: StrictStr | None = None
    role: StrictStr | None = None
    telephone: StrictStr | None = None
    email: StrictStr | None = None

    @property
    def in_words(self) -> str:
        return ", ".join(each for each in (self.name, self.role, self.telephone, self.email) if each)


class Organisation(_Written):
    """Whose incident it is. org_code: of the ODS. role: towards the data. partners: joint controllers, controller."""

    name: StrictStr | None = None
    sector: StrictStr | None = None
    org_code: StrictStr | None = None
    role: Literal["controller", "joint_controller", "processor"] | None = None
    partners: StrictStr | None = None


class Mechanism(_Written):
    """How it happened. text: the nature, in words that name nobody. ico, nhs: what regulators call it."""

    text: StrictStr
    ico: StrictStr
    nhs: StrictStr
    cyber: bool = False


class DataCategory(_Written):
    """special, criminal: of UK GDPR Article 9, of Article 10."""

    text: StrictStr
    special: bool = False
    criminal: bool = False


class Step(_Written):
    """A place in the grid: at least so likely and so grave."""

    likelihood: StrictInt = Field(ge=1, le=5)
    impact: StrictInt = Field(ge=1, le=5)


class Grid(_Written):
    """The grid of the NHS incident tool. ico, dhsc: from where on it goes there. vulnerable_least: the least."""

    version: StrictStr
    likelihood: tuple[StrictStr, ...] = Field(min_length=5, max_length=5)
    impact: tuple[StrictStr, ...] = Field(min_length=5, max_length=5)
    vulnerable_least: Step
    ico: Step
    dhsc: Step


class StatisticsCode(_Written):
    """Principles and practices of the Code of Practice for Statistics, by their numbers."""

    version: StrictStr
    codes: dict[str, StrictStr]


class Lists(_Written):
    """All of it. small_numbers_below: smaller numbers of people are suppressed in what is handed out."""

    version: Literal[1]
    small_numbers_below: StrictInt = Field(ge=1, le=100)
    organisation: Organisation
    contact: Person | None
    dpo: Person | None
    head_of_profession: Person | None
    mechanisms: dict[str, Mechanism]
    data_categories: dict[str, DataCategory]
    subject_types: dict[str, StrictStr]
    grid: Grid
    statistics_code: StatisticsCode

    def nature(self, mechanisms: tuple[str, ...]) -> str:
        """In words that name nobody, whatever a person wrote."""
        known = [self.mechanisms[code].text for code in mechanisms if code in self.mechanisms]
        return "; ".join(known) or "Not stated"

    def data(self, categories: tuple[str, ...]) -> str:
        return "; ".join(self.data_categories[code].text for code in categories if code in self.data_categories)


class _Own(_Written):
    """What an organisation may replace."""

    version: Literal[1]
    small_numbers_below: StrictInt | None = Field(default=None, ge=1, le=100)
    organisation: Organisation | None = None
    contact: Person | None = None
    dpo: Person | None = None
    head_of_profession: Person | None = None
    mechanisms: dict[str, Mechanism] | None = None
    data_categories: dict[str, DataCategory] | None = None
    subject_types: dict[str, StrictStr] | None = None
    grid: Grid | None = None
    statistics_code: StatisticsCode | None = None


def load_lists(packaged: bytes, own: bytes | None = None, own_name: str = "", organisation: str | None = None) -> Lists:
    """The packaged lists with what the organisation's own document replaces. organisation: its name, where the document
    does not say it. DocumentErrors for a document that cannot be used.
    """
    lists = load_model(packaged, "lists.yaml", Lists)
    if own is not None:
        given = load_model(own, own_name, _Own)
        lists = lists.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})
    if lists.organisation.name is None and organisation is not None:
        lists = lists.model_copy(update={"organisation": lists.organisation.model_copy(update={"name": organisation})})
    return lists
