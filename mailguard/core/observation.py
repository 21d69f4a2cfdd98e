"""What is seen of one message before it is judged: every fact that a condition may ask for, as one value.

Promises: the same message, envelope, organisation and inspections give the same observation; counts are of distinct
mailboxes; what cannot be shown to be inside counts as outside. It must not know any policy.
A visible recipient is a distinct mailbox that a recipient of this one message could read in its recipient fields
(INTERFACE.md "Policy"); the envelope is a different thing and has facts of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from .automatic import is_automatic
from .bodies import is_attachment, told_once
from .carried.counts import Readers, carried_facts
from .carried.model import Carried, merged
from .carried.sealed import sealed_parts
from .carried.walk import carried
from .earlier.past import NO_PAST, Past
from .envelope import Envelope
from .inventory import Inventory
from .kinds import begins_as_tnef, is_tnef
from .mail.header import ORIGINATOR_FIELDS
from .mail.message import Defect, Mailbox, Message, Part
from .mail.search import find_addresses
from .mail.text import decode_charset, decode_words, unfold
from .occasion import occasions
from .organisation import Organisation, Team
from .own_address import claims_of_others
from .sides import Sides
from .verdict import Finding, Inspection

MAX_HEADER_CHARACTERS = 65_536
"""More text than this in one field is not matched: the rule that asked errs, which holds (THREATS.md T82)."""


class TooLong(Exception):
    """A field has more text than may be matched."""


@dataclass(frozen=True)
class Observation:
    """One message as the conditions see it.

    reverse_path: canonical, None for the null path. originators: what From and Sender claim; originators_clear:
    whether they can be relied on (there is one, and no defect in those fields that leaves a doubt).
    recipient_domains: of the envelope, distinct, in order. visible: distinct canonical addresses in order,
    attendees of calendar parts last. shown_in: what shows outsiders, for people ("Cc", "the invitation").
    invitation: whether a calendar part is more than a file with dates. occasions: what later messages of its
    invitations are known by; history: those of them that a rule separated, with its id, None where nobody was asked
    yet. inspectable: paths of the attachments, none of a message that is encrypted as a whole; bodies: of the message's
    own texts, which can always be read and are judged for what they hold (bodies.py); closed: of those parts that can
    name people and that nothing here reads; an inspection may (`inspected`); enclosing: of those of them that list
    recipients of this very
    message (TNEF), where it leaves the organisation. facts: name of condition -> value, no address among them (they
    stand in the ledger). uninspected: the same before there were inspections, None where there are none. past: what
    earlier messages say about this one. parts: by the name of a fact about contents, the parts that what it counts
    stands in, as far as that is known. claims_of_others: places that claim a sender other than the account that
    signed in (own_address.py), None where it may send as anybody, or nobody signed in. sender_teams: names of the
    teams that reverse-path, originators, reply addresses or an organiser belong to. outsiders: everybody outside
    who gets the message or whom its fields show, as a recipient or as a sender. classes: what Outlook calls it and
    the messages in it, where that was read. automatic: a program or a mailing list sent it, or it has the null path.
    """

    facts: Mapping[str, Any]
    reverse_path: str | None
    originators: tuple[str, ...]
    originators_clear: bool
    recipient_domains: tuple[str, ...]
    visible: tuple[str, ...]
    shown_in: tuple[str, ...]
    invitation: bool
    occasions: tuple[str, ...]
    history: Mapping[str, str] | None
    media_types: tuple[str, ...]
    inspectable: tuple[str, ...]
    bodies: tuple[str, ...]
    closed: tuple[str, ...]
    enclosing: tuple[str, ...]
    inspections: Mapping[str, Inspection]
    defects: tuple[Defect, ...]
    message: Message = field(compare=False, repr=False)
    base: _Base = field(compare=False, repr=False)
    claims_of_others: tuple[str, ...] | None = None
    past: Past = NO_PAST
    sender_teams: tuple[str, ...] = ()
    outsiders: frozenset[str] = frozenset()
    classes: tuple[str, ...] = ()
    automatic: bool = False
    parts: Mapping[str, tuple[str, ...]] = field(compare=False, default_factory=dict)
    uninspected: Observation | None = field(compare=False, repr=False, default=None)
    texts: dict[str, tuple[str, ...]] = field(compare=False, repr=False, default_factory=dict)

    def header(self, name: str) -> tuple[str, ...]:
        """The text of every field of this name, as it stands and decoded, without folding. Raises TooLong."""
        wanted = name.lower()
        if wanted not in self.texts:
            self.texts[wanted] = tuple(_texts(self.message, wanted))
        return self.texts[wanted]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all parts that were read; what the forms of one text say alike counts once (bodies.py)."""
        return told_once(self.message.root, self.bodies, self.inspections)

    @property
    def unread_bodies(self) -> int:
        """How many of the message's own texts could not be judged."""
        known = (self.inspections.get(path) for path in self.bodies)
        return sum(each is not None and each.uninspectable is not None for each in known)

    @property
    def inventory(self) -> tuple[Inventory, ...]:
        return tuple(inventory for each in self.inspections.values() for inventory in each.inventory)

    @property
    def holding(self) -> tuple[Defect, ...]:
        """The defects for which the floor holds the message."""
        return tuple(defect for defect in self.defects if defect.holds)


