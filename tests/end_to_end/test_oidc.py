"""People sign in to the real service with a certified OpenID provider, each on a loopback port of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.console.house import seen
from tests.end_to_end.service import Service
from tests.end_to_end.sink import Sink
from tests.end_to_end.test_console import console_on
from tests.end_to_end.test_console_decides import Browser, held_at
from tests.ports import free_port
from tests.provider.certified import CertifiedProvider, signs_in_there

SECRET = "s3cret of a test"
JO = {"email": "jo@elmroad.example", "email_verified": True, "groups": ["mailguard-reviewers", "staff"]}
ADA = {"email": "ada@elmroad.example", "email_verified": True, "groups": ["mailguard-admins"]}
GROUPS = [
    {"group": "mailguard-reviewers", "roles": ["reviewer"]},
    {"group": "mailguard-admins", "roles": ["admin"]},
]


TOKEN = re.compile(rb"eyJ[\w-]{16,}\.eyJ[\w-]{16,}")
"""Two JSON objects, as a token has them. What is sealed is random: any three octets stand in it once in a while."""


@contextmanager
def house(folder: Path, sink: Sink, claims: str = "id_token", **console: Any) -> Iterator[Any]:
    """(service, provider, the address of the console). The service is to be started."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    back = f"{base}/sign-in/provider/back"
    with CertifiedProvider(folder, redirect=back, secret=SECRET, claims=claims) as provider:
        secret = folder / "oidc.secret"
        secret.touch(0o600)
        secret.write_text(f"{SECRET}\n")
        oidc = {
            "issuer": provider.issuer,
            "client_id": "mailguard",
            "client_secret_file": "oidc.secret",
            "label": "your Elm Road account",
            "scopes": ["openid", "email", "groups"],
            "groups": GROUPS,
        }
        service = Service(folder, sink.port, console={**console_on(port), "oidc": oidc, **console})
        try:
            yield service, provider, base
        finally:
            service.kill()


def leaves(browser: Browser, page: httpx.Response, path: str = "/sign-in/provider") -> str:
    """Presses the button of a page. Where the browser leads on by itself."""
    there = browser.send(path, page)
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', there.text)
    assert found, (there.status_code, there.text)
    (link,) = [href for href, text in seen(there).links if "Go to the sign-in page" in text]
    return link


def signs_in(browser: Browser, base: str, subject: str, page: httpx.Response | None = None) -> httpx.Response:
    """From the sign-in page through the provider and back: what the console answers to the browser that comes back."""
    with httpx.Client(timeout=30) as there:
        url = leaves(browser, page or browser.get("/sign-in"))
        return browser.get(signs_in_there(there, url, subject, base).removeprefix(base))


def test_people_sign_in_with_their_organisations_account(tmp_path: Path, sink: Sink) -> None:
    with house(tmp_path, sink) as (service, provider, base):
        provider.knows(jo=JO, ada=ADA, guest={**JO, "groups": ["staff"]}, sly={**JO, "email_verified": False})
        service.start()
        said = service.run("check").stdout
        assert f'"{provider.issuer}" answers' in said and "no account of mailguard's own is an admin" in said
        with Browser(base) as jo, Browser(base) as ada, Browser(base) as guest:
            shown = jo.get("/sign-in?to=/account")
            assert "Sign in with your Elm Road account" in shown.text and "Use a mailguard account" in shown.text
            came = signs_in(jo, base, "jo", shown)
            assert came.status_code == 303 and came.headers["location"] == "/account", came.text
            account = jo.get("/account")
            assert "jo@elmroad.example" in account.text and "You see held messages" in account.text
            assert jo.get("/people").status_code == 403
            # What came back once does not come back again, nor in another browser.
            assert jo.get(str(came.request.url).removeprefix(base)).status_code == 403

            out = signs_in(guest, base, "guest")
            assert out.status_code == 403 and "you have not been given access to mailguard" in seen(out).text
            assert "You are signed in to Elm Road Surgery as jo@elmroad.example" in seen(out).text
            out = signs_in(guest, base, "sly")
            assert out.status_code == 403 and "that it has confirmed" in seen(out).text
            assert guest.get("/queue").headers["location"].startswith("/sign-in")

            assert signs_in(ada, base, "ada").headers["location"] == "/"
            people = seen(ada.get("/people"))
            assert "jo@elmroad.example" in people.text and "Signs in with your Elm Road account" in people.text
            assert "guest" not in people.text
            (href,) = [href for href, text in people.links if text.endswith("jo@elmroad.example")]
            one = ada.get(href)
            assert "one-time link" not in one.text and "Save what they may do" not in one.text
            ref = held_at(service)
            assert jo.get(f"/m/{ref}").status_code == 200

            # A group is taken away: with the next sign-in in any browser, every session has lost it.
            provider.knows(jo={**JO, "groups": ["mailguard-admins"]})
            with Browser(base) as again:
                assert signs_in(again, base, "jo").status_code == 303
                assert again.get("/people").status_code == 200 and jo.get("/people").status_code == 200
                assert jo.get(f"/m/{ref}/body").status_code == 403
            provider.knows(jo={**JO, "groups": []})
            with Browser(base) as again:
                assert signs_in(again, base, "jo").status_code == 403
            assert jo.get("/account").headers["location"].startswith("/sign-in")

            # Locked by an admin: signed out, and not let in again, whatever the groups say.
            provider.knows(jo=JO)
            assert signs_in(jo, base, "jo").status_code == 303
            assert ada.send("/people/lock", one).status_code == 200
            assert jo.get("/account").headers["location"].startswith("/sign-in")
            assert signs_in(jo, base, "jo").status_code == 403

        rows = service.rows("user", "list")
        by_mailbox = {row["mailbox"]: row for row in rows}
        assert set(by_mailbox) == {"jo@elmroad.example", "ada@elmroad.example"}
        assert by_mailbox["jo@elmroad.example"]["disabled"] and by_mailbox["jo@elmroad.example"]["name"][:5] == "oidc:"
        kinds = [row["kind"] for row in service.rows("audit", "list")]
        assert kinds.count("account_added") == 2 and "account_roles_changed" in kinds
        everything = service.log_file.read_text() + "".join(str(row) for row in service.rows("audit", "list"))
        for secret in ("jo@elmroad.example", SECRET, "code=", "id_token"):
            assert secret not in everything, secret
        assert not TOKEN.search(everything.encode())
        assert not TOKEN.search((tmp_path / "store" / "mailguard.db").read_bytes())


