"""Who comes in with the organisation's own sign-in service, as whom, and with which roles (THREATS.md T66)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mailguard.core.account import name_fault
from mailguard.core.errors import AccountRefused, NotAllowed
from mailguard.core.federated import GroupRoles, federated_name, roles_from
from mailguard.core.sign_in import Credentials, SignInOutcome
from mailguard.guard.account_sign_in import AccountSignIn
from mailguard.guard.actor import Actor
from mailguard.guard.console.federation import CameIn, Federation, KeptOut, Trouble
from mailguard.guard.console.pending import MOST, MOST_OF_A_PEER, PendingSignIns
from mailguard.guard.console.people import LastAdmin, People
from mailguard.guard.console.records import Identity, Returned
from mailguard.guard.console.sessions import LetIn, SessionBook
from mailguard.guard.console.tokens import new_token
from mailguard.guard.console.trail import TrailAsked
from mailguard.guard.escalation import Escalations
from mailguard.guard.records import Account, Federated
from tests.guard.console.house import SAM, SECRET, House, close_house, open_house
from tests.guard.console.provider import ISSUER, MAPPING, SignInService, federation_on, identity
from tests.guard.world import SESSION

PEER = "192.0.2.1"
CAME = Returned("code", "", None)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path, teams=("elm", "park"))
    yield opened
    await close_house(opened)


async def comes(federation: Federation, house: House, who: Identity) -> CameIn | KeptOut:
    service = federation._service
    assert isinstance(service, SignInService)
    service.identified = who
    token = new_token(house.randomness)
    state = await federation.begin(token, PEER, "/queue")
    assert isinstance(state, str)
    answer = await federation.finish(state, token, CAME, "a browser")
    assert isinstance(answer, CameIn | KeptOut)
    return answer


async def token_of(federation: Federation, house: House, who: Identity) -> str:
    came = await comes(federation, house, who)
    assert isinstance(came, CameIn)
    return came.token


async def only(house: House) -> Account:
    (account,) = [each for each in await house.store.accounts.list() if each.federated]
    return account


async def test_somebody_is_issuer_and_subject_and_no_mailbox(house: House) -> None:
    federation, sessions = federation_on(house, SignInService())
    first = await sessions.look(await token_of(federation, house, identity("jo", "reviewers")))
    second = await sessions.look(await token_of(federation, house, identity("Jo", "admins")))
    again = await sessions.look(await token_of(federation, house, identity("jo", "reviewers", mailbox="j@x.example")))
    assert first and second and again
    assert first.account.identifier == again.account.identifier != second.account.identifier
    assert (first.account.shown, again.account.shown) == ("jo@elmroad.example", "j@x.example")
    assert not first.powers.admin and second.powers.admin
    kinds = await house.kinds()
    assert kinds.count("account_added") == 2 and kinds.count("account_mailbox_changed") == 1


def test_names_are_told_apart_and_belong_to_nobody_else() -> None:
    names = {federated_name(issuer, subject) for issuer in ("a", "ab", "A") for subject in ("b", "B", "bb", "")}
    assert len(names) == 12 and federated_name("ab", "c") != federated_name("a", "bc")
    for name in (*names, "OIDC:x", "\uff4fidc:x"):
        assert name_fault(name)


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ((), ()),
        (("Reviewers",), ()),
        (("admins", "reviewers"), ("reviewer:elm", "admin")),
        (("leads", "leads", "x"), ("escalation:elm", "viewer")),
    ],
)
def test_groups_give_roles_letter_for_letter(groups: Sequence[str], roles: tuple[str, ...]) -> None:
    assert roles_from(groups, MAPPING) == roles
    assert roles_from(("a",), (GroupRoles("a", ("admin",)), GroupRoles("a", ("admin", "viewer")))) == (
        "admin",
        "viewer",
    )


async def test_roles_are_those_of_the_last_sign_in_in_every_browser(house: House) -> None:
    federation, sessions = federation_on(house, SignInService())
    token = await token_of(federation, house, identity("jo", "admins", "reviewers"))
    await token_of(federation, house, identity("jo", "reviewers"))
    seen = await sessions.look(token)
    assert seen and not seen.powers.admin and seen.powers.reads.covers("elm")
    out = await comes(federation, house, identity("jo", "others"))
    assert isinstance(out, KeptOut) and out.trouble is Trouble.NO_ACCESS and out.mailbox == "jo@elmroad.example"
    assert await sessions.look(token) is None and (await only(house)).roles == ()
    assert (await house.kinds()).count("account_roles_changed") == 2


async def test_who_was_never_given_anything_leaves_no_account(house: House) -> None:
    federation, _ = federation_on(house, SignInService())
    for who in (identity("jo"), identity("jo", "reviewers", mailbox=None)):
        assert isinstance(await comes(federation, house, who), KeptOut)
    assert not await house.store.accounts.list() and await house.kinds() == []


async def test_a_locked_person_stays_out_whatever_their_groups_say(house: House) -> None:
    federation, sessions = federation_on(house, SignInService())
    token = await token_of(federation, house, identity("jo", "reviewers"))
    name = (await only(house)).name
    await house.book.disable(name, SAM)
    assert await sessions.look(token) is None
    out = await comes(federation, house, identity("jo", "admins"))
    assert isinstance(out, KeptOut) and out.trouble is Trouble.NO_ACCESS
    account = await only(house)
    assert account.disabled and account.roles == ("reviewer:elm",)
    await house.book.enable(name, SAM)
    assert isinstance(await comes(federation, house, identity("jo", "admins")), CameIn)


async def test_sessions_end_with_the_settings_that_they_were_begun_under(house: House) -> None:
    federation, _ = federation_on(house, SignInService())
    token = await token_of(federation, house, identity("jo", "reviewers"))
    await house.account("local@elmroad.example", "reviewer")
    local = await house.token("local@elmroad.example")

    def book(let_in: LetIn | None) -> SessionBook:
        stores = {"sessions": house.store.console_sessions, "accounts": house.store.accounts}
        return SessionBook(**stores, clock=house.clock, randomness=house.randomness, let_in=let_in)

    for let_in, theirs, ours in (
        (LetIn(federation="these settings", issuer=ISSUER), True, True),
        (LetIn(federation="these settings", issuer=f"{ISSUER}/"), False, True),
        (LetIn(federation="other settings", issuer=ISSUER), False, True),
        (LetIn(local=False, federation="these settings", issuer=ISSUER), True, False),
        (None, False, True),
    ):
        found = [await book(let_in).look(each) is not None for each in (token, local)]
        assert found == [theirs, ours], let_in


async def test_nothing_gives_them_a_password_here(house: House) -> None:
    federation, _ = federation_on(house, SignInService())
    await token_of(federation, house, identity("jo", "admins"))
    account = await only(house)
    for refused in (
        house.book.set_password(account.name, "maple river copper nine", SAM),
        house.book.set_roles(account.name, ["sender"], SAM),
        house.book.reset_factor(account.name, "maple river copper nine", SAM),
    ):
        with pytest.raises(AccountRefused):
            await refused
    with pytest.raises(NotAllowed):
        await house.links.make(account.name, SAM)
    assert not await house.links.has_admin(), "the link for the first admin is still the way in"
    for password in ("", "maple river copper nine"):
        assert not isinstance(await house.tries(account.name, password), CameIn)
    # Even with a hash that fits and the role, which nothing gives them, nobody sends mail as one of them.
    local = await house.book.add("local@elmroad.example", SECRET, ["sender"], SAM)
    for name, federated, outcome in (
        (local.name, None, SignInOutcome.ACCEPTED),
        (account.name, account.federated, SignInOutcome.REFUSED),
    ):
        found = await house.store.accounts.find(name)
        assert found is not None and found.federated == federated
        given = replace(found, password_hash=local.password_hash, roles=("sender", "admin"))
        await house.store.accounts.change(given, [])
        sign_in = AccountSignIn(accounts=house.store.accounts, passwords=house.passwords, clock=house.clock)
        credentials = Credentials("PLAIN", name, (f"\0{name}\0{SECRET}".encode(),))
        assert (await sign_in.sign_in(SESSION, credentials)).outcome is outcome


async def test_the_last_admin_with_an_account_here_stays_whoever_comes_from_there(house: House) -> None:
    federation, sessions = federation_on(house, SignInService())
    await house.account("admin@elmroad.example", "admin")
    visitor = await sessions.look(await house.token("admin@elmroad.example"))
    assert visitor is not None
    await token_of(federation, house, identity("jo", "admins"))
    theirs = (await only(house)).name

    def people(**let_in: bool) -> People:
        parts = {"book": house.book, "links": house.links, "sessions": sessions, "randomness": house.randomness}
        return People(**parts, let_in=LetIn(federation="these settings", issuer=ISSUER, **let_in))

    with pytest.raises(LastAdmin):
        await people().lock(visitor, "admin@elmroad.example")
    await people().lock(visitor, theirs)
    await people().unlock(visitor, theirs)
    # Where accounts here are switched off, those from there are what counts.
    await people(local=False).lock(visitor, "admin@elmroad.example")
    with pytest.raises(LastAdmin):
        await people(local=False).lock(visitor, theirs)


async def test_who_signed_in_with_a_service_of_before_stands_in_for_nobody(house: House) -> None:
    """The organisation moved to another sign-in service: its admins of before stay in the list, and cannot get in."""
    federation, sessions = federation_on(house, SignInService())
    await house.account("admin@elmroad.example", "admin")
    visitor = await sessions.look(await house.token("admin@elmroad.example"))
    assert visitor is not None
    for subject in ("jo", "al"):
        await token_of(federation, house, identity(subject, "admins", mailbox=f"{subject}@elmroad.example"))
    jo, al = (each for each in await house.store.accounts.list() if each.federated)

    def people(issuer: str | None, local: bool = False) -> People:
        parts = {"book": house.book, "links": house.links, "sessions": sessions, "randomness": house.randomness}
        return People(**parts, let_in=LetIn(local=local, federation="x", issuer=issuer))

    for moved in ("https://login.other.example", f"{ISSUER}/", None):
        for name in ("admin@elmroad.example", jo.name):
            with pytest.raises(LastAdmin):
                await people(moved).lock(visitor, name)
        # The account here gets in, so jo is not needed.
        await people(moved, local=True).lock(visitor, jo.name)
        await people(moved, local=True).unlock(visitor, jo.name)
    await people(ISSUER).lock(visitor, "admin@elmroad.example")
    await people(ISSUER).lock(visitor, jo.name)
    with pytest.raises(LastAdmin):
        await people(ISSUER).lock(visitor, al.name)


async def test_what_is_kept_of_them_is_sealed_and_comes_back_whole(house: House) -> None:
    federation, _ = federation_on(house, SignInService())
    await token_of(federation, house, identity("the subject", "reviewers"))
    account = await only(house)
    assert account.federated == Federated(ISSUER, "the subject", "jo@elmroad.example")
    assert account.name == federated_name(ISSUER, "the subject") and account.password_hash == ""
    assert await house.verify()


async def test_one_address_floods_out_its_own_sign_ins_and_nobody_elses(house: House) -> None:
    pending = PendingSignIns(house.clock, house.randomness, house.kept)
    other = await pending.begin("t", "192.0.2.9", "/", None)
    mine = [await pending.begin("t", f"2001:db8::{number:x}", "/", None) for number in range(MOST_OF_A_PEER + 5)]
    assert other is not None and await pending.look(other.secrets.state, "t") is not None
    left = [each for each in mine if each and await pending.look(each.secrets.state, "t")]
    assert left == mine[5:]
    for number in range(1000):
        await pending.begin("t", f"10.{number >> 8}.{number & 255}.1", "/", None)
    last = await pending.begin("t", "203.0.113.1", "/", None)
    assert await pending.look(last.secrets.state, "t") is not None


async def test_many_networks_put_out_the_busiest_of_them_first(house: House) -> None:
    pending = PendingSignIns(house.clock, house.randomness, house.kept)
    other = await pending.begin("t", "192.0.2.9", "/", None)
    for number in range(MOST + 50):
        network = number // MOST_OF_A_PEER
        await pending.begin("t", f"10.{network >> 8}.{network & 255}.1", "/", None)
    assert await pending.look(other.secrets.state, "t") is not None


async def test_who_saw_what_is_found_by_the_mailbox_that_pages_show(house: House) -> None:
    federation, sessions = federation_on(house, SignInService())
    visitor = await sessions.look(await token_of(federation, house, identity("jo", "admins")))
    assert visitor is not None
    page = await house.trail.page(visitor.powers, TrailAsked(person="Jo@ElmRoad.example"))
    assert "console_signed_in" in {each.entry.kind for each in page.entries}
    assert not (await house.trail.page(visitor.powers, TrailAsked(person="sam@elmroad.example"))).entries


async def test_nobody_is_asked_to_decide_who_cannot_sign_in(house: House) -> None:
    await house.account("sam@elmroad.example", "reviewer")
    federation, _ = federation_on(house, SignInService())
    await token_of(federation, house, identity("jo", "reviewers"))
    await house.holds("MG-AAAA-22", team="elm")
    held = await house.store.quarantine.get("MG-AAAA-22")
    for let_in, names in (
        (LetIn(), ["sam@elmroad.example"]),
        (LetIn(local=False, federation="digest", issuer=ISSUER), ["jo@elmroad.example"]),
        (LetIn(local=False, federation="digest", issuer="https://login.other.example"), []),
    ):
        asked = Escalations(
            quarantine=house.store.quarantine,
            accounts=house.store.accounts,
            notices=house.notices,
            clock=house.clock,
            wake=lambda: None,
            lets=let_in.lets,
        )
        found = await asked.whom(held, Actor("kim@elmroad.example", account="kim"))
        assert [each.name for each in found if each.key.startswith("account:")] == names
