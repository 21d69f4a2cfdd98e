"""The organisation's own sign-in service. Implements the port SignInService with OpenID Connect's code flow.

INVARIANT: a code is exchanged once, with the verifier of the browser's own sign-in (PKCE S256, RFC 7636); what the
tokens say is read, and they are forgotten. INVARIANT: what the service says of itself counts only if it calls itself by
the issuer of the settings, letter for letter (OpenID Connect Discovery 1.0 section 4.3).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import Key

from ..core.errors import NotBelieved, ServiceSilent
from ..guard.console.records import Identity, Returned, Secrets
from ..guard.ports import Clock
from ..guard.settings import plain_address
from .fetch import Fetcher
from .id_token import KeyUnknown, keys_of, read_id_token
from .kept import Kept
from .settings import OidcSettings, is_here, is_private_way

PLACE = "/.well-known/openid-configuration"
BACK = "/sign-in/provider/back"
"""Where a browser comes back to, below console.base_url."""
KEPT_SECONDS = 3600.0
"""How long what the service says of itself, and its keys, are kept."""
SILENT_SECONDS = 5.0
"""How long a failure is kept: a service that hangs is not asked by everybody at once."""
RENEWED_SECONDS = 30.0
"""How often an unknown key makes us ask for the keys again."""
MOST_CODE_CHARACTERS = 4096
MOST_GROUPS = 2000
MOST_GROUP_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Described:
    """What the service says of itself. methods: how a client may show its secret. says_issuer: whether it names itself
    when a browser comes back (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    methods: tuple[str, ...]
    challenges: tuple[str, ...] | None
    says_issuer: bool


class OidcService:
    """base_url: of the console. monotonic: seconds, for what is kept."""

    def __init__(
        self,
        settings: OidcSettings,
        base_url: str,
        clock: Clock,
        fetcher: Fetcher | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._back = f"{base_url}{BACK}"
        self._clock = clock
        self._fetcher = fetcher or Fetcher(settings.ca_file)
        times: Any = {"seconds": KEPT_SECONDS, "silent_seconds": SILENT_SECONDS, "monotonic": monotonic}
        self._described: Kept[Described] = Kept(self._describe, **times)
        self._keys: Kept[tuple[Key, ...]] = Kept(self._fetch_keys, **times)

    async def address(self, secrets: Secrets) -> str:
        """Where a browser goes to sign in. ServiceSilent."""
        described = await self._described.get()
        return str(
            prepare_grant_uri(
                described.authorization,
                self._settings.client_id,
                "code",
                redirect_uri=self._back,
                scope=" ".join(self._settings.scopes),
                state=secrets.state,
                nonce=secrets.nonce,
                code_challenge=create_s256_code_challenge(secrets.verifier),
                code_challenge_method="S256",
            )
        )

    async def identify(self, secrets: Secrets, returned: Returned) -> Identity:
        """Who signed in. ServiceSilent, NotBelieved."""
        described = await self._described.get()
        self._refuse_another(described, returned)
        tokens = await self._exchanged(described, secrets, returned.code)
        token, access = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(token, str) or not isinstance(access, str | None):
            raise NotBelieved("the service gave no ID token")
        claims = dict(await self._read(token, secrets.nonce, access))
        if missing := {self._settings.groups_claim, self._settings.mailbox_claim} - claims.keys():
            told = await self._userinfo(described, access, str(claims["sub"]))
            # Whether a mailbox was confirmed is said beside that mailbox, and of no other.
            along = {"email_verified"} if self._settings.mailbox_claim in missing else set()
            claims |= {name: told.get(name) for name in (*missing, *along)}
        return self._identity(claims)

    async def look(self) -> Described:
        """What the service says of itself, asked now, and its keys. ServiceSilent."""
        described = await self._described.renewed(0.0)
        await self._keys.renewed(0.0)
        return described

    def _refuse_another(self, described: Described, returned: Returned) -> None:
        if returned.issuer != self._settings.issuer and (returned.issuer is not None or described.says_issuer):
            raise NotBelieved("the browser comes back from another service (RFC 9207)")
        if returned.error:
            raise NotBelieved("the service signed nobody in")
        if not 0 < len(returned.code) <= MOST_CODE_CHARACTERS:
            raise NotBelieved("the browser brought no code back")

    async def _exchanged(self, described: Described, secrets: Secrets, code: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": secrets.verifier,
        }
        headers: dict[str, str] = {}
        secret = await asyncio.to_thread(read_secret, self._settings.client_secret_file)
        if secret is None:
            form["client_id"] = self._settings.client_id
        elif "client_secret_basic" in described.methods or "client_secret_post" not in described.methods:
            headers["Authorization"] = _basic(self._settings.client_id, secret)
        else:
            form |= {"client_id": self._settings.client_id, "client_secret": secret}
        answer = await self._fetcher.post(described.token, form, headers)
        if answer.status != 200:
            raise NotBelieved(f"the service does not take the code ({answer.status})")
        return answer.body

    async def _read(self, token: str, nonce: str, access: str | None) -> Mapping[str, Any]:
        """With the keys at hand, and once more where the service may have a new one."""
        try:
            return self._read_with(await self._keys.get(), token, nonce, access)
        except KeyUnknown:
            return self._read_with(await self._keys.renewed(RENEWED_SECONDS), token, nonce, access)

    def _read_with(self, keys: tuple[Key, ...], token: str, nonce: str, access: str | None) -> Mapping[str, Any]:
        settings, now = self._settings, self._clock.now().timestamp()
        return read_id_token(
            token,
            keys,
            issuer=settings.issuer,
            client_id=settings.client_id,
            nonce=nonce,
            access_token=access,
            now=now,
        )

    async def _userinfo(self, described: Described, access: str | None, subject: str) -> Mapping[str, Any]:
        """What is not in the ID token (OpenID Connect Core 1.0 section 5.3.2: the subject has to be the same)."""
        if described.userinfo is None or not access or not access.isascii() or not access.isprintable():
            return {}
        answer = await self._fetcher.get(described.userinfo, {"Authorization": f"Bearer {access}"})
        if answer.status != 200:
            return {}
        if answer.body.get("sub") != subject:
            raise NotBelieved("the service tells about somebody else than who signed in")
        return answer.body

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        mailbox = _mailbox(claims.get(self._settings.mailbox_claim))
        said = claims.get("email_verified")
        confirmed = self._settings.trust_mailbox or said is True or said == "true"
        return Identity(
            self._settings.issuer,
            str(claims["sub"]),
            mailbox if confirmed else None,
            _groups(claims.get(self._settings.groups_claim)),
            unconfirmed=None if confirmed else mailbox,
        )

    async def _describe(self) -> Described:
        answer = await self._fetcher.get(f"{self._settings.issuer.rstrip('/')}{PLACE}")
        body = answer.body
        if answer.status != 200 or not body:
            raise ServiceSilent(f"it does not describe itself at {PLACE} ({answer.status})")
        if body.get("issuer") != self._settings.issuer:
            raise ServiceSilent("it calls itself otherwise than `issuer` in the settings")
        places = [body.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        userinfo = body.get("userinfo_endpoint")
        for each in (*places, *([] if userinfo is None else [userinfo])):
            if not isinstance(each, str) or not is_private_way(each):
                raise ServiceSilent("it names an address that is neither https nor on this machine")
            if is_here(each) and not is_here(self._settings.issuer):
                raise ServiceSilent("it names an address on this machine, where it is not itself")
        challenges = body.get("code_challenge_methods_supported")
        authorization, token, keys = map(str, places)
        return Described(
            authorization=authorization,
            token=token,
            keys=keys,
            userinfo=userinfo,
            methods=_texts(body.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",),
            challenges=None if challenges is None else _texts(challenges),
            says_issuer=body.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _fetch_keys(self) -> tuple[Key, ...]:
        answer = await self._fetcher.get((await self._described.get()).keys)
        keys = await asyncio.to_thread(keys_of, answer.body) if answer.status == 200 else ()
        if not keys:
            raise ServiceSilent("it lists no key to check its signatures with")
        return keys


def read_secret(file: Path | None) -> str | None:
    """The first line of the file; None where there is no secret. ServiceSilent where it cannot be read."""
    if file is None:
        return None
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as cause:
        raise ServiceSilent("client_secret_file cannot be read") from cause
    if not lines or not lines[0].strip():
        raise ServiceSilent("client_secret_file is empty")
    return lines[0].strip()


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749 section 2.3.1: both parts encoded as in a form first."""
    request = httpx.Request("POST", "https://x.invalid")
    flow = httpx.BasicAuth(quote_plus(client_id), quote_plus(secret)).auth_flow(request)
    return str(next(flow).headers["Authorization"])


def _mailbox(value: object) -> str | None:
    """None for what is no plain address: nothing else can be told apart from another's."""
    if not isinstance(value, str):
        return None
    try:
        return plain_address(value.strip()).lower()
    except ValueError:
        return None


def _groups(value: object) -> tuple[str, ...]:
    """A list of texts, or one. What is neither is no group."""
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    texts = [each for each in listed if isinstance(each, str) and len(each) <= MOST_GROUP_CHARACTERS]
    return tuple(dict.fromkeys(texts[:MOST_GROUPS]))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