def test_typed_notes_and_the_way_in_while_the_service_is_silent(tmp_path: Path, sink: Sink) -> None:
    """Claims come from the userinfo endpoint here, as the specification has it."""
    with house(tmp_path, sink, claims="userinfo") as (service, provider, base):
        provider.knows(jo=JO, kit={**JO, "email": "kit@elmroad.example"})
        service.start()
        with Browser(base) as jo, Browser(base) as kit, Browser(base) as local:
            local.enters(service, "break.glass@elmroad.example", "admin")
            assert signs_in(jo, base, "jo").status_code == 303
            ref = held_at(service)
            path = f"/m/{ref}/notes"
            own = jo.get(path)
            assert own.status_code == 403 and "You sent it" in own.text, (
                "the confirmed mailbox says whose message it is"
            )
            assert signs_in(kit, base, "kit").status_code == 303
            form = kit.get(path)
            assert form.status_code == 200 and seen(form).hidden, form.text
            (href,) = [each for each, text in seen(local.get("/people")).links if text.endswith("kit@elmroad.example")]
            local.send("/people/sessions", local.get(href))
            kept = kit.send(path, form, note="I have asked the practice nurse.")
            assert kept.status_code == 403, kept.text
            assert "I have asked the practice nurse." in seen(kept).hidden.get("draft", ""), kept.text
            came = signs_in(kit, base, "kit", kept)
            assert came.status_code == 303 and came.headers["location"] == path
            assert "I have asked the practice nurse." in kit.get(path).text

            # The admin's test says what would come of it, and changes nothing.
            before = service.rows("user", "list")
            page = local.get("/settings/sign-in")
            assert "mailguard-reviewers" in page.text
            with httpx.Client(timeout=30) as there:
                url = signs_in_there(there, leaves(local, page, "/settings/sign-in"), "jo", base)
            tried = local.get(url.removeprefix(base))
            assert tried.headers["location"] == "/settings/sign-in"
            text = seen(local.get("/settings/sign-in")).text
            for each in ("You would be let in", "jo@elmroad.example", "staff", "Reviewer: sees held messages whole"):
                assert each in text, text
            assert "You would be let in" not in jo.get("/settings/sign-in").text
            assert service.rows("user", "list") == before and local.get("/people").status_code == 200

            provider.stop()
            said = service.run("check", check=False)
            assert said.returncode and "it cannot be reached" in said.stdout + said.stderr
            with Browser(base) as somebody:
                # What the service said of itself is kept; who comes back finds it silent.
                answer = somebody.send("/sign-in/provider", somebody.get("/sign-in"))
                state = dict(httpx.URL(str(answer.request.url)).params)["state"]
                out = somebody.get(f"/sign-in/provider/back?code=x&state={state}&iss={provider.issuer}")
                assert out.status_code == 503 and "The sign-in service is not answering" in seen(out).text
                assert "<details" in out.text and " open" in out.text
            assert local.get("/queue").status_code == 200


def test_without_local_accounts_nobody_is_locked_out_by_settings_that_were_never_tried(
    tmp_path: Path, sink: Sink
) -> None:
    with house(tmp_path, sink, local_accounts=False) as (service, provider, base):
        provider.knows(ada=ADA)
        said = service.run("check", check=False)
        assert said.returncode and "nobody could look after the console" in said.stdout + said.stderr
        service.start()
        with Browser(base) as ada:
            shown = ada.get("/sign-in")
            assert "Use a mailguard account" not in shown.text and "password" not in shown.text.lower()
            refused = ada.send("/sign-in", shown, name="x@elmroad.example", password="maple river copper nine")
            assert refused.status_code == 403 and "switched off" in refused.text
            start = httpx.URL(service.run("user", "link").stdout.strip()).path
            assert ada.get(start).status_code == 403
            assert signs_in(ada, base, "ada").status_code == 303
            assert "Accounts of mailguard’s own are switched off" in ada.get("/settings/sign-in").text
        assert "nobody could look after" not in service.run("check").stdout
