"""What the sender of a held message may see and do by the link of their notice, without an account.

INVARIANT: looking changes nothing. INVARIANT: every act names the version that its page showed and goes through
guard/review.py, so that of a sender and a reviewer who act at once one decides. What a sender sees holds no recipient,
no text and nobody else's mail (THREATS.md T71).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ...core.errors import AlreadyDecided, NotAllowed, UnknownReference
from ...core.legible import legible, without_addresses
from ...core.lifecycle import OPEN, State
from ...core.mail.canonical import canonical_address, without_detail
from ...core.organisation import Organisation
from ...core.policy.leaving import ORIGINAL, Form
from ...core.role_mailboxes import is_role_mailbox
from ...core.words import sentence
from ...logs import logger
from ..actor import Actor
from ..entries import plain
from ..notices import Notices
from ..ports import Clock, Quarantine
from ..records import Held, HeldChange, NewDelivery, NewEntry, SenderLink
from ..review import Review
from ..sender_links import SENDER, acting, forms_for_sender, name_of
from ..wrong_holds import SaidBy, WrongHolds
from .ports import SenderLinks, UrgentCalls
from .records import UrgentCall
from .sender_code import AT_MOST, CodeTries, Tried, code_for
from .tokens import key_of

log = logger("console")

URGENT_WITHIN = timedelta(days=1)
MOST_URGENT = 3
"""Unless the settings say otherwise (`notices.urgent_per_day`)."""
MOST_REASON = 300
MOST_NAME = 80
_MANY = "this sender has called as many messages urgent as they may"


class TooManyUrgent(NotAllowed):
    """The sender has called as many others urgent as they may, or this one already."""


class TooManyTries(NotAllowed):
    """Too many addresses were typed to which the message does not go."""


class NotAmong(NotAllowed):
    """The message does not go to this address, or no longer. asked: as it was written."""

    def __init__(self, asked: str) -> None:
        super().__init__("the message does not go to this address")
        self.asked = asked


class NobodyLeft(NotAllowed):
    """Everybody would be left out: that is to cancel it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A held message as its sender sees it. sender: whom the notice went to. shared: several people may read there.
    forms: in which the sender may send it now. decided_by: a name, empty for the sender, None while it is open. urgent:
    when it was called so. left_by_itself, reached_nobody: as in Held; offers: the form in which it does. left_out:
    how many people it goes to no longer. may_be_urgent: its sender may say so of any message at all.
    """

    link: SenderLink
    ref: str
    version: int
    state: State
    sender: str
    shared: bool
    subject: str
    reason: str
    people: int
    outside: int
    received_at: datetime
    due_at: datetime
    forms: tuple[Form, ...]
    decided_by: str | None
    decided_at: datetime | None
    released_as: str | None
    urgent: datetime | None
    left_by_itself: bool
    offers: str
    left_out: int
    may_be_urgent: bool
    reached_nobody: bool

    @property
    def waits(self) -> bool:
        """It leaves by itself unless somebody stops it."""
        return self.state is State.WAITING

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_leaving(self) -> bool:
        """Somebody decided that it is sent, and it has not begun to leave: its sender can still cancel it."""
        return self.state is State.LEAVING


class SenderDesk:
    """wake is the review's and the outbox's matter; here is nothing that waits but a wrong code.

    stop_for: how long what the sender sends can still be cancelled. most_urgent: how many messages a sender may call
    urgent within a day.
    """

    def __init__(
        self,
        *,
        links: SenderLinks,
        urgent: UrgentCalls,
        quarantine: Quarantine,
        review: Review,
        notices: Notices,
        organisation: Organisation,
        clock: Clock,
        stop_for: timedelta,
        wrong_holds: WrongHolds,
        tries: CodeTries,
        most_urgent: int = MOST_URGENT,
    ) -> None:
        self._links = links
        self._urgent = urgent
        self._quarantine = quarantine
        self._review = review
        self._notices = notices
        self._organisation = organisation
        self._clock = clock
        self._stop_for = stop_for
        self._wrong_holds = wrong_holds
        self.most_urgent = most_urgent
        self._tries = tries

    async def look(self, token: str) -> Case | None:
        """None where the link leads nowhere (any more): expired, altered and invented ones are one and the same."""
        link = await self._links.find(key_of(token), self._clock.now())
        if link is None:
            return None
        try:
            held = await self._quarantine.get(link.ref)
        except UnknownReference:
            return None
        if canonical_address(link.sender) != canonical_address(held.sender):
            return None
        called = await self._urgent.of([link.ref])
        return self._case(link, held, called[0].at if called else None)

    def code(self, case: Case, browser: str) -> str:
        """What the page shows in this browser. browser: its token."""
        return code_for(browser, case.link.key)

    async def attempt(self, case: Case, browser: str, typed: str) -> Tried:
        """Whether the code was typed in."""
        tried = await self._tries.attempt(case.link.key, self.code(case, browser), typed, self._clock.now())
        if tried is not Tried.RIGHT:
            log.info("sender_code_refused", ref=case.ref, answer=tried.value)
        return tried

    async def cancel(self, case: Case, name: str, version: int) -> None:
        """It is not sent. name: who says so, empty for the sender themselves. AlreadyDecided."""
        await self._review.cancel(case.ref, by=acting(name), system_user=SENDER, version=version)

    async def send(self, case: Case, form: Form, reason: str, name: str, version: int) -> None:
        """It will be sent, where its rule lets the sender; for a while they can still cancel it.

        AlreadyDecided, NotAllowed, FormForbidden, CannotRewrite.
        """
        await self._review.send_for_sender(
            case.ref, form=form, reason=reason, by=acting(name), version=version, stop_for=self._stop_for
        )

    async def send_now(self, case: Case, name: str, version: int) -> None:
        """It leaves as it would have left, as soon as it can be stopped no more. AlreadyDecided, CannotRewrite."""
        await self._review.send_delayed(case.ref, by=acting(name), version=version, stop_for=self._stop_for)

    async def leave_out(self, case: Case, written: Sequence[str], name: str, version: int) -> None:
        """It leaves, but not for these. written: addresses as somebody wrote them. AlreadyDecided, NotAmong,
        NobodyLeft.

        Who the others are is nobody's to find out by trying (THREATS.md T71): wrong addresses count as wrong codes do.
        """
        tried, now = f"address {case.link.key}", self._clock.now()
        if await self._tries.is_locked(tried, now):
            raise TooManyTries("too many addresses were tried to which the message does not go")
        held = await self._quarantine.get(case.ref)
        going = {each.address for each in held.envelope.recipients}
        asked = {canonical_address(each): each for each in written}
        strange = next((written for address, written in asked.items() if address not in going), None)
        if strange is not None:
            if await self._tries.wrong(tried, now) > AT_MOST:
                raise TooManyTries("others tried addresses at the same time")
            raise NotAmong(strange)
        if going <= asked.keys():
            raise NobodyLeft("everybody would be left out")
        await self._review.leave_out(case.ref, asked, by=acting(name), version=version)

    async def call_wrong(self, case: Case, reason: str, name: str) -> None:
        """It should not have been held, says its sender: it is counted, and changes nothing. AlreadySaid."""
        held = await self._quarantine.get(case.ref)
        await self._wrong_holds.say(held, Actor(acting(name), SENDER), SaidBy.SENDER, reason)

    async def withdraw_wrong(self, case: Case, name: str) -> None:
        """Its sender takes that back. NeverSaid."""
        held = await self._quarantine.get(case.ref)
        await self._wrong_holds.withdraw(held, Actor(acting(name), SENDER))

    async def called_wrong(self, case: Case) -> datetime | None:
        """When its sender said so; None where they have not."""
        return await self._wrong_holds.when(case.ref, Actor(acting(""), SENDER))

    async def call_urgent(self, case: Case, reason: str, name: str) -> None:
        """It cannot wait. One that leaves by itself leaves at once, in the step that records and counts it: where it
        cannot leave, nothing was said. Another one goes to the top of the list, and the reviewers hear of it.

        AlreadyDecided, TooManyUrgent, CannotRewrite.
        """
        held = await self._quarantine.get(case.ref)
        if held.state not in OPEN or held.version != case.version:
            raise AlreadyDecided(case.ref)
        now, by = self._clock.now(), acting(name)
        call = UrgentCall(case.ref, without_detail(canonical_address(held.sender)), now, by, reason)
        rows = () if case.waits else self._notices.reviewers.urgent(held, now)
        called = NewEntry(
            "urgent_called",
            case.ref,
            now,
            {"actor": SENDER, "told": len(rows), "leaves": case.waits},
            evidence={"reason": reason, "by": name},
        )
        if case.waits:
            # What leaves is remembered before it does: not for a call that is one too many.
            if await self._urgent.count(call.sender, now - URGENT_WITHIN) >= self.most_urgent:
                raise TooManyUrgent(_MANY)
            keep = partial(self._keep_leaving, call, called)
            await self._review.send_delayed(case.ref, by=by, version=case.version, reason=reason, keep=keep)
        else:
            queued = [plain("notice_queued", case.ref, now, notice=row.kind, to="reviewers") for row in rows]
            await self._keep(call, [called, *queued], rows)
            self._review.wake()
        log.info("held_message_urgent", ref=case.ref)

    async def _keep_leaving(
        self,
        call: UrgentCall,
        called: NewEntry,
        change: HeldChange,
        records: Sequence[NewEntry],
        rows: Sequence[NewDelivery],
    ) -> Held:
        await self._keep(call, [called, *records], rows, change)
        return await self._quarantine.get(call.ref)

    async def _keep(
        self,
        call: UrgentCall,
        records: Sequence[NewEntry],
        rows: Sequence[NewDelivery],
        change: HeldChange | None = None,
    ) -> None:
        if not await self._urgent.call(call, call.at - URGENT_WITHIN, self.most_urgent, records, rows, change):
            raise TooManyUrgent(_MANY)

    def _case(self, link: SenderLink, held: Held, urgent: datetime | None) -> Case:
        addresses = {each.address for each in held.envelope.recipients}
        is_open = held.state in OPEN
        forms = forms_for_sender(held.sender_may, held.release_as, held.approvals_needed) if is_open else ()
        by = held.decided_by or ""
        name = name_of(by)
        return Case(
            link=link,
            ref=held.ref,
            version=held.version,
            state=held.state,
            sender=legible(link.sender, 320),
            shared=is_role_mailbox(link.sender),
            subject=legible(held.subject, 300),
            reason=sentence(without_addresses(legible(held.reason, 600))),
            people=len(addresses),
            outside=sum(not self._organisation.is_inside(each) for each in addresses),
            received_at=held.received_at,
            due_at=held.due_at,
            forms=forms,
            decided_by=None if is_open else legible(by if name is None else name, MOST_NAME),
            decided_at=held.decided_at,
            released_as=held.released_as,
            urgent=urgent,
            left_by_itself=held.left_by_itself,
            offers=held.offers or ORIGINAL,
            left_out=len({each.address for each in held.left_out}),
            may_be_urgent=self.most_urgent > 0,
            reached_nobody=held.reached_nobody,
        )
