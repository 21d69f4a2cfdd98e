"""People: added with a one-time link, changed, locked, let in again; never without an admin; all in the ledger."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from mailguard.config import Settings
from mailguard.console.site import Site
from mailguard.core.errors import NotAllowed
from mailguard.guard.console.people import LastAdmin
from mailguard.serve.shown_settings import shown_settings
from tests.console.house import browser_on, csrf_in, enters, seen, sends
from tests.console.test_queue import HOSTILE
from tests.guard.console.house import SECRET, House

ADA, BEA, EVE, SAM = "ada@elmroad.example", "bea@elmroad.example", "eve@elmroad.example", "sam@elmroad.example"


@pytest.fixture
async def admin(browser: httpx.AsyncClient, house: House) -> httpx.AsyncClient:
    await house.account(ADA, "admin")
    await enters(browser, house, ADA)
    return browser


async def acts(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await sends(browser, path, "/people", **fields)


async def test_somebody_is_added_with_a_link_that_lets_them_in(
    admin: httpx.AsyncClient, site: Site, house: House
) -> None:
    added = await acts(admin, "/people/add", name=EVE, **{"role.reviewer:elm": "yes", "role.viewer": "yes"})
    text = seen(added).text
    assert added.status_code == 200 and "It works once, for 30 minutes" in text
    (url,) = [word for word in text.split() if word.startswith("http://127.0.0.1:8085/start/")]
    async with browser_on(site) as eve:
        start = url.removeprefix("http://127.0.0.1:8085")
        answer = await sends(eve, start, password=SECRET, again=SECRET)
        assert answer.headers["location"] == "/account/second-factor"
    listed = seen(await admin.get("/people")).text
    assert f"{EVE} Has not set up the app on the phone yet" in listed
    assert "Reviewer: sees held messages whole, and decides (team elm)" in listed and f"{ADA} (you)" in listed
    trail = seen(await admin.get("/audit?kind=accounts")).text
    assert f"{ADA} made the account {EVE}" in trail and f"{ADA} made a one-time link for {EVE}" in trail
    assert url.rpartition("/")[2] not in trail
    again = await acts(admin, "/people/add", name=EVE, **{"role.viewer": "yes"})
    assert again.status_code == 422 and "There is already an account" in again.text


async def test_an_admin_is_told_while_nobody_can_decide(admin: httpx.AsyncClient, house: House) -> None:
    said = "Nobody can decide about held messages here yet."
    await house.account(EVE, "viewer")
    assert said in seen(await admin.get("/people")).text
    await house.account(SAM, "reviewer:elm")
    assert said not in seen(await admin.get("/people")).text
    await acts(admin, "/people/lock", name=SAM)
    assert said in seen(await admin.get("/people")).text, "a locked account decides nothing"


async def test_who_only_sends_mail_gets_no_link(admin: httpx.AsyncClient, house: House) -> None:
    text = seen(await acts(admin, "/people/add", name="scanner", **{"role.sender": "yes"})).text
    assert "need no link" in text and "/start/" not in text
    assert "Sends mail, does not use these pages" in seen(await admin.get("/people")).text


@pytest.mark.parametrize(
    ("name", "roles", "said"),
    [
        (EVE, {}, "Choose at least one"),
        ("", {"role.viewer": "yes"}, "A name has 1 to 254 characters"),
        (HOSTILE, {"role.viewer": "yes"}, "A name has no spaces"),
        (EVE, {"role.king": "yes"}, "There is no role"),
        (EVE, {"role.reviewer:moon": "yes"}, "There is no team"),
        (EVE, {"role.admin:elm": "yes"}, "is not given for a team"),
    ],
)
async def test_what_no_account_may_have_is_said(
    admin: httpx.AsyncClient, house: House, name: str, roles: dict[str, str], said: str
) -> None:
    answer = await acts(admin, "/people/add", name=name, **roles)
    page = seen(answer)
    assert answer.status_code == 422 and said in page.text and page.text.startswith("Error: People")
    assert not {"script", "img"} & set(page.tags)
    assert len(await house.store.accounts.list()) == 1


async def test_roles_are_changed_and_locking_ends_at_once(admin: httpx.AsyncClient, site: Site, house: House) -> None:
    await house.account(SAM, "viewer:elm")
    async with browser_on(site) as sam:
        await enters(sam, house, SAM)
        changed = await acts(admin, "/people/roles", name=SAM, **{"role.reviewer:park": "yes"})
        assert changed.headers["location"] == "/people/one?name=sam%40elmroad.example&done=roles"
        page = seen(await admin.get(changed.headers["location"]))
        assert "What they may do was changed." in page.text and "signed in at 1 browser" in page.text
        assert "park: You see held messages, with subjects" in seen(await sam.get("/account")).text
        await acts(admin, "/people/lock", name=SAM)
        assert (await sam.get("/account")).status_code == 303
        assert "Locked" in seen(await admin.get("/people/one", params={"name": SAM})).text
        await acts(admin, "/people/unlock", name=SAM)
        await enters(sam, house, SAM)
        await acts(admin, "/people/sessions", name=SAM)
        assert (await sam.get("/account")).status_code == 303
    kinds = [kind for kind in await house.kinds() if kind.startswith("account_")]
    assert kinds[-4:] == ["account_roles_changed", "account_disabled", "account_enabled", "account_sessions_ended"]
    assert f"{ADA} signed {SAM} out everywhere" in seen(await admin.get("/audit")).text


async def test_a_lost_phone_leaves_the_link_as_the_only_way_in(
    admin: httpx.AsyncClient, site: Site, house: House
) -> None:
    await house.account(SAM, "viewer:elm")
    code = await house.code(SAM)
    text = seen(await acts(admin, "/people/again", name=SAM)).text
    assert "/start/" in text
    async with browser_on(site) as thief:
        for given in (code, ""):
            answer = await sends(thief, "/sign-in", name=SAM, password=SECRET, code=given)
            assert answer.status_code == 403, "the password alone would set up another phone"
    assert "account_factor_reset" in await house.kinds()


async def test_there_is_always_an_admin_who_can_sign_in(admin: httpx.AsyncClient, house: House) -> None:
    await house.account(BEA, "admin", factor=False)
    for path, fields in (
        ("/people/lock", {}),
        ("/people/again", {}),
        ("/people/roles", {"role.viewer": "yes"}),
    ):
        answer = await acts(admin, path, name=ADA, **fields)
        assert answer.status_code == 422 and "This is the last administrator who can sign in" in answer.text, path
    assert (
        await acts(admin, "/people/roles", name=ADA, **{"role.admin": "yes", "role.viewer": "y"})
    ).status_code == 303
    assert (await acts(admin, "/people/lock", name=BEA)).status_code == 303


async def test_two_admins_do_not_lock_each_other(site: Site, house: House) -> None:
    for name in (ADA, BEA):
        await house.account(name, "admin")
    visitors = [await house.sessions.look(await house.token(name)) for name in (ADA, BEA)]
    ada, bea = visitors
    assert ada is not None and bea is not None
    done = await asyncio.gather(site.people.lock(ada, BEA), site.people.lock(bea, ADA), return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [LastAdmin]


async def test_who_is_no_admin_changes_nobody_whatever_the_page(site: Site, house: House) -> None:
    await house.account(SAM, "reviewer", "viewer", "escalation")
    sam = await house.sessions.look(await house.token(SAM))
    assert sam is not None
    before = await house.kinds()
    for act in (
        site.people.list(sam),
        site.people.find(sam, SAM),
        site.people.add(sam, EVE, ["viewer"]),
        site.people.set_roles(sam, SAM, ["admin"]),
        site.people.lock(sam, SAM),
        site.people.unlock(sam, SAM),
        site.people.end_sessions(sam, SAM),
        site.people.make_link(sam, SAM),
        site.people.start_again(sam, SAM),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await house.kinds() == before
    async with browser_on(site) as browser:
        await enters(browser, house, SAM)
        page = await browser.get("/account")
        assert "/people" not in page.text and "/settings" not in page.text and csrf_in(page)


async def test_an_account_that_is_gone_is_said_to_be(admin: httpx.AsyncClient) -> None:
    for path in ("lock", "unlock", "sessions", "link", "again"):
        assert (await acts(admin, f"/people/{path}", name=HOSTILE)).status_code == 404
    assert (await admin.get("/people/one", params={"name": HOSTILE})).status_code == 404


async def test_settings_are_shown_without_secrets(admin: httpx.AsyncClient) -> None:
    text = seen(await admin.get("/settings")).text
    assert "store sqlite:////x" in text and "elm: nurse@elmroad.example" in text


def test_no_secret_is_among_the_settings(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "organisation": {"name": "Elm Road", "domains": ["elmroad.example"]},
            "smarthost": {"address": "mail.example:587", "tls": "required"},
            "store": "postgresql://guard:s3cr3t@127.0.0.1/mailguard",
            "keys": str(tmp_path),
            "notices": {"from": "mailguard@elmroad.example"},
        }
    )
    shown = dict(shown_settings(settings))
    assert shown["store"] == "postgresql://(not shown)@127.0.0.1/mailguard" and "s3cr3t" not in str(shown)
    assert shown["organisation.domains"] == "elmroad.example" and shown["console"] == "none"
