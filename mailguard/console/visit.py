"""One request as the pages see it: who comes, with what. INVARIANT: a form is read only after its token was checked."""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from ..guard.console.sessions import Visitor
from . import words
from .answers import Refused
from .multipart import boundary_of, read_parts
from .security import is_from_our_page
from .site import Site

MOST_OCTETS = 64 * 1024
MOST_FIELDS = 700
"""As many as the form of an incident has with all its rows."""
BODY_SECONDS = 15.0
FILE_SECONDS = 120.0
FORM_TYPE = "application/x-www-form-urlencoded"
CSRF = "csrf"


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it came. fields: the last value of each. files: of a form with a file, the octets of each field."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Visit:
    """token: of the browser, whether or not somebody is signed in with it. visitor: who is. form: of a POST, the last
    value of each field. files: of a form with a file, the octets of each field. peer: the address that attempts to
    sign in count for. browser: what it calls itself.
    """

    site: Site
    token: str
    visitor: Visitor | None
    path: str
    where: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    peer: str = "0.0.0.0"  # noqa: S104  an address that nobody has, not one to listen on
    browser: str = ""

    @property
    def csrf(self) -> str:
        """What a form of this browser must send along; it says nothing about the token."""
        return csrf_of(self.token)

    @property
    def signed_in(self) -> Visitor:
        """The visitor of a page that needs one."""
        if self.visitor is None:
            raise Refused(403, words.REFUSED_TITLE, words.REFUSED_HERE.format(contact=self.site.contact))
        return self.visitor

    def typed(self, name: str) -> str:
        """A field of the form, empty where it was left out."""
        return self.form.get(name, "")


def printable(text: str) -> str:
    """Without what no field of one line can hold and nobody can see: it comes back on the page as it was sent."""
    return "".join(character for character in text if character.isprintable())


def csrf_of(token: str) -> str:
    digest = hmac.digest(token.encode(), b"form of the console", "sha256")
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


async def read_form(request: Request, site: Site, token: str | None, most_octets: int | None = None) -> Sent:
    """The form of a POST from a page of ours. token: what the browser came with, None for nothing. most_octets: of a
    form with a file; None where none may come. Refused.
    """
    if not is_from_our_page(request.headers, site.base_url, request.scope["path"]):
        raise _not_from_you(site)
    kind = request.headers.get("content-type", "")
    boundary = boundary_of(kind) if most_octets is not None else None
    if most_octets is not None and boundary is not None:
        form = await asyncio.to_thread(_parts, await read_body(request, most_octets, FILE_SECONDS), boundary)
    elif kind.partition(";")[0].strip().lower() == FORM_TYPE:
        form = Sent(_fields(await read_body(request, MOST_OCTETS, BODY_SECONDS)))
    else:
        raise Refused(415, words.UNUSABLE_TITLE, words.UNUSABLE)
    sent = form.fields.get(CSRF, "").encode("utf-8", "replace")
    if token is None or not hmac.compare_digest(sent, csrf_of(token).encode()):
        raise _not_from_you(site)
    return form


async def read_body(request: Request, most_octets: int, seconds: float) -> bytes:
    """All of it. Refused: too large, too slow, or the client has gone."""
    kept = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for piece in request.stream():
                kept += piece
                if len(kept) > most_octets:
                    raise Refused(413, words.TOO_LARGE_TITLE, words.TOO_LARGE)
    except (TimeoutError, ClientDisconnect):
        raise Refused(408, words.UNUSABLE_TITLE, words.UNUSABLE) from None
    return bytes(kept)


def _parts(body: bytes, boundary: bytes) -> Sent:
    """What is short is a field as well."""
    found = read_parts(body, boundary)
    if found is None:
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE)
    short = {name: octets for name, octets in found.items() if len(octets) <= MOST_OCTETS}
    return Sent({name: octets.decode("utf-8", "replace") for name, octets in short.items()}, found)


def _fields(body: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict", separator="&"
        )
    except ValueError:
        raise Refused(400, words.UNUSABLE_TITLE, words.UNUSABLE) from None
    return dict(pairs)


def _not_from_you(site: Site) -> Refused:
    why = words.REFUSED_REQUEST_WHY.format(contact=site.contact)
    return Refused(403, words.REFUSED_REQUEST_TITLE, words.REFUSED_REQUEST, why)


def peer_of(request: Request) -> str:
    """The client's address; one that nobody has where it cannot be told (a Unix socket)."""
    host = request.client.host if request.client else ""
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return "0.0.0.0"  # noqa: S104
