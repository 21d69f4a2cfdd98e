"""By which names somebody who decides is known again: as the sender of a message, and as who approved it first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailguard.core.errors import NotAllowed
from mailguard.core.mail.canonical import canonical_address
from mailguard.guard.actor import Actor
from mailguard.guard.records import Approval
from tests.guard.noticed import HELD

SAM = Actor("sam@elmroad.example", account="a1")


@pytest.mark.parametrize(
    ("actor", "sender"),
    [
        (SAM, "Sam@ElmRoad.example"),
        (SAM, "sam+clinic@elmroad.example"),
        (SAM, "SAM+a+b@elmroad.example"),
        (SAM, '"sam+x"@elmroad.example'),
        (Actor("sam+console@elmroad.example", account="a1"), "sam@elmroad.example"),
        (Actor("eva@b\u00fccher.example", account="a1"), "eva+x@xn--bcher-kva.example"),
        (Actor("Sam", account="a1"), "sam@elmroad.example"),
        (Actor("sam", account="a1"), "sam+x@park.elmroad.example"),
    ],
)
def test_t66_another_spelling_of_the_own_address_is_the_own_address(actor: Actor, sender: str) -> None:
    for held in (replace(HELD, sender=sender), replace(HELD, sender="boss@elmroad.example")):
        with pytest.raises(NotAllowed):
            actor.refuse_own(held, [canonical_address(sender)])


@pytest.mark.parametrize(
    ("actor", "sender"),
    [
        (SAM, "samuel@elmroad.example"),
        (SAM, "sam@park.example"),
        (SAM, "+sam@elmroad.example"),
        (SAM, '"sam x+y"@elmroad.example'),
        (Actor("kim", account="a1"), "sam@elmroad.example"),
        # Mail of programs comes from the address of the user who is root on the server.
        (Actor("root", system_user="root"), "root@elmroad.example"),
    ],
)
def test_somebody_else_is_somebody_else(actor: Actor, sender: str) -> None:
    assert not actor.has_sent(replace(HELD, sender=sender))


def test_t66_two_accounts_of_one_mailbox_are_one_person_for_two_approvals() -> None:
    first = Actor("sam+figures@elmroad.example", account="a2")
    approval = Approval(first.by, first.known_as, "They are right.", HELD.received_at)
    held = replace(HELD, approved_by=(first.identity,), approvals=(approval,))
    assert SAM.has_approved(held) and not Actor("kim@elmroad.example", account="a3").has_approved(held)
    kept = replace(approval, known_as=(first.identity, "sam@elmroad.example"))
    assert first.has_approved(replace(held, approved_by=("account:a1",), approvals=(kept,)))
