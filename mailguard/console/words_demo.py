"""What the pages of the demo say: a part of the catalogue that no real service shows."""

from __future__ import annotations

BAR_LABEL = "Demo"
BANNER = "Demo. Nothing is really sent."
BAR_GUIDE = "What to try"
BAR_OUTBOX = "What would have been delivered"
BAR_AS = "Look as"
BAR_ELSEWHERE = "Change who you are"
BAR_OUTSIDE = "To look around, open the address that stands where you started the demo."
ROLES = {"viewer": "Viewer", "reviewer": "Reviewer", "admin": "Admin", "sender": "Sender"}
ROLES_ARE = {
    "viewer": "Viewer: sees that a message is held, and why. Subjects, addresses and texts are not shown.",
    "reviewer": "Reviewer: reads held messages and decides. This is what a practice manager is.",
    "admin": "Admin: health, people, settings and rules. Cannot read messages.",
    "sender": "Sender: somebody who sent an email. Has no account here; reads the notices, and follows their links.",
}

START_TITLE = "Look around in mailguard"
START_LEAD = (
    "This is a real mailguard of an invented organisation, {organisation}. It has just checked some emails to invented "
    "people. Nothing that happens here leaves this computer."
)
START_ONCE = "This address works once. You begin as a reviewer, and can change who you are on each page."
START_BUTTON = "Look around"

GUIDE_TITLE = "The whole way of an email, in three minutes"
GUIDE_LEAD = "{organisation} is invented, and so is everybody who is named here. Try what you like."
GUIDE_STEPS = (
    ("Read what is held.", "Look at ", "/queue", "the held messages", ", and open “288 people in Cc …”."),
    (
        "Decide.",
        "Follow “Go to the decision”, choose “Send a separate copy to each person”, press “Continue”, and then the "
        "button that names the 288 copies. For {seconds} seconds you can stop it.",
    ),
    ("See what left.", "When they are over: ", "/demo/outbox", "288 copies, each to one person", "."),
    (
        "Be the sender.",
        "Press “Sender” at the top. Read the notice “Not sent yet: Carers' evening on Tuesday”, follow its link, and "
        "choose what should happen. The page shows a short code to type in: programs that open links cannot do that.",
    ),
    ("Read the result.", "A new notice says what became of it: ", "/demo/outbox#notices", "the notices", "."),
    (
        "Be the others.",
        "Press “Viewer”, and open a held message: whom it goes to and what it says are not there. Press “Admin”, and "
        "look at Health, People and Settings.",
    ),
)
GUIDE_MAIL = (
    "You can also send an email of your own: let a mail program send through {address}, from any address at {domain}."
)
GUIDE_WHO = "Who is who"

OUTBOX_TITLE = "What would have been delivered"
OUTBOX_LEAD = (
    "This is what the next mail server would have got. In the demo it keeps everything, and delivers nothing. What is "
    "held is not here."
)
OUTBOX_NOTICES = "Notices to senders and reviewers"
OUTBOX_NOTICES_LEAD = "Emails that mailguard wrote itself. In a real organisation they are in people’s mailboxes."
OUTBOX_NO_NOTICES = "There is no notice yet."
OUTBOX_MESSAGES = "Messages"
OUTBOX_NO_MESSAGES = "Nothing has left yet."
OUTBOX_RELOAD = "Look again"
OUTBOX_COPIES = "{count} copies, each to one person"
OUTBOX_APART = "Nobody can read anybody else’s address in their copy."
OUTBOX_NOT_APART = "People can read the addresses of others in their copy."
OUTBOX_ONE = "To {people}"
OUTBOX_READABLE = "Whoever gets it can read {addresses} in To and Cc."
OUTBOX_NONE_READABLE = "Nobody’s address can be read in To or Cc."
OUTBOX_ADDRESSES = ("1 address", "{count} addresses")
OUTBOX_SHOW = "Show who gets it, and what they can read"
OUTBOX_DELIVERED_TO = "Delivered to"
OUTBOX_CAN_READ = "Can read in To and Cc"
OUTBOX_NOBODY = "nobody"
OUTBOX_LOOK = "Look at it"
OUTBOX_MORE = "And {count} more."
OUTBOX_TO_SENDER = "To the sender, {recipient}, at {moment}"
OUTBOX_TO_REVIEWERS = "To those who decide, {recipient}, at {moment}"
OUTBOX_AT = "Left at {moment}"
OUTBOX_NO_SUBJECT = "No subject"

ONE_BACK = "Back to what would have been delivered"
ONE_DELIVERED = "Delivered to"
ONE_FILE = "Save it as a file for a mail program (.eml)"
ONE_TEXT = "What it says"
