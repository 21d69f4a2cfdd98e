"""How many people outside the contents of a message show to somebody who does not know of them yet.

Known to every reader are the correspondents of this message: who sends it and who stands in its recipient fields. An
envelope recipient whom no field names (Bcc) is known to nobody else, so that pasting a hidden list into the text counts
(incidents.yaml, kanagawa); but a person alone outside knows their own address. And whoever wrote a quoted or attached
message knows whom they wrote it to. The mailbox of an office (`info@`) in a text is nobody; where it was a recipient,
or is at a consumer mail provider, it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..role_mailboxes import is_role_mailbox
from .model import Carried


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


def carried_facts(
    carried: Carried, readers: Readers, counts: Callable[[str], bool], is_consumer: Callable[[str], bool]
) -> dict[str, int | bool]:
    """The facts of the conditions on contents. counts: whether an address is outside and not of a trusted domain."""
    returned = {
        each for block in carried.quoted if readers.wrote(block.authors) for each in (*block.authors, *block.recipients)
    }
    sent_on = {
        each for attached in carried.attached if not readers.wrote(attached.authors) for each in attached.recipients
    }
    addressed = {each for block in carried.quoted for each in (*block.recipients, *block.blind)}

    def is_person(address: str) -> bool:
        return counts(address) and (address in addressed or is_consumer(address) or not is_role_mailbox(address))

    strangers = {each for each in set(carried.text) - readers.known - returned if is_person(each)}
    return {
        "body_external_addresses": len(strangers),
        "body_consumer_addresses": sum(map(is_consumer, strangers)),
        "quoted_external_recipients": len(strangers & addressed),
        "nested_external_recipients": sum(map(counts, sent_on - readers.known)),
        "contact_external_addresses": sum(map(is_person, set(carried.contacts) - readers.known)),
        "encrypted": carried.encrypted,
    }
