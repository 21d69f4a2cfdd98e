"""The commands of one transaction from an envelope, and what the smarthost cannot be asked to take.

Paths and parameters go on in wire form. Nothing is silently downgraded: what the smarthost does not announce and the
message needs is refused here (THREATS.md T12); what it merely may not be told is reported by `leaves_out_dsn`.
"""

from __future__ import annotations

import re

from ..core.envelope import Envelope, Path, Recipient
from ..core.outcome import SmarthostReply
from ..core.rewrite.content import Content
from .dot_stuffing import PIECE_OCTETS
from .smarthost_capabilities import SmarthostCapabilities

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_DSN_OF_MAIL = (b"RET", b"ENVID")  # RFC 3461 section 4.3, 4.4
_DSN_OF_RECIPIENT = (b"NOTIFY", b"ORCPT")  # RFC 3461 section 4.1, 4.2

EIGHT_BIT_NOT_TAKEN = SmarthostReply(554, "5.6.3", "The next mail server does not take 8-bit messages")
UTF8_NOT_TAKEN = SmarthostReply(553, "5.6.7", "The next mail server does not take internationalized addresses")
BAD_SENDER = SmarthostReply(501, "5.1.7", "Bad sender address")
BAD_RECIPIENT = SmarthostReply(501, "5.1.3", "Bad recipient address")
DOWNGRADES = (EIGHT_BIT_NOT_TAKEN, UTF8_NOT_TAKEN)
"""Refusals for what this smarthost lacks; another one may have it."""
TOO_MANY_RECIPIENTS = SmarthostReply(554, "5.5.3", "Too many recipients for one message")


def mail_command(envelope: Envelope, size: int, capabilities: SmarthostCapabilities) -> bytes:
    """MAIL with what the smarthost announced of its parameters, with CRLF. size: of the content, in octets.

    SIZE is the content's own (RFC 1870 section 6.1), whatever the client said. AUTH becomes AUTH=<>: RFC 4954 section 5
    asks for that where the relay does not vouch for the identity that a client names.
    """
    words = [b"MAIL FROM:<%b>" % (envelope.reverse_path.wire if envelope.reverse_path else b"")]
    if capabilities.size:
        words.append(b"SIZE=%d" % size)
    for parameter in envelope.parameters:
        name = _name(parameter)
        if name == b"AUTH":
            words += [b"AUTH=<>"] if capabilities.auth else []
        elif name != b"SIZE" and _is_announced(name, capabilities):
            words.append(parameter)
    return b" ".join(words) + b"\r\n"


def recipient_command(recipient: Recipient, capabilities: SmarthostCapabilities) -> bytes:
    """RCPT with what the smarthost announced of its parameters, with CRLF."""
    parameters = [each for each in recipient.parameters if _is_announced(_name(each), capabilities)]
    return b" ".join([b"RCPT TO:<%b>" % recipient.path.wire, *parameters]) + b"\r\n"


def leaves_out_dsn(envelope: Envelope, capabilities: SmarthostCapabilities) -> bool:
    """Whether the client asked for something of RFC 3461 that the smarthost does not announce."""
    if capabilities.dsn:
        return False
    names = {_name(each) for each in envelope.parameters}
    names.update(_name(each) for recipient in envelope.recipients for each in recipient.parameters)
    return not names.isdisjoint((*_DSN_OF_MAIL, *_DSN_OF_RECIPIENT))


def why_refused(envelope: Envelope, content: Content, capabilities: SmarthostCapabilities) -> SmarthostReply | None:
    """The reply, the guard's own, that refuses the whole message; None if the smarthost can be asked."""
    if envelope.reverse_path is not None and not _is_sound(envelope.reverse_path, envelope.parameters):
        return BAD_SENDER
    if not all(_is_sound(each.path, each.parameters) for each in envelope.recipients):
        return BAD_RECIPIENT
    utf8 = envelope.parameter(b"SMTPUTF8") is not None
    if (utf8 and not (capabilities.smtputf8 and capabilities.eight_bit)) or (
        not utf8 and not _has_ascii_paths(envelope)
    ):
        return UTF8_NOT_TAKEN
    if not capabilities.eight_bit and not _is_seven_bit(content):
        return EIGHT_BIT_NOT_TAKEN
    return None


def _is_announced(name: bytes, capabilities: SmarthostCapabilities) -> bool:
    """A parameter of an extension that this guard does not know has been refused by the door."""
    if name == b"BODY":
        return capabilities.eight_bit
    if name == b"SMTPUTF8":
        return capabilities.smtputf8
    if name in _DSN_OF_MAIL or name in _DSN_OF_RECIPIENT:
        return capabilities.dsn
    return False


def _name(parameter: bytes) -> bytes:
    return parameter.partition(b"=")[0].upper()


def _is_sound(path: Path, parameters: tuple[bytes, ...]) -> bool:
    """No CR, LF or other control character can make a second command of it; a space would make a second parameter."""
    return not _CONTROL.search(path.wire) and not any(_CONTROL.search(each) or b" " in each for each in parameters)


def _has_ascii_paths(envelope: Envelope) -> bool:
    paths = [recipient.path for recipient in envelope.recipients]
    return all(path.wire.isascii() for path in (*paths, *([envelope.reverse_path] if envelope.reverse_path else [])))


def _is_seven_bit(content: Content) -> bool:
    return all(
        bytes(segment[start : start + PIECE_OCTETS]).isascii()
        for segment in content.segments()
        for start in range(0, len(segment), PIECE_OCTETS)
    )
