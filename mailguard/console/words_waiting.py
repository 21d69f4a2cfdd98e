"""The words of the sender's page about an email that waits and is then sent by itself (a rule's `delay`)."""

from __future__ import annotations

UNTIL = "If you do nothing, it is sent {form} at {due}. Then it cannot be taken back."
NOTHING = "If everything is right, you do not need to do anything."
LEFT_OUT = (
    "You took 1 person off it. Nothing is sent there.",
    "You took {count} people off it. Nothing is sent there.",
)
STILL_SHOWN = "Those who get it may still read the addresses that you left out, in To or Cc."
NOT_SHOWN = "The people outside do not see whom you left out. People inside still do, in To or Cc."
CHOICES = {
    "now": "Send it now",
    "cancel": "Cancel it",
    "some": "Leave some people out",
    "urgent": "This cannot wait",
}
HINTS = {
    "now": "It is sent {form}. For a moment you can still cancel it.",
    "cancel": "Nobody receives it. You can then send a corrected email.",
    "some": "You say who should not get it. It is sent to the others, at {due} or when you say so.",
    "urgent": "It is sent at once, and cannot be cancelled. You say why.",
}
HAPPENS = {
    "now": "Your email is sent {form} to {people}, without waiting any longer.",
    "cancel": "Your email is not sent. Nobody receives it, and this cannot be undone.",
    "some": "Your email is not sent to those whom you name, and this cannot be undone. It still waits until {due}.",
    "urgent": "Your email is sent {form} to {people} at once. It cannot be cancelled after that.",
}
BUTTONS = {
    "now": "Send it to {people} now",
    "cancel": "Cancel this email",
    "some": "Leave these people out",
    "urgent": "Send it at once",
}
REASON_HINT = "It is recorded. You can say this of {count} emails a day."
WHOM = "Who should not get it?"
WHOM_HINT = "Their email addresses, as you wrote them, each on a line of its own."
WHOM_MISSING = "Enter the address of somebody who should not get it"
WHOM_LOCKED = (
    "Too many of the addresses were not among those your email goes to. Nobody was left out. Wait ten minutes and try "
    "again, or cancel the email"
)
WHOM_STRANGE = "Your email does not go to {address}. Nobody was left out yet. Look how you wrote the address"
WHOM_EVERYBODY = "Nobody would be left who gets it. Cancel it instead"
BY_ITSELF = "Nobody stopped it, so it was sent by itself at {moment}."
