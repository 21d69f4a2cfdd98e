"""Every reply of the door's own, as one table (RFC 5321 section 4.2, enhanced codes RFC 3463 and RFC 2034).

What a message's fate says to the client stands in core/reply.py; these concern the protocol alone. RFC 2034
section 4 leaves the greeting, the reply to HELO and EHLO, and 3yz without an enhanced code.
"""

from __future__ import annotations

from ..core.reply import Reply, printable

# Done.
OK = Reply(250, "2.0.0", "OK")
SENDER_OK = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient OK")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")
GOODBYE = Reply(221, "2.0.0", "Goodbye")
HELP = Reply(214, "2.0.0", "Commands: EHLO HELO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT")
NOT_VERIFIED = Reply(252, "2.5.0", "Addresses are not verified here, send the message")
SEND_CONTENT = Reply(354, None, "End data with <CR><LF>.<CR><LF>")

# Refused commands.
UNKNOWN_COMMAND = Reply(500, "5.5.1", "Command not recognised")
LINE_TOO_LONG = Reply(500, "5.5.2", "Command line too long")
LINE_MALFORMED = Reply(500, "5.5.2", "Command line with a bare CR, bare LF or NUL")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
NEEDS_NO_ARGUMENT = Reply(501, "5.5.4", "This command takes no argument")
NEEDS_ARGUMENT = Reply(501, "5.5.4", "This command needs an argument")
HELLO_FIRST = Reply(503, "5.5.1", "Send EHLO or HELO first")
TLS_FIRST = Reply(530, "5.7.0", "Send STARTTLS first")
TLS_ALREADY = Reply(503, "5.5.1", "TLS is in use already")
SIGN_IN_FIRST = Reply(530, "5.7.0", "Sign in first")
SENDER_GIVEN = Reply(503, "5.5.1", "Sender already given")
SENDER_FIRST = Reply(503, "5.5.1", "Send MAIL first")
RECIPIENT_FIRST = Reply(503, "5.5.1", "No valid recipients")
MAIL_SYNTAX = Reply(501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]")
RCPT_SYNTAX = Reply(501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]")
BAD_PARAMETER = Reply(501, "5.5.4", "Parameter with a wrong value")
PARAMETER_TWICE = Reply(501, "5.5.4", "Parameter given twice")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter not recognised, or its extension is not announced here")
NO_ROOM = Reply(452, "4.3.1", "Too much mail at once, try again later")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients in one message, send the rest in another")

# Signing in (RFC 4954 sections 4 and 6).
SIGNED_IN = Reply(235, "2.7.0", "Signed in")
SIGNED_IN_ALREADY = Reply(503, "5.5.1", "Signed in already")
NOT_IN_TRANSACTION = Reply(503, "5.5.1", "Not between MAIL and the end of its message")
EHLO_FIRST = Reply(503, "5.5.1", "Send EHLO first")
AUTH_SYNTAX = Reply(501, "5.5.4", "Syntax: AUTH mechanism [initial response]")
MECHANISM_UNKNOWN = Reply(504, "5.5.4", "This mechanism is not offered here")
SIGN_IN_NEEDS_TLS = Reply(538, "5.7.11", "Encryption is needed to sign in, send STARTTLS first")
NOT_BASE64 = Reply(501, "5.5.2", "This is not base64")
RESPONSE_MALFORMED = Reply(501, "5.5.2", "This is not a response of this mechanism")
RESPONSE_TOO_LONG = Reply(500, "5.5.6", "Line too long for signing in")
RESPONSE_TOO_SOON = Reply(503, "5.5.1", "Wait for the answer to AUTH before you send more")
SIGN_IN_CANCELLED = Reply(501, "5.7.0", "Sign-in cancelled")
SIGN_IN_REFUSED = Reply(535, "5.7.8", "Not signed in: the name or the password is wrong")
ACTING_FOR_ANOTHER = Reply(535, "5.7.8", "Not signed in: nobody acts for somebody else here")
ACCOUNT_NOT_NAMED = Reply(535, "5.7.8", "Not signed in: the account has to be named (a=)")
SIGN_IN_UNAVAILABLE = Reply(454, "4.7.0", "Not signed in: this cannot be checked now, try again later")
SIGN_IN_SLOWED = Reply(454, "4.7.0", "Not signed in: too many attempts failed, try again in a few minutes")

# Refused content, after its end.
TOO_LARGE = Reply(552, "5.3.4", "Message larger than this server takes")
HEADER_TOO_LARGE = Reply(552, "5.3.4", "Message header larger than this server takes")
TOO_MANY_FIELDS = Reply(552, "5.3.4", "Message header with more fields than this server takes")
BARE_LINE_END = Reply(554, "5.6.0", "Message with a bare CR or bare LF, only CRLF ends a line (RFC 5321 section 2.3.8)")
NUL_IN_CONTENT = Reply(554, "5.6.0", "Message with a NUL octet")
NEXT_HOP_UNKNOWN = Reply(451, "4.4.1", "The next mail server cannot be reached to ask whether it takes this, try later")
EIGHT_BIT_CONTENT = Reply(554, "5.6.3", "Message with 8-bit octets, which the next mail server does not take")

# The session ends.
NOT_ALLOWED = Reply(554, "5.7.1", "This client may not send mail here")
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", "Too many connections, try again later")
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands in one session, connect again")
TOO_MANY_MESSAGES = Reply(421, "4.7.0", "Too many messages in one session, connect again")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors")
TOO_MANY_SIGN_INS = Reply(421, "4.7.0", "Too many failed sign-ins, connect again")
SIGN_IN_LOST = Reply(421, "4.7.0", "The next mail server ended your sign-in, connect and sign in again")
TOO_SLOW = Reply(421, "4.4.2", "Nothing complete came in time, goodbye")
CLOSING_DOWN = Reply(421, "4.3.2", "This service is closing down, try again later")


def bad_sender(kind: str, sentence: str) -> Reply:
    """kind, sentence: of the PathError, whose sentences hold nothing of the input."""
    return _bad_path("Sender", kind, sentence, 550, "5.1.7")


def bad_recipient(kind: str, sentence: str) -> Reply:
    return _bad_path("Recipient", kind, sentence, 553, "5.1.3")


def _bad_path(who: str, kind: str, sentence: str, utf8_code: int, status: str) -> Reply:
    """RFC 6531 section 3.5 has a code and status of its own for an address that needs SMTPUTF8."""
    text = f"{who} not accepted: {sentence}"
    return Reply(utf8_code, "5.6.7", text) if kind == "smtputf8" else Reply(553, status, text)


def sign_in_refused(code: int, status: str | None, text: str) -> Reply:
    """The smarthost's own words may help the person: that the password has expired, for one."""
    said = " ".join(word for word in (str(code), status, text) if word)
    refused = printable(f"Not signed in, the mail server says: {said}")
    return Reply(SIGN_IN_REFUSED.code, SIGN_IN_REFUSED.status, refused)


def sign_in_failed(ref: str) -> Reply:
    """Something of ours, or a part of the guard that does not keep its word."""
    return Reply(454, "4.7.0", f"Not signed in: this cannot be checked now, try again later, ref {ref}")
