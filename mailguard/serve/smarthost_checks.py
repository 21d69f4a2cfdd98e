"""What `mailguard check` tries at each smarthost. It sends no mail."""

from __future__ import annotations

import asyncio
import contextlib
import os
import smtplib
import ssl
from collections.abc import Iterator, Sequence

from ..smtp.opener import Opener
from ..smtp.smarthost_settings import SmarthostSettings, canonical_domains, keeps_a_password
from ..smtp.troubles import InTrouble
from .finding import Finding

CONNECT_SECONDS = 10.0


def check_smarthosts(smarthosts: Sequence[SmarthostSettings], hostname: str) -> Iterator[Finding]:
    """Connect, EHLO, TLS and the guard's own sign-in as the settings ask for them; no mail."""
    for smarthost in smarthosts:
        part = f"smarthost {smarthost.address}"
        if smarthost.sender_domains:
            part += f" for {', '.join(smarthost.sender_domains)}"
        if (stronger := _stronger_before(smarthost, smarthosts)) is not None:
            yield Finding(part, True, _WEAKER.format(stronger.address, smarthost.tls))
        found = list(_check_opening(part, smarthost))
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


def _check_opening(part: str, smarthost: SmarthostSettings) -> Iterator[Finding]:
    if smarthost.password_file is not None and not os.access(smarthost.password_file, os.R_OK):
        yield Finding(part, False, f'its password file "{smarthost.password_file}" cannot be read')
    try:
        with _connected(smarthost) as session:
            yield from _check_session(part, session, smarthost)
    except ssl.SSLError as cause:
        yield Finding(part, False, f"TLS failed: {cause.reason or 'the certificate is not valid for this name'}")
    except (OSError, smtplib.SMTPException) as cause:
        yield Finding(part, False, _unreachable(cause))


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
