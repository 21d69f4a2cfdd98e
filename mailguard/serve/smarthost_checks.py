"""What `mailguard check` tries at each smarthost, on a connection that the guard's opener makes. It sends no mail."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

from ..smtp.line import Line
from ..smtp.opener import Opener
from ..smtp.pass_through import MECHANISMS
from ..smtp.smarthost_capabilities import SmarthostCapabilities
from ..smtp.smarthost_settings import SmarthostSettings, canonical_domains, keeps_a_password
from ..smtp.troubles import InTrouble, Trouble
from .finding import Finding

CONNECT_SECONDS = 10.0
UNKNOWN_AUTHORITY = frozenset({18, 19, 20, 21})
EXPIRED = 10
OUTSIDE = "postmaster@example.com"
"""Asked about, never written to: a name that RFC 2606 keeps free."""


def check_smarthosts(
    smarthosts: Sequence[SmarthostSettings], hostname: str, sender: str, signed_in_at: SmarthostSettings | None = None
) -> Iterator[Finding]:
    """Connect, EHLO, TLS and the guard's own sign-in as the settings ask for them; no mail.

    sender: an address inside, for what is asked in its name.
    signed_in_at: the one that clients' sign-ins are tried at, None where no listener has `sign_in: smarthost`.
    """
    for smarthost in smarthosts:
        part = f"smarthost {smarthost.address}"
        if smarthost.sender_domains:
            part += f" for {', '.join(smarthost.sender_domains)}"
        if (stronger := _stronger_before(smarthost, smarthosts)) is not None:
            yield Finding(part, True, _WEAKER.format(stronger.address, smarthost.tls))
        found = list(_check_files(part, smarthost))
        if all(each.ok for each in found):
            found += asyncio.run(_examined(part, smarthost, hostname, sender, passes_through=smarthost == signed_in_at))
        yield from found
        if smarthost.username is not None and all(each.ok for each in found):
            yield asyncio.run(_check_sign_in(part, smarthost, hostname))


_WEAKER = (
    "note: mail that {} cannot take goes here without a checked certificate (tls: {}); whoever keeps that one from "
    "being reached may read it. Say `tls: required` here too"
)


def _stronger_before(
    smarthost: SmarthostSettings, all_of_them: Sequence[SmarthostSettings]
) -> SmarthostSettings | None:
    """The first one of the same route that is only spoken to over verified TLS, where this one is not."""
    if keeps_a_password(smarthost):
        return None
    before = all_of_them[: all_of_them.index(smarthost)]
    return next((each for each in before if keeps_a_password(each) and _share_a_route(each, smarthost)), None)


def _share_a_route(one: SmarthostSettings, other: SmarthostSettings) -> bool:
    both_default = not one.sender_domains and not other.sender_domains
    return both_default or bool(set(canonical_domains(one)) & set(canonical_domains(other)))


async def _check_sign_in(part: str, smarthost: SmarthostSettings, hostname: str) -> Finding:
    """As the guard itself does it, once: a wrong password that is tried often locks the account."""
    try:
        line = await Opener(smarthost, hostname).open()
    except InTrouble as cause:
        return Finding(part, False, f"the sign-in with `username` fails: {_said(cause)}")
    await line.quit()
    return Finding(part, True, "takes the name and the password of the guard's own sign-in")


def _said(cause: InTrouble) -> str:
    """The trouble and the code; the server's text could be anything."""
    if cause.reply is None:
        return cause.trouble.value
    codes = " ".join(filter(None, (str(cause.reply.code), cause.reply.status)))
    return f"{cause.trouble.value}, it answers {codes}"


async def _examined(
    part: str, smarthost: SmarthostSettings, hostname: str, sender: str, *, passes_through: bool
) -> list[Finding]:
    """Without the guard's own sign-in: what it announces, and whether it does what the settings say of it."""
    patient = smarthost.model_copy(update={"connect_timeout_seconds": CONNECT_SECONDS})
    try:
        line = await Opener(patient, hostname, signs_in=False).open()
    except InTrouble as cause:
        return [Finding(part, False, _why_not_reached(cause, smarthost))]
    found = list(_check_announced(part, line, smarthost))
    try:
        if passes_through:
            found += _check_offers(part, line.capabilities)
        if smarthost.trusts_address and all(each.ok for each in found):
            found += [each async for each in _check_trust(part, line, sender)]
    except InTrouble as cause:
        found.append(Finding(part, False, f"takes no MAIL: {_said(cause)}"))
    finally:
        await line.quit()
    return found


def _check_files(part: str, smarthost: SmarthostSettings) -> Iterator[Finding]:
    yield from _check_password_file(part, smarthost.password_file)
    if smarthost.ca_file is not None and not os.access(smarthost.ca_file, os.R_OK):
        yield Finding(part, False, f'the authorities in "{smarthost.ca_file}" (`ca_file`) cannot be read')


