"""What `mailguard check` tries at each smarthost. It sends no mail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..smtp.opener import Opener
from ..smtp.pass_through import MECHANISMS
from ..smtp.smarthost_settings import SmarthostSettings, canonical_domains, keeps_a_password
from ..smtp.troubles import InTrouble
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
        found = list(_check_opening(part, smarthost, sender, passes_through=smarthost == signed_in_at))
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


def _check_opening(part: str, smarthost: SmarthostSettings, sender: str, *, passes_through: bool) -> Iterator[Finding]:
    yield from _check_password_file(part, smarthost.password_file)
    if smarthost.ca_file is not None and not os.access(smarthost.ca_file, os.R_OK):
        yield Finding(part, False, f'the authorities in "{smarthost.ca_file}" (`ca_file`) cannot be read')
        return
    try:
        with _connected(smarthost) as session:
            found = list(_check_session(part, session, smarthost))
            yield from found
            if passes_through and all(each.ok for each in found):
                yield from _check_offers(part, session)
            if smarthost.trusts_address and all(each.ok for each in found):
                yield from _check_trust(part, session, sender)
    except ssl.SSLError as cause:
        yield Finding(part, False, f"TLS failed: {_distrust(cause, smarthost)}")
    except (OSError, smtplib.SMTPException) as cause:
        yield Finding(part, False, _unreachable(cause))


def _check_password_file(part: str, file: Path | None) -> Iterator[Finding]:
    if file is None:
        return
    if not os.access(file, os.R_OK):
        yield Finding(part, False, f'its password file "{file}" cannot be read')
    elif file.stat().st_mode & 0o004:
        yield Finding(part, True, f'note: every user of this computer may read the password in "{file}"')


def _check_offers(part: str, session: smtplib.SMTP) -> Iterator[Finding]:
    """Without one that the guard knows nobody could sign in: Exchange's NTLM and GSSAPI, for example, are none."""
    offered = session.esmtp_features.get("auth", "").upper().split()
    if not set(MECHANISMS) & set(offered):
        what = f"offers only {' and '.join(offered)}" if offered else "offers none"
        yield Finding(part, False, f"nobody could sign in with `sign_in: smarthost`: of AUTH it {what}")


def _check_trust(part: str, session: smtplib.SMTP, sender: str) -> Iterator[Finding]:
    """Whether it takes mail from this machine: what is released later would be refused for good, notices as well.

    Only a refusal of ours counts (530 and its kin, or 5.7.x of RFC 3463), not one of the address that is asked about.
    """
    for code, text in (session.mail(sender if sender.isascii() else ""), session.rcpt(OUTSIDE)):
        if code in (530, 535, 538) or (code >= 500 and text.startswith(b"5.7.")):
            yield Finding(
                part, False, f"`trusts_address` does not hold: without a sign-in it refuses mail, it answers {code}"
            )
            break
    session.rset()


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


def _check_session(part: str, session: smtplib.SMTP, smarthost: SmarthostSettings) -> Iterator[Finding]:
    code, _ = session.ehlo()
    if code != 250:
        yield Finding(part, False, f"answers EHLO with {code}")
        return
    if smarthost.tls == "required" and not session.has_extn("starttls"):
        yield Finding(part, False, "does not offer STARTTLS, which `tls: required` asks for")
        return
    if smarthost.tls in ("required", "opportunistic") and session.has_extn("starttls"):
        session.starttls(context=_context(smarthost))
        session.ehlo()
        yield Finding(part, True, "STARTTLS works")
    names = sorted(name.upper() for name in session.esmtp_features)
    yield Finding(part, True, f"answers, and announces {', '.join(names) or 'no extension'}")
    missing = [name for name in ("PIPELINING", "8BITMIME") if not session.has_extn(name)]
    if missing:
        yield Finding(part, True, f"note: it does not announce {' and '.join(missing)}")
    yield from _check_telling(part, session, smarthost)


def _check_telling(part: str, session: smtplib.SMTP, smarthost: SmarthostSettings) -> Iterator[Finding]:
    if smarthost.tell_client == "none" or session.has_extn(smarthost.tell_client):
        return
    name, lets = smarthost.tell_client.upper(), f"smtpd_authorized_{smarthost.tell_client}_hosts"
    if smarthost.tell_client == "xclient":
        yield Finding(part, False, f"does not announce {name} to this machine: mail would wait; set {lets} there")
    else:
        yield Finding(part, True, f"note: it does not announce {name}; its log will not name clients, see {lets}")


def _unreachable(cause: Exception) -> str:
    if isinstance(cause, TimeoutError) or isinstance(cause.__context__, TimeoutError):
        return f"does not answer within {CONNECT_SECONDS:.0f} seconds"
    return f"cannot be reached: {getattr(cause, 'strerror', None) or 'it does not speak SMTP, or ended the session'}"


@contextlib.contextmanager
def _connected(smarthost: SmarthostSettings) -> Iterator[smtplib.SMTP]:
    host, port = smarthost.address.host, smarthost.address.port
    if smarthost.tls == "implicit":
        session: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=CONNECT_SECONDS, context=_context(smarthost))
    else:
        session = smtplib.SMTP(host, port, timeout=CONNECT_SECONDS)
    try:
        yield session
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            session.quit()


def _context(smarthost: SmarthostSettings) -> ssl.SSLContext:
    """As the guard itself does: `opportunistic` checks no certificate."""
    context = ssl.create_default_context(cafile=str(smarthost.ca_file) if smarthost.ca_file else None)
    if smarthost.tls == "opportunistic":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
