"""Who could see whose address in a message that left. Pure.

INVARIANT: every recipient of the envelope appears exactly once, and nobody is listed as seen whom no copy showed. A
recipient whom no field names (Bcc) sees the others and is seen by nobody. Who sent it is no discovery: senders are
left out of what was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """In which a message left (release forms, docs/policy.md)."""

    ORIGINAL = "original"
    CLEANED = "cleaned"
    SEPARATE = "separate"
    BCC = "bcc"


class Got(StrEnum):
    """Whether somebody's copy was taken by the next mail server. What happened behind it nobody here knows."""

    YES = "yes"
    PERHAPS = "perhaps"
    TRYING = "trying"
    NO = "no"
    UNKNOWN = "unknown"


PERHAPS = frozenset({Got.PERHAPS, Got.UNKNOWN})
NOT_YET = frozenset({Got.NO, Got.TRYING})
"""Who has no copy: nothing was seen in it."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One recipient. shown: whether a field of the message names them. view: whose addresses their copy shows, their
    own among them where it is; shared by all who got the same copy.
    """

    address: str
    inside: bool
    shown: bool
    got: Got
    view: frozenset[str]

    @property
    def others(self) -> int:
        """How many addresses of other people they could see."""
        return len(self.view) - (self.address in self.view)


@dataclass(frozen=True, slots=True)
class Exposed:
    """One address that others could see. got: what became of a copy to it, None where none was addressed to it.
    seen_by: of how many others whose copy was taken; perhaps: of how many more of whom that is not known.
    """

    address: str
    inside: bool
    got: Got | None
    seen_by: int
    perhaps: int

    @property
    def addressed(self) -> bool:
        """Whether it was a recipient too."""
        return self.got is not None

    @property
    def is_exposed(self) -> bool:
        return self.seen_by + self.perhaps > 0


@dataclass(frozen=True, slots=True)
class Exposure:
    """sights: in the order of the envelope. exposed: in the order in which the message shows them."""

    sights: tuple[Sight, ...]
    exposed: tuple[Exposed, ...]


def who_saw_whom(
    recipients: Iterable[str],
    visible: Iterable[str],
    *,
    senders: Collection[str],
    is_inside: Callable[[str], bool],
    form: Form = Form.ORIGINAL,
    got: Mapping[str, Got] | None = None,
) -> Exposure:
    """recipients: of the envelope; visible: whom the fields and invitations of the message name. All addresses are
    canonical. got: what became of whose copy; Got.UNKNOWN of those whom it does not name.

    Of a rewrite that also hid addresses inside this counts those as shown: more was not exposed.
    """
    known, addressed = got or {}, tuple(dict.fromkeys(recipients))
    shown = tuple(dict.fromkeys(each for each in visible if each not in frozenset(senders)))
    whole = frozenset(shown)
    inside = frozenset(filter(is_inside, shown))
    sights = tuple(
        Sight(
            each,
            is_inside(each),
            each in whole,
            known.get(each, Got.UNKNOWN),
            _view(form, inside=is_inside(each), whole=whole, inside_shown=inside),
        )
        for each in addressed
    )
    return Exposure(sights, tuple(_exposed(shown, sights, is_inside)))


def _view(form: Form, *, inside: bool, whole: frozenset[str], inside_shown: frozenset[str]) -> frozenset[str]:
    """Those inside get the message as written where others get separate copies (core/rewrite/hide.py)."""
    if form in (Form.ORIGINAL, Form.CLEANED) or (form is Form.SEPARATE and inside):
        return whole
    return inside_shown


def _exposed(shown: Iterable[str], sights: tuple[Sight, ...], is_inside: Callable[[str], bool]) -> Iterable[Exposed]:
    by_address = {each.address: each for each in sights}
    counts: dict[frozenset[str], list[int]] = {}
    for each in sights:
        count = counts.setdefault(each.view, [0, 0])
        count[0] += each.got is Got.YES
        count[1] += each.got in PERHAPS
    for address in shown:
        seen = [count for view, count in counts.items() if address in view]
        own = by_address.get(address)
        sees_itself = own is not None and address in own.view
        certain = sum(count[0] for count in seen) - (sees_itself and own is not None and own.got is Got.YES)
        perhaps = sum(count[1] for count in seen) - (sees_itself and own is not None and own.got in PERHAPS)
        yield Exposed(address, is_inside(address), None if own is None else own.got, certain, perhaps)
