"""What is believed of a sign-in service, and what not: every lie ends with nobody signed in (THREATS.md T63)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey

from mailguard.core.errors import NotBelieved, ServiceSilent
from mailguard.guard.console.records import Identity, Returned, Secrets
from mailguard.oidc.fetch import MOST_OCTETS, Fetcher
from mailguard.oidc.service import OidcService
from mailguard.oidc.settings import OidcSettings
from tests.oidc.misbehaving import CLIENT, KEY, NEW_KEY, OTHER_KEY, Misbehaving, as_json, signed

SECRETS = Secrets("a" * 64, "b" * 64, "c" * 64)
SECONDS = 1.0


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def there() -> Iterator[Misbehaving]:
    with Misbehaving() as found:
        found.nonce = SECRETS.nonce
        yield found


def service_at(there: Misbehaving, seconds: float = 30.0, **settings: Any) -> OidcService:
    values = {
        "issuer": there.issuer,
        "client_id": CLIENT,
        "groups": [{"group": "reviewers", "roles": ["reviewer"]}],
        **settings,
    }
    oidc = OidcSettings.model_validate(values)
    return OidcService(oidc, "https://mail.elmroad.example", Clock(), Fetcher(seconds=seconds))


async def comes_back(there: Misbehaving, service: OidcService | None = None, **returned: Any) -> Identity:
    came = Returned(**{"code": "the-code", "error": "", "issuer": None, **returned})
    return await (service or service_at(there)).identify(SECRETS, came)


async def test_who_signed_in_is_told_by_issuer_and_subject(there: Misbehaving) -> None:
    assert await comes_back(there) == Identity(there.issuer, "jo", "jo@elmroad.example", ("reviewers",))
    (form,) = [form for path, form, _ in there.heard if path == "/token"]
    assert form == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": "https://mail.elmroad.example/sign-in/provider/back",
        "code_verifier": SECRETS.verifier,
        "client_id": CLIENT,
    }


async def test_the_browser_takes_along_a_challenge_and_no_secret(there: Misbehaving) -> None:
    url = httpx.URL(await service_at(there).address(SECRETS))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(SECRETS.verifier.encode()).digest()).decode().rstrip("=")
    assert dict(url.params) == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": "https://mail.elmroad.example/sign-in/provider/back",
        "scope": "openid email profile",
        "state": SECRETS.state,
        "nonce": SECRETS.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


async def test_a_secret_is_shown_as_the_service_wants_it(there: Misbehaving, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s:crét&\n")
    await comes_back(there, service_at(there, client_secret_file=file))
    (basic,) = [said for path, _, said in there.heard if path == "/token"]
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"mailguard:s%3Acr%C3%A9t%26"
    there.describes = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await comes_back(there, service_at(there, client_secret_file=file))
    assert there.heard[-1 if there.heard[-1][0] == "/token" else -2][1]["client_secret"] == "s:crét&"
    file.write_text("")
    with pytest.raises(ServiceSilent, match="empty"):
        await comes_back(there, service_at(there, client_secret_file=file))


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def with_the_public_key(claims: dict[str, Any]) -> str:
    """RS256 verifies with it; where HS256 is let in, it is the secret, and everybody has it."""
    said = f"{part({'alg': 'HS256', 'kid': 'one'})}.{part(claims)}"
    made = hmac.digest(KEY.as_pem(private=False), said.encode(), "sha256")
    return f"{said}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


def altered(claims: dict[str, Any]) -> str:
    head, _, signature = signed(claims).split(".")
    return f"{head}.{part({**claims, 'sub': 'admin'})}.{signature}"


LIES: dict[str, Callable[[dict[str, Any]], str]] = {
    "another key": lambda claims: signed(claims, OTHER_KEY),
    "altered": altered,
    "alg none": lambda claims: f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}.",
    "alg none, without a key": lambda claims: f"{part({'alg': 'None'})}.{part(claims)}.",
    "HS256 with the public key": with_the_public_key,
    "HS256 with nothing": lambda claims: signed(claims, OctKey.import_key("x" * 32), "HS256"),
    "a key that it brings along": lambda claims: signed(claims, OTHER_KEY, jwk=OTHER_KEY.as_dict(private=False)),
    "an elliptic key of that name": lambda claims: signed(claims, ECKey.generate_key("P-256"), "ES256"),
    "an unknown key": lambda claims: signed(claims, OTHER_KEY, kid="nine"),
    "no signature": lambda claims: ".".join(signed(claims).split(".")[:2]) + ".",
    "encrypted, or so": lambda claims: "a.b.c.d.e",
    "not a token": lambda claims: "hello",
    "empty": lambda claims: "",
    "a hundred kilobytes": lambda claims: signed({**claims, "x": "x" * 100_000}),
    "a list": lambda claims: f"{part({'alg': 'RS256', 'kid': 'one'})}.{part([])}.AAAA",
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_the_service_did_not_sign_signs_nobody_in(there: Misbehaving, lie: str) -> None:
    there.token = LIES[lie]
    with pytest.raises(NotBelieved) as refused:
        await comes_back(there)
    assert "jo@" not in str(refused.value) and "eyJ" not in str(refused.value)


NOW = int(time.time())
CLAIMS: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash": {"iss": "ISSUER/"},
    "no issuer": {"iss": None},
    "a list of issuers": {"iss": ["ISSUER"]},
    "another audience": {"aud": "payroll"},
    "several audiences, for another": {"aud": [CLIENT, "payroll"], "azp": "payroll"},
    "several audiences, for nobody": {"aud": [CLIENT, "payroll"]},
    "no audience": {"aud": None},
    "an empty audience": {"aud": []},
    "expired": {"exp": NOW - 3600},
    "never expires": {"exp": None},
    "expires at infinity": {"exp": float("nan")},
    "expires at a word": {"exp": "9999999999"},
    "expires as true": {"exp": True},
    "of the future": {"iat": NOW + 3600},
    "not yet": {"nbf": NOW + 3600},
    "no time": {"iat": None},
    "another nonce": {"nonce": "d" * 64},
    "no nonce": {"nonce": None},
    "an empty nonce": {"nonce": ""},
    "a list of nonces": {"nonce": [SECRETS.nonce]},
    "nobody": {"sub": None},
    "an empty name": {"sub": ""},
    "a number": {"sub": 7},
    "a long name": {"sub": "x" * 256},
    "a name of two lines": {"sub": "jo\nadmin"},
    "a name in other letters": {"sub": "j\u00f6"},
    "another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", CLAIMS)
async def test_a_token_for_somebody_else_or_another_time_signs_nobody_in(there: Misbehaving, lie: str) -> None:
    there.claims = json.loads(json.dumps(CLAIMS[lie]).replace("ISSUER", there.issuer))
    with pytest.raises(NotBelieved):
        await comes_back(there)


@pytest.mark.parametrize(
    "returned",
    [
        {"code": ""},
        {"code": "x" * 5000},
        {"error": "access_denied"},
        {"issuer": "https://evil.example"},
        {"issuer": ""},
    ],
)
async def test_a_browser_that_brings_back_something_else_signs_nobody_in(
    there: Misbehaving, returned: dict[str, str]
) -> None:
    with pytest.raises(NotBelieved):
        await comes_back(there, **returned)
    assert not there.asked("/token")


async def test_a_service_that_says_who_it_is_must_say_so_each_time(there: Misbehaving) -> None:
    """RFC 9207: else a browser could be sent back with the code of another service."""
    there.describes = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(NotBelieved):
        await comes_back(there)
    assert (await comes_back(there, issuer=there.issuer)).subject == "jo"


async def test_a_code_that_was_used_is_refused_where_it_was_given(there: Misbehaving) -> None:
    there.answers["/token"] = lambda: as_json({"error": "invalid_grant", "error_description": "code was used"}, 400)
    with pytest.raises(NotBelieved, match=r"does not take the code \(400\)"):
        await comes_back(there)


def slowly() -> Any:
    time.sleep(SECONDS + 5)  # so much longer that a machine that stands still does not make it in time
    return as_json({})


def flood() -> Any:
    return 200, {"Content-Type": "application/json"}, b'{"keys": ["' + b"x" * (MOST_OCTETS * 4) + b'"]}'


PLACES = ("/.well-known/openid-configuration", "/jwks", "/token")
SILENCE: dict[str, Callable[[], Any]] = {
    "hangs": slowly,
    "floods": flood,
    "fails": lambda: as_json({"error": "x"}, 500),
    "sends on to another host": lambda: (302, {"Location": "http://127.0.0.2:9/"}, b""),
    "sends on to itself": lambda: (307, {"Location": "/"}, b""),
    "is compressed": lambda: (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", SILENCE)
async def test_a_service_that_is_not_well_is_silent_and_soon(there: Misbehaving, how: str, place: str) -> None:
    there.answers[place] = SILENCE[how]
    began = time.monotonic()
    with pytest.raises(ServiceSilent):
        await comes_back(there, service_at(there, SECONDS if how == "hangs" else 120.0))
    assert time.monotonic() - began < 60


DESCRIPTIONS: dict[str, Any] = {
    "no JSON": lambda issuer: (200, {}, b"<html>"),
    "a list": lambda issuer: as_json([]),
    "deep": lambda issuer: (200, {}, b"[" * 100_000),
    "another issuer": lambda issuer: as_json({"issuer": "https://evil.example"}),
    "not there": lambda issuer: as_json({}, 404),
}


@pytest.mark.parametrize("what", DESCRIPTIONS)
async def test_what_describes_another_service_is_not_used(there: Misbehaving, what: str) -> None:
    there.answers[PLACES[0]] = lambda: DESCRIPTIONS[what](there.issuer)
    with pytest.raises(ServiceSilent):
        await service_at(there).address(SECRETS)


@pytest.mark.parametrize(
    "place", ["http://login.elmroad.example/token", "ftp://x.example/", "/token", "https://a:b@x.example/", "", 7, None]
)
async def test_nothing_is_asked_in_the_clear_but_of_this_machine(there: Misbehaving, place: Any) -> None:
    there.describes = {"token_endpoint": place}
    with pytest.raises(ServiceSilent):
        await service_at(there).address(SECRETS)
    with pytest.raises(ServiceSilent):
        await Fetcher().get(str(place))


@pytest.mark.parametrize(
    "keys",
    [[], [{"kty": "oct", "k": "eHh4"}], [{"kty": "RSA"}], ["x"], "x", [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]],
)
async def test_a_set_without_a_key_that_signs_is_none(there: Misbehaving, keys: Any) -> None:
    there.answers["/jwks"] = lambda: as_json({"keys": keys})
    with pytest.raises(ServiceSilent):
        await comes_back(there)


async def test_a_new_key_is_fetched_when_it_signs_and_not_again_and_again(there: Misbehaving) -> None:
    now = [1000.0]
    settings = OidcSettings.model_validate(
        {"issuer": there.issuer, "client_id": CLIENT, "groups": [{"group": "reviewers", "roles": ["reviewer"]}]}
    )
    service = OidcService(settings, "http://127.0.0.1:1", Clock(), Fetcher(), monotonic=lambda: now[0])
    for _ in range(3):
        await comes_back(there, service)
    assert there.asked("/jwks") == 1 and there.asked(PLACES[0]) == 1
    there.token = lambda claims: signed(claims, NEW_KEY, kid="two")
    there.keys = [KEY, NEW_KEY]
    with pytest.raises(NotBelieved):
        await comes_back(there, service)
    now[0] += 31
    assert (await comes_back(there, service)).subject == "jo"
    assert there.asked("/jwks") == 2


async def test_many_who_sign_in_at_once_ask_a_hanging_service_once(there: Misbehaving) -> None:
    there.answers[PLACES[0]] = slowly
    service = service_at(there, SECONDS)
    found = await asyncio.gather(*(service.address(SECRETS) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(each, ServiceSilent) for each in found) and there.asked(PLACES[0]) == 1


@pytest.mark.parametrize(
    ("claims", "mailbox"),
    [
        ({"email": "Jo@ElmRoad.example"}, "jo@elmroad.example"),
        ({"email_verified": False}, None),
        ({"email_verified": None}, None),
        ({"email_verified": "true"}, "jo@elmroad.example"),
        ({"email_verified": "false"}, None),
        ({"email_verified": 1}, None),
        ({"email": "jo"}, None),
        ({"email": "jo@elmroad.example, admin@elmroad.example"}, None),
        ({"email": ["jo@elmroad.example"]}, None),
    ],
)
async def test_a_mailbox_counts_where_the_service_confirmed_it(
    there: Misbehaving, claims: dict[str, Any], mailbox: str | None
) -> None:
    there.claims = claims
    assert (await comes_back(there)).mailbox == mailbox


async def test_what_the_token_leaves_out_the_userinfo_endpoint_says_about_the_same_person(there: Misbehaving) -> None:
    there.claims = {"groups": None, "email": None, "email_verified": True}
    told = {"sub": "jo", "groups": "leads", "email": "jo@elmroad.example", "email_verified": True}
    there.answers["/userinfo"] = lambda: as_json(told)
    assert await comes_back(there) == Identity(there.issuer, "jo", "jo@elmroad.example", ("leads",))
    assert ("/userinfo", {}, "Bearer secret-access") in there.heard
    # That another mailbox was confirmed says nothing about this one.
    del told["email_verified"]
    assert (await comes_back(there)).mailbox is None
    told["sub"] = "admin"
    with pytest.raises(NotBelieved, match="somebody else"):
        await comes_back(there)
    there.answers["/userinfo"] = lambda: as_json({}, 401)
    assert (await comes_back(there)).groups == ()


@pytest.mark.parametrize(
    ("groups", "found"),
    [(["a", 7, None, ["b"], "a", "x" * 400], ("a",)), ("a b", ("a b",)), ({"a": 1}, ()), (None, ()), (7, ())],
)
async def test_groups_are_texts_and_nothing_else(there: Misbehaving, groups: Any, found: tuple[str, ...]) -> None:
    there.claims = {"groups": groups}
    there.answers["/userinfo"] = lambda: as_json({"sub": "jo"})
    assert (await comes_back(there)).groups == found