def _check_password_file(part: str, file: Path | None) -> Iterator[Finding]:
    if file is None:
        return
    if not os.access(file, os.R_OK):
        yield Finding(part, False, f'its password file "{file}" cannot be read')
    elif file.stat().st_mode & 0o004:
        yield Finding(part, True, f'note: every user of this computer may read the password in "{file}"')


def _check_offers(part: str, announced: SmarthostCapabilities) -> Iterator[Finding]:
    """Without one that the guard knows nobody could sign in: Exchange's NTLM and GSSAPI, for example, are none."""
    if not set(MECHANISMS) & set(announced.auth):
        what = f"offers only {' and '.join(announced.auth)}" if announced.auth else "offers none"
        yield Finding(part, False, f"nobody could sign in with `sign_in: smarthost`: of AUTH it {what}")


async def _check_trust(part: str, line: Line, sender: str) -> AsyncIterator[Finding]:
    """Whether it takes mail from this machine: what is released later would be refused for good, notices as well.

    Only a refusal of ours counts (530 and its kin, or 5.7.x of RFC 3463), not one of the address that is asked about.
    """
    for command in (f"MAIL FROM:<{sender if sender.isascii() else ''}>", f"RCPT TO:<{OUTSIDE}>"):
        line.write(f"{command}\r\n".encode("ascii"))
        reply = await line.reply(CONNECT_SECONDS)
        if reply.code in (530, 535, 538) or (reply.code >= 500 and (reply.status or "").startswith("5.7.")):
            said = f"without a sign-in it refuses mail, it answers {reply.code}"
            yield Finding(part, False, f"`trusts_address` does not hold: {said}")
            break
    line.write(b"RSET\r\n")
    await line.reply(CONNECT_SECONDS)


def _why_not_reached(cause: InTrouble, smarthost: SmarthostSettings) -> str:
    if cause.trouble is Trouble.NO_STARTTLS:
        return "does not offer STARTTLS, which `tls: required` asks for"
    if cause.trouble is Trouble.TIMED_OUT:
        return f"does not answer within {CONNECT_SECONDS:.0f} seconds"
    if (failure := _ssl_error(cause)) is not None:
        return f"TLS failed: {_distrust(failure, smarthost)}"
    return f"cannot be used: {_said(cause)}" if cause.reply is not None else f"cannot be reached: {cause.trouble.value}"


def _ssl_error(cause: BaseException | None) -> ssl.SSLError | None:
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__
    return cause


def _distrust(cause: ssl.SSLError, smarthost: SmarthostSettings) -> str:
    """Why, and what to do about it; the numbers are OpenSSL's X509_V_ERR."""
    if not isinstance(cause, ssl.SSLCertVerificationError):
        if cause.reason == "WRONG_VERSION_NUMBER" and smarthost.tls == "implicit":
            return "it does not begin with TLS on this port; where it offers STARTTLS (587, 25) say `tls: required`"
        return cause.reason or "it is no TLS, or none that is new enough"
    if cause.verify_code in UNKNOWN_AUTHORITY:
        trusted = f'"{smarthost.ca_file}"' if smarthost.ca_file else "this computer"
        return (
            f"{trusted} does not know who issued its certificate; if that is your own authority, name it in `ca_file`"
        )
    if cause.verify_code == EXPIRED:
        return "its certificate has expired"
    return f"its certificate is not valid: {cause.verify_message}"


_NAMES = {
    "pipelining": "PIPELINING",
    "eight_bit": "8BITMIME",
    "smtputf8": "SMTPUTF8",
    "dsn": "DSN",
    "enhanced_status_codes": "ENHANCEDSTATUSCODES",
    "size": "SIZE",
    "auth": "AUTH",
    "xclient": "XCLIENT",
    "xforward": "XFORWARD",
}


def _check_announced(part: str, line: Line, smarthost: SmarthostSettings) -> Iterator[Finding]:
    if line.is_secure and smarthost.tls != "implicit":
        yield Finding(part, True, "STARTTLS works")
    names = [name for attribute, name in _NAMES.items() if getattr(line.capabilities, attribute)]
    yield Finding(part, True, f"answers, and announces {', '.join(names) or 'no extension that matters here'}")
    missing = [name for name in ("PIPELINING", "8BITMIME") if name not in names]
    if missing:
        yield Finding(part, True, f"note: it does not announce {' and '.join(missing)}")
    yield from _check_telling(part, line.capabilities, smarthost)


def _check_telling(part: str, announced: SmarthostCapabilities, smarthost: SmarthostSettings) -> Iterator[Finding]:
    if smarthost.tell_client == "none" or getattr(announced, smarthost.tell_client):
        return
    name, lets = smarthost.tell_client.upper(), f"smtpd_authorized_{smarthost.tell_client}_hosts"
    if smarthost.tell_client == "xclient":
        yield Finding(part, False, f"does not announce {name} to this machine: mail would wait; set {lets} there")
    else:
        yield Finding(part, True, f"note: it does not announce {name}; its log will not name clients, see {lets}")
