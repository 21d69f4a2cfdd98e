"""Every sentence of the policy that a person reads: reasons of rules and floors, and what an explanation says.

A reason is a clause without a full stop, fit to stand after "Not sent: ". Counts and names of fields go in; addresses,
subjects and file names never do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..finding_kinds import PEOPLE_ROWS, noun_of, so_many

NOTHING_MATCHED = "no rule matched"
CANNOT_DECIDE = "a rule could not be checked, so a person has to look at the message"
CALENDAR = "the message carries a calendar invitation"
REPEATED = "an earlier message of this invitation was sent as separate copies"
BCC_OF_INVITATION = "and only separate copies can hide the people in an invitation from each other"
ATTACHED = "the message has an attachment"
UNREADABLE_TEXT = "the text of the message cannot be checked"
ENCRYPTED = "part of the message is encrypted"
MALFORMED = "the message can be read in more than one way"
SENSITIVE = "being written to by this team already says something about a person"
AUTOMATIC = "and mail that a program or a mailing list sends does not wait"
FORMS_DISAGREE = "and the rules that it meets allow no form in which it could leave by itself"
MOST_KINDS = 3
"""Kinds of findings that a reason names; the decision has all."""
OWN_ADDRESS = "the account that signed in may send only as itself"


RECALL = "the message takes an earlier one back"


def batch(count: int) -> str:
    return f"{count} people would see addresses of each other in this message and others like it that were sent before"


def shown_again(count: int) -> str:
    return f"{count} people who got an earlier message without seeing each other would see each other's addresses now"


def same_file(people: int, others: int) -> str:
    """people: in its rows, nought where nobody looked. others: who have it from messages of their own."""
    inside = f" with {people:,} {'person' if people == 1 else 'people'} in it" if people else ""
    readers = "1 other person" if others == 1 else f"{others:,} other people"
    return (
        f"the same file{inside} has already gone to {readers} outside in messages of their own; "
        "this one and those that follow it are stopped"
    )


def visible_people(count: int, fields: Sequence[str]) -> str:
    """fields: where they stand, for example ("To", "Cc")."""
    where = f" in {listed(fields)}" if fields else ""
    if count == 1:
        return f"1 person outside the organisation would be shown{where}"
    return f"{count} people{where} would see each other's addresses"


def consumer_people(count: int) -> str:
    if count == 1:
        return "1 person with a private mail address would be shown"
    return f"{count} people with private mail addresses would see each other's addresses"


def visible_domains(count: int) -> str:
    return f"addresses of {count} outside {'domain' if count == 1 else 'domains'} would be shown together"


def inside_people(count: int) -> str:
    return f"{count} {'address' if count == 1 else 'addresses'} inside the organisation would be shown"


def inside_people_outside(count: int) -> str:
    return f"{inside_people(count)} to people outside it"


def written_people(count: int) -> str:
    return f"its text shows {_addresses(count)} of people outside who are not in To or Cc"


def written_private_people(count: int) -> str:
    return f"its text shows {_addresses(count)} of private people who are not in To or Cc"


def quoted_people(count: int) -> str:
    return f"a quoted message shows {_addresses(count)} of people outside whom it was sent to"


def nested_people(count: int) -> str:
    return f"attached messages show {_addresses(count)} of people outside whom they were sent to"


def listed_contacts(count: int) -> str:
    return f"an attached contact list shows {_addresses(count)} of people outside"


def _addresses(count: int) -> str:
    return f"{count} {'address' if count == 1 else 'addresses'}"


def recipients(count: int) -> str:
    return f"the message goes to {count} {'recipient' if count == 1 else 'recipients'}"


def outside_recipients(count: int) -> str:
    return f"{count} {'recipient is' if count == 1 else 'recipients are'} outside the organisation"


def senders_outside(count: int) -> str:
    if count == 1:
        return "1 outside address stands among the senders, for everybody to see"
    return f"{count} outside addresses stand among the senders, for everybody to see"


def from_fields(count: int) -> str:
    return f"the message has {count} From {'field' if count == 1 else 'fields'}"


def size(octets: int) -> str:
    return f"the message has {octets:,} bytes"


def findings(counts: Mapping[str, int], hidden: bool) -> str:
    """counts: by kind, of those that the rule counted. hidden: whether none of them shows."""
    if people := counts.get(PEOPLE_ROWS, 0):
        persons = "1 person" if people == 1 else f"{people:,} people"
        return f"the message carries {f'hidden data about {persons}' if hidden else f'a list of {persons}'}"
    most = sorted(counts, key=lambda kind: -counts[kind])[:MOST_KINDS]
    named = listed([so_many(counts[kind], noun_of(kind)) for kind in most])
    return f"the message carries {named}{' in hidden data' if hidden else ''}"


def malformed(where: Iterable[str]) -> str:
    """where: fields or parts with a defect, as defects name them."""
    places = listed(list(dict.fromkeys(place for place in where if place))[:3])
    return f"{MALFORMED} ({places})" if places else MALFORMED


def unreadable(count: int, texts: int = 0) -> str:
    """texts: how many of them are no attachments but texts of the message itself."""
    if texts:
        return UNREADABLE_TEXT if texts == count else f"{UNREADABLE_TEXT}, nor can {_attachments(count - texts)}"
    return f"{_attachments(count)} cannot be read"


def _attachments(count: int) -> str:
    return "an attachment" if count == 1 else f"{count} attachments"


def another_sender(places: Sequence[str]) -> str:
    """places: of own_address.py."""
    names = [_PLACES.get(place) or "-".join(word.capitalize() for word in place.split("-")) for place in places]
    verb = "names" if len(names) == 1 else "name"
    return f"{OWN_ADDRESS}, and {listed(names)} {verb} another sender"


_PLACES = {"reverse-path": "the return address", "second-from": "a second From field"}


def lifted(rule: str) -> str:
    return f'lifted by rule "{rule}"'


def joined(clauses: Sequence[str]) -> str:
    return ", and ".join(clauses)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))
