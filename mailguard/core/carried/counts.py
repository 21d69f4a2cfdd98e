"""How many people outside the contents of a message show to somebody who does not know of them yet.

Known to every reader are the correspondents of this message: who sends it and who stands in its recipient fields. An
envelope recipient whom no field names (Bcc) is known to nobody else, so that pasting a hidden list into the text counts
(incidents.yaml, kanagawa); but a person alone outside knows their own address. And whoever wrote a quoted or attached
message knows whom they wrote it to. The mailbox of an office (`info@`) in a text is nobody; where it was a recipient,
or is at a consumer mail provider, it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from ..role_mailboxes import is_role_mailbox
from .model import HEADER, Carried


@dataclass(frozen=True, slots=True)
class Readers:
    """correspondents: addresses that every recipient reads in the header. outside: envelope recipients outside."""

    correspondents: frozenset[str]
    outside: frozenset[str]

    @property
    def known(self) -> frozenset[str]:
        return self.correspondents | self.outside if len(self.outside) == 1 else self.correspondents

    def wrote(self, authors: Iterable[str]) -> bool:
        """Whether all who get this message outside are among these authors."""
        return bool(self.outside) and self.outside <= set(authors)


@dataclass(frozen=True, slots=True)
class CarriedFacts:
    """facts: of the conditions on contents, by their names. parts: by the same names, the parts that what they count
    stands in, as far as that is known; one of them is enough for an address that stands in several.
    """

    facts: Mapping[str, int | bool]
    parts: Mapping[str, tuple[str, ...]]


def carried_facts(
    carried: Carried, readers: Readers, counts: Callable[[str], bool], is_consumer: Callable[[str], bool]
) -> CarriedFacts:
    """What the conditions on contents ask. counts: whether an address is outside and not of a trusted domain."""
    if not (carried.text or carried.attached or carried.contacts):
        return CarriedFacts(
            {**_NONE, "encrypted": carried.encrypted}, {**_NOWHERE, "encrypted": carried.parts.encrypted}
        )
    returned = {
        each for block in carried.quoted if readers.wrote(block.authors) for each in (*block.authors, *block.recipients)
    }
    sent_on = {
        each: attached.part
        for attached in carried.attached
        if not readers.wrote(attached.authors)
        for each in attached.recipients
        if each not in readers.known and counts(each)
    }
    addressed = {each for block in carried.quoted for each in (*block.recipients, *block.blind)}

    def is_person(address: str) -> bool:
        return counts(address) and (address in addressed or is_consumer(address) or not is_role_mailbox(address))

    strangers = {each for each in set(carried.text) - readers.known - returned if is_person(each)}
    in_text, in_contacts = carried.parts.text, carried.parts.contacts
    counted: dict[str, tuple[Collection[str], Mapping[str, str]]] = {
        "body_external_addresses": (strangers, in_text),
        "body_consumer_addresses": ({each for each in strangers if is_consumer(each)}, in_text),
        "quoted_external_recipients": (strangers & addressed, in_text),
        "nested_external_recipients": (sent_on, sent_on),
        "contact_external_addresses": (
            {each for each in set(carried.contacts) - readers.known if is_person(each)},
            in_contacts,
        ),
    }
    return CarriedFacts(
        {**{name: len(found) for name, (found, _) in counted.items()}, "encrypted": carried.encrypted},
        {
            **{name: _parts(found, stands) for name, (found, stands) in counted.items()},
            "encrypted": carried.parts.encrypted,
        },
    )


_NONE = dict.fromkeys(
    (
        *("body_external_addresses", "body_consumer_addresses", "quoted_external_recipients"),
        *("nested_external_recipients", "contact_external_addresses"),
    ),
    0,
)
"""Where nobody is named: of most messages."""
_NOWHERE: Mapping[str, tuple[str, ...]] = dict.fromkeys(_NONE, ())


def _parts(found: Collection[str], stands: Mapping[str, str]) -> tuple[str, ...]:
    """In order of the paths, so that the same message gives the same."""
    return tuple(sorted({stands[each] for each in found if each in stands} - {HEADER}))
