"""Strict reading of the paths and parameters of MAIL and RCPT (RFC 5321 sections 4.1.1 and 4.1.2).

Promises: what is accepted has one reading only, for every mail server behind us; the wire form is kept untouched and
the canonical form is for comparing. Refused whatever the RFC allows: source routes, and local parts that a lenient
server would relay on or cut in two (THREATS.md T5, T6).
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import idna

from ..envelope import Path
from ..errors import MailguardError
from .canonical import canonical_address as canonical_address
from .canonical import canonical_domain as canonical_domain

MAX_LOCAL_OCTETS = 64
"""RFC 5321 section 4.5.3.1.1."""
MAX_DOMAIN_OCTETS = 255
"""RFC 5321 section 4.5.3.1.2."""
MAX_PATH_OCTETS = 256
"""RFC 5321 section 4.5.3.1.3, with both angle brackets."""

_ATEXT = rb"A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-"
_DOT_STRING = re.compile(rb"[" + _ATEXT + rb"]++(?>(?:\.[" + _ATEXT + rb"]++)*)")
_QUOTED_STRING = re.compile(rb'"((?>(?:[\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\x20-\x7e])+))"')
_ESCAPED = re.compile(rb"\\([\s\S])")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_DOMAIN = re.compile(rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*")
"""Letter, digit, hyphen; also the underscore, which names of hosts behind firewalls have."""
_BRACKETED = re.compile(rb'<(?>(?:[^<>"\\\x00-\x20\x7f]++|"(?>(?:[^"\\\x00-\x1f\x7f]++|\\[\x20-\x7e])*)")*)>')
_PARAMETER = re.compile(rb"[A-Za-z0-9][A-Za-z0-9-]*+(?:=[\x21-\x3c\x3e-\x7e]++)?")
_ORDINARY_ARGUMENT = re.compile(
    rb"(FROM|TO):(<[^<>\"\\\x00-\x20\x7f]*+>)(?: ([A-Za-z0-9][A-Za-z0-9-]*+=[\x21-\x3c\x3e-\x7e]++))?"
)
"""As nearly every program writes it: no quotes, no white space but before one parameter."""
_ORDINARY_PATH = re.compile(rb"<(([A-Za-z0-9_+-]++(?>(?:\.[A-Za-z0-9_+-]++)*))@([A-Za-z0-9.-]++))>")

KINDS = {
    "control": "the address has a control character",
    "brackets": "the address must stand in angle brackets",
    "too-long": "the address is too long",
    "source-route": "source routes are not taken",
    "no-domain": "the address has no domain",
    "local-part": "the part before the @ is not valid",
    "local-part-quoted": "the quoted part before the @ holds a character that another server could misread",
    "relay": "addresses that ask another server to relay are not taken",
    "domain": "the domain is not valid",
    "literal": "the address literal is not valid",
    "smtputf8": "an address beyond ASCII needs SMTPUTF8",
    "null": "the null path cannot be a recipient",
    "keyword": "the argument must begin with FROM: or TO:",
    "parameter": "a parameter is not valid",
}
"""Each kind of refusal with a sentence that holds nothing of the input and may go on the wire."""


class PathError(MailguardError):
    """A path or parameter is refused. kind: a key of KINDS; str() is its sentence."""

    def __init__(self, kind: str) -> None:
        super().__init__(KINDS[kind])
        self.kind = kind


def split_mail_argument(argument: bytes, keyword: bytes = b"FROM") -> tuple[bytes, tuple[bytes, ...]]:
    """b"FROM:<a@b.example> SIZE=1" as (b"<a@b.example>", (b"SIZE=1",)), all in wire form. PathError on bad syntax.

    keyword: b"TO" for RCPT. White space after the colon is let pass: many programs send it and it has one reading.
    """
    ordinary = _ORDINARY_ARGUMENT.fullmatch(argument)
    if ordinary is not None and ordinary[1] == keyword:
        return ordinary[2], (ordinary[3],) if ordinary[3] else ()
    return _split_any(argument, keyword)


def _split_any(argument: bytes, keyword: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    head = argument[: len(keyword) + 1]
    if head.upper() != keyword + b":":
        raise PathError("keyword")
    rest = argument[len(head) :].strip(b" \t")
    if _CONTROL.search(rest.replace(b"\t", b" ")):
        raise PathError("control")
    path = _BRACKETED.match(rest)
    if path is None:
        raise PathError("brackets")
    tail = rest[path.end() :]
    if tail and tail[:1] not in (b" ", b"\t"):
        raise PathError("parameter")
    parameters = tuple(tail.split())
    if not all(_PARAMETER.fullmatch(parameter) for parameter in parameters):
        raise PathError("parameter")
    return path[0], parameters


def split_rcpt_argument(argument: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """b"TO:<a@b.example> NOTIFY=NEVER" as path and parameters in wire form. PathError on bad syntax."""
    return split_mail_argument(argument, b"TO")


def parse_reverse_path(argument: bytes, *, smtputf8: bool) -> Path | None:
    """b"<a@b.example>" as a Path, b"<>" as None (the null path). PathError says why it is refused."""
    return ordinary_path(argument) or _any_reverse_path(argument, smtputf8)


def parse_forward_path(argument: bytes, *, smtputf8: bool) -> Path:
    """b"<a@b.example>" or b"<postmaster>" as a Path. PathError says why it is refused."""
    return ordinary_path(argument) or _any_forward_path(argument, smtputf8)


def ordinary_path(argument: bytes) -> Path | None:
    """Where the path is of plain ASCII and has no quotes, what the strict reading below makes of it, in one look; None
    for any other path, and for one that is refused.
    """
    found = _ORDINARY_PATH.fullmatch(argument)
    if found is None or len(argument) > MAX_PATH_OCTETS:
        return None
    wire, local, domain = found.groups()
    canonical = _ordinary_domain(domain)
    if canonical is None or len(local) > MAX_LOCAL_OCTETS:
        return None
    return Path(wire, f"{local.decode('ascii').lower()}@{canonical}")


@lru_cache(maxsize=4096)
def _ordinary_domain(domain: bytes) -> str | None:
    try:
        _check_domain(domain)
    except PathError:
        return None
    return canonical_domain(domain.decode("ascii"))


def _any_reverse_path(argument: bytes, smtputf8: bool) -> Path | None:
    wire = _inside_brackets(argument)
    return _mailbox(wire, smtputf8) if wire else None


def _any_forward_path(argument: bytes, smtputf8: bool) -> Path:
    wire = _inside_brackets(argument)
    if not wire:
        raise PathError("null")
    if wire.lower() == b"postmaster":
        return Path(wire, "postmaster")
    path = _mailbox(wire, smtputf8)
    if re.search(rb"[%!]", wire[: wire.rindex(b"@")]):
        # user%x@in and x!user@in ask for relaying, quoted or not, and what a server behind us does is not ours to know.
        raise PathError("relay")
    return path


def _inside_brackets(argument: bytes) -> bytes:
    if _CONTROL.search(argument):
        raise PathError("control")
    if len(argument) > MAX_PATH_OCTETS:
        raise PathError("too-long")
    if not _BRACKETED.fullmatch(argument):
        raise PathError("brackets")
    return argument[1:-1]


def _mailbox(wire: bytes, smtputf8: bool) -> Path:
    if wire.startswith(b"@"):
        raise PathError("source-route")
    local, sign, domain = wire.rpartition(b"@")
    if not sign:
        raise PathError("no-domain")
    if not wire.isascii():
        _check_utf8(wire, smtputf8)
    _check_local(local)
    _check_domain(domain)
    return Path(wire, canonical_address(wire))


def _check_utf8(wire: bytes, smtputf8: bool) -> None:
    """RFC 6531 section 3.3. C1 controls and separators are refused with the others."""
    if not smtputf8:
        raise PathError("smtputf8")
    try:
        text = wire.decode("utf-8")
    except UnicodeDecodeError:
        raise PathError("smtputf8") from None
    if not text.isprintable():
        raise PathError("control")
    if re.search("[\uff20\ufe6b\u3002\uff0e\uff61]", text):
        # Signs that NFKC makes an "@" or a dot: a server behind us may see another domain.
        raise PathError("domain")


def _check_local(local: bytes) -> None:
    if len(local) > MAX_LOCAL_OCTETS:
        raise PathError("too-long")
    if _DOT_STRING.fullmatch(local):
        return
    quoted = _QUOTED_STRING.fullmatch(local)
    if quoted is None:
        raise PathError("local-part")
    if re.search(rb'[<>@,;:\\"()\[\]]', _ESCAPED.sub(rb"\1", quoted[1])):
        raise PathError("local-part-quoted")


def _check_domain(domain: bytes) -> None:
    if len(domain) > MAX_DOMAIN_OCTETS:
        raise PathError("too-long")
    if domain.startswith(b"["):
        _check_literal(domain)
        return
    if not domain.isascii():
        domain = _a_labels(domain)
    if not _DOMAIN.fullmatch(domain) or any(len(label) > 63 for label in domain.split(b".")):
        raise PathError("domain")


def _a_labels(domain: bytes) -> bytes:
    try:
        return idna.encode(domain.decode("utf-8"), uts46=True)
    except (idna.IDNAError, UnicodeError, ValueError):
        raise PathError("domain") from None


def _check_literal(domain: bytes) -> None:
    """[192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321 section 4.1.3); general literals are not taken."""
    text = domain[1:-1].decode("ascii", "replace")
    try:
        if not domain.endswith(b"]"):
            raise ValueError
        if text.lower().startswith("ipv6:"):
            if "%" in text:
                raise ValueError
            IPv6Address(text[5:])
        else:
            IPv4Address(text)
    except ValueError:
        raise PathError("literal") from None