NOTHING: Mapping[str, str] = MappingProxyType({})


def observe(
    message: Message,
    envelope: Envelope,
    organisation: Organisation,
    inspections: Mapping[str, Inspection] | None = None,
    may_send_as: frozenset[str] | None = None,
    history: Mapping[str, str] | None = NOTHING,
) -> Observation:
    """Everything that a policy can ask about this message. inspections: by path of the part, those made so far.

    may_send_as: as in Session. history: as in Observation; by default nothing is remembered, and nobody is asked.
    """
    base = _Base(message, envelope, organisation, carried(message), Sides(organisation))
    parts = message.leaves
    domains = tuple(dict.fromkeys([_domain(recipient.address) for recipient in envelope.recipients]))
    counted, closed = _count(base, ()), set(base.contents.unread)
    sealed = sealed_parts(message) if base.contents.encrypted else ()
    enclosing = tuple([part.path for part in parts if part.path in closed and _is_enclosing(part, message)])
    files = dict.fromkeys([part.path for part in parts if is_attachment(part)])
    seen = Observation(
        facts=counted.facts,
        reverse_path=base.reverse_path,
        originators=message.originators,
        originators_clear=bool(message.originators) and not _unclear_originators(message.defects),
        recipient_domains=domains,
        visible=counted.visible,
        shown_in=counted.shown_in,
        invitation=any(calendar.invites for calendar in message.calendars),
        occasions=occasions(message) if message.calendars else (),
        history=history,
        media_types=tuple(dict.fromkeys([part.media_type for part in message.root.walk()])),
        inspectable=tuple([path for path in files if path not in sealed]),
        bodies=tuple([part.path for part in parts if part.path not in files]),
        closed=base.contents.unread,
        enclosing=enclosing if counted.facts["envelope_external_recipients"] else (),
        inspections={},
        defects=message.defects,
        message=message,
        base=base,
        claims_of_others=None if may_send_as is None else claims_of_others(message, envelope, may_send_as),
        sender_teams=counted.sender_teams,
        classes=counted.classes,
        outsiders=counted.outsiders,
        automatic=envelope.reverse_path is None or is_automatic(message),
        parts=counted.parts,
    )
    return inspected(seen, inspections) if inspections else seen


def inspected(seen: Observation, inspections: Mapping[str, Inspection]) -> Observation:
    """The observation with these inspections and no others: whom they found in closed parts counts with the rest."""
    known = {path: _certain(seen, inspection) for path, inspection in inspections.items()}
    if not known:
        return seen.uninspected or seen
    people = [each.people.within(path) for path in seen.closed if (each := known.get(path)) and each.people]
    first = seen.uninspected or seen
    counted: Observation | _Counted = _count(seen.base, people) if people else first
    return changed(
        seen,
        inspections=known,
        facts=counted.facts,
        visible=counted.visible,
        shown_in=counted.shown_in,
        outsiders=counted.outsiders,
        sender_teams=counted.sender_teams,
        classes=counted.classes,
        parts=counted.parts,
        uninspected=first,
    )


def changed(seen: Observation, **values: Any) -> Observation:
    """As dataclasses.replace, which takes a third of the time in which a short message is looked at."""
    made = object.__new__(Observation)
    made.__dict__.update(seen.__dict__)
    made.__dict__.update(values)
    return made


def _certain(seen: Observation, inspection: Inspection) -> Inspection:
    """What was not read to its end here, no inspection makes up for: whom it names is not known."""
    people = None if inspection.part in seen.base.contents.cut else inspection.people
    if people is not None or inspection.part not in seen.closed:
        return inspection
    return replace(inspection, people=None, uninspectable=inspection.uninspectable or CUT)


CUT = "whom it names cannot be told"


@dataclass(frozen=True, slots=True)
class _Base:
    """What counts are made of. Work that no inspection changes is done once."""

    message: Message
    envelope: Envelope
    organisation: Organisation
    contents: Carried
    sides: Sides

    @property
    def reverse_path(self) -> str | None:
        return self.envelope.reverse_path.address if self.envelope.reverse_path else None


@dataclass(frozen=True, slots=True)
class _Counted:
    facts: Mapping[str, Any]
    visible: tuple[str, ...]
    shown_in: tuple[str, ...]
    outsiders: frozenset[str]
    sender_teams: tuple[str, ...]
    classes: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]


