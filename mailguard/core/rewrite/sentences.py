"""Why a message cannot be rewritten: sentences for the reviewer. None quotes the message."""

from __future__ import annotations

CALENDAR_SIGNED = "It carries a signed calendar part, which names everybody who is invited and cannot be changed."
CALENDAR_BCC = "An invitation names everybody who is invited in its own text; only separate copies can hide them."
CALENDAR_FIXED = (
    "Its calendar part shows the address of somebody who is to be hidden in a line that has to stay ({name})."
)
CALENDAR_TEXT = "Its calendar part shows the address of somebody who is to be hidden in a way that cannot be taken out."
CALENDAR_TOO_LARGE = "Its calendar part is too large to be written anew for each recipient."
BODY = "Its text shows the address of somebody who is to be hidden in a way that cannot be taken out."
BODY_LEFT_OVER = "After the rewrite an address that is to be hidden could still be read in its text or an attachment."
TNEF = "It carries a TNEF part (winmail.dat), which lists recipients and cannot be rewritten."
NESTED = "It carries another message, whose own header can name recipients."
PROTECTED = "Its signed or encrypted part repeats whom it is addressed to, and cannot be changed."
REPEATED = "A part inside the message repeats its recipient fields."
OPAQUE = "It carries a signed or compressed part that cannot be read, so that what it shows is not known."
PART_HEADER = "The name or the description of a part shows the address of somebody who is to be hidden."
HIDDEN_FIELD = "One header field is hidden inside another, and it may hold addresses nobody should see."
NOTHING_TO_CLEAN = "It holds nothing that mailguard can clean."
MALFORMED = "It is malformed ({kind}), so that two mail programs could read the rewritten message differently."
ORIGINATOR = "Its {name} field shows the address of somebody who is to be hidden, and cannot be changed."
NO_SENDER = "Nobody would be left in To, and the message names no sender's address to put there."
ODD_ADDRESSES = "Too many of its addresses are written in a form that cannot be searched for."
IN_TEXT = (
    "Its text shows the address of somebody who is to be hidden, and only the sender can change the text: ask them to"
    " take it out and to send the message again."
)
LEFT_OVER = "After the rewrite an address that is to be hidden could still be read in its header."
CHANGED_MEANING = "After the rewrite the recipients would not read as they should."
NO_COPY = "A copy for one of the recipients could not be addressed."
NOTHING_LEFT = "The rules allow it in no other form, so it cannot be sent."
NO_FORM_LEFT = (
    "the rules that held this message leave no form in which it can be released; what is left is to reject it"
    " (mailguard held reject)"
)
FORM_FORBIDDEN = 'the rules that held this message do not let it leave as "{form}", only as {allowed}'