def _count(base: _Base, people: Sequence[Carried]) -> _Counted:
    message, contents, side = base.message, merged([base.contents, *people]), base.sides.of
    mailboxes = (*message.visible, *contents.repeated)
    invited = [address for calendar in message.calendars for address in calendar.addresses]
    visible = tuple(dict.fromkeys([*(each.address for each in mailboxes), *invited, *contents.listed]))
    outside = [address for address in visible if not side(address).inside]
    counted = [address for address in outside if side(address).counts]
    recipients = [recipient.path.address for recipient in base.envelope.recipients]
    beyond = {each for each in recipients if not side(each).inside}
    senders = {*_sender_addresses(message), *contents.senders}
    senders_outside = [each for each in senders if not side(each).inside]
    reverse_path = base.reverse_path
    teams = sender_teams(base.organisation, reverse_path, (*message.originators, *sorted(senders)))
    correspondents = senders.union(visible, message.originators, [reverse_path] if reverse_path else ())
    named = carried_facts(
        contents,
        Readers(frozenset(correspondents), frozenset(beyond)),
        lambda address: side(address).counts,
        lambda address: side(address).consumer,
    )
    facts = {
        "visible_external_recipients": len(counted),
        "visible_external_domains": len({side(address).domain for address in counted}),
        "visible_consumer_recipients": sum([side(address).consumer for address in counted]),
        "visible_internal_recipients": len(visible) - len(outside),
        "internal_recipients_shown_outside": len(visible) - len(outside) if beyond or outside else 0,
        "envelope_recipients": len(recipients),
        "envelope_external_recipients": len(beyond),
        "external_senders": len(senders_outside),
        "from_fields": len(message.by_name.get("from", ())),
        "sensitive_sender": any(team.sensitive for team in teams),
        "size_bytes": len(message.raw),
        "calendar": _has_calendar(message, message.leaves),
        "malformed": any(defect.holds for defect in message.defects),
        "has_attachments": any(map(is_attachment, message.leaves)),
        **named.facts,
    }
    outsiders = frozenset(beyond.union(outside, senders_outside))
    shown_in = _shown_in(mailboxes, invited, contents.listed, counted)
    return _Counted(
        facts, visible, shown_in, outsiders, tuple([team.name for team in teams]), contents.classes, named.parts
    )


def sender_teams(organisation: Organisation, reverse_path: str | None, originators: Iterable[str]) -> tuple[Team, ...]:
    """The teams that a message claims to come from, each once."""
    claims = (*([reverse_path] if reverse_path else ()), *originators)
    return tuple(dict.fromkeys(team for each in claims if (team := organisation.team_of(each)) is not None))


SENDER_FIELDS = (
    "from",
    "sender",
    "reply-to",
    "resent-from",
    "resent-sender",
    "resent-reply-to",
    "mail-reply-to",
    "mail-followup-to",
)
"""Fields that name senders and that every recipient can read; a list of people fits into them as well as into Cc."""


def _sender_addresses(message: Message) -> Iterator[str]:
    """An organiser stands for the sender of an invitation, as From does, and everybody invited reads it."""
    for named in message.named(*SENDER_FIELDS):
        for found in find_addresses(message.value(named)):
            yield found.address
    for calendar in message.calendars:
        yield from calendar.organisers


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


INVITATION = "the invitation"
"""Where the attendees of a calendar part are shown, in the words of a reason."""
OUTLOOK = "Outlook's own copy of it (winmail.dat)"
"""Where the recipients and attendees of a TNEF part are shown."""


def _shown_as(field: str) -> str:
    return "-".join(word.capitalize() for word in field.split("-"))


def _shown_in(
    mailboxes: Iterable[Mailbox], invited: Iterable[str], listed: Iterable[str], counted: Collection[str]
) -> tuple[str, ...]:
    """Where those who count are shown, in the order of the message, an invitation and Outlook's copy last."""
    if not counted:
        return ()
    wanted = set(counted)
    fields = dict.fromkeys([each.field for each in mailboxes if each.address in wanted])
    places = [_shown_as(field) for field in fields]
    if not wanted.isdisjoint(invited):
        places.append(INVITATION)
    if not wanted.isdisjoint(listed):
        places.append(OUTLOOK)
    return tuple(places)


HARMLESS = frozenset({"8-bit-header", "long-header-line"})
"""Defects of From that leave no doubt about its addresses."""


def _unclear_originators(defects: Iterable[Defect]) -> bool:
    """Whether something in From or Sender, even what holds nothing, leaves a doubt about who they name."""
    return any(defect.where in ORIGINATOR_FIELDS and defect.kind not in HARMLESS for defect in defects)


def _has_calendar(message: Message, parts: Iterable[Part]) -> bool:
    """A calendar part by type, name or beginning, TNEF, which may carry one, or Outlook's mark on the whole message."""
    if message.calendars or any(is_tnef(part) for part in parts):
        return True
    return any(b"calendarmessage" in message.value(each).lower() for each in message.named("content-class"))


def _is_enclosing(part: Part, message: Message) -> bool:
    """TNEF by type or name, or by how it begins."""
    return is_tnef(part) or begins_as_tnef(bytes(message.raw[part.body_start : min(part.end, part.body_start + 80)]))


def _texts(message: Message, name: str) -> Iterable[str]:
    """Each field as it stands and as a reader decodes it, so that neither spelling evades a pattern."""
    for each in message.named(name):
        if each.end - each.value_start > MAX_HEADER_CHARACTERS:
            raise TooLong
        value = unfold(message.value(each))
        plain = decode_charset(value, "utf-8")
        yield plain
        decoded = decode_words(value).text.decode("utf-8", "replace")
        if decoded != plain:
            yield decoded
