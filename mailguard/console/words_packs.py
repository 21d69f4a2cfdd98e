"""What the pages of an incident pack say: a part of the catalogue (words.py)."""

from __future__ import annotations

LINK = "See who saw what, and say sorry"
TITLE = "Who saw what of {ref}"
BACK_MESSAGE = "Back to the message"
BACK_RECORD = "Back to the record"
BACK = "Back to who saw what"
NOT_YOURS_TITLE = "You cannot see whom this message reached"
NOT_YOURS = (
    "This page names people. It is shown to those who keep the register of incidents and also read the messages of "
    "that team. Ask {contact} if you need access."
)
RECORDED = "That you looked is recorded. The page names people: show it to nobody who does not need it."
SUBJECT = "Its subject: {subject}"
RECORD = "See the record {incident}"
ACTS = "What you can do"
TAKE_LINK = "Save it as a file (ZIP)"
APOLOGY_LINK = "Write an apology to the people"
GAPS = "What is no longer known"
LIMITS = "What nobody can tell"
NOTHING = "Nothing."
ROWS = ("1 row", "{count:,} rows")
FIRST = "The first {shown:,} of {count:,} rows."
SHOW_ALL = "Show all {count:,} rows"
OF_TABLE = "of “{title}”"
PAGES = "Pages of the table"
WHOLE = "Back to the whole page"
NO_TABLE_TITLE = "There is no such table"
NO_TABLE = "Go back to the page of the message."

# Taking it along.

TAKE_TITLE = "Save who saw what of {ref} as a file"
TAKE_LEAD = (
    "The file holds the page to print, each table for a spreadsheet, and the draft of an apology. It names people: "
    "keep it as you keep the incident, and delete it when you need it no more."
)
TAKE_RECORDED = "That you took it, and why, is recorded."
TAKE_FILLS = "The record {incident} gets the numbers that this page counts, where it says nothing yet."
TAKE_WHY = "Why do you need it?"
TAKE_WHY_HINT = "For example: for the notification to the Commissioner. Name nobody. Up to 300 characters."
TAKE_NO_WHY = "Say why you need it"
TAKE_LONG = "Write at most 300 characters: these are {count}"
TAKE_BUTTON = "Save the file"
TAKE_REFUSED = "The record {incident} cannot be filled in as it is: {why} Change it first."
TAKE_FILE = "{ref}-incident-pack.zip"

# The apology.

APOLOGY_TITLE = "Write an apology for {ref}"
APOLOGY_LEAD = (
    "Each person gets a copy of their own, in which nobody else is named. Nobody gets it twice for this message, "
    "however often it is sent. The next page shows it, and to how many people it would go; nothing is sent before that."
)
APOLOGY_TEXT = "The apology"
APOLOGY_TEXT_HINT = (
    "The first line is the subject. Replace everything in square brackets. Name nobody, and say nothing of what the "
    "message was about. Up to {most:,} characters."
)
APOLOGY_WHO = "Who gets it"
APOLOGY_WHO_HINT = "People outside your organisation whose address others could see. Tick to write to more:"
APOLOGY_ALL = "Everybody who got the message, whether or not others saw their address"
APOLOGY_INSIDE = "People of your organisation too"
APOLOGY_BUTTON = "Continue"
APOLOGY_WRONG = "The apology: {sentence}"
APOLOGY_LONG = "The apology: it has {count:,} characters. Write at most {most:,}"
APOLOGY_STAYED = "This message did not leave, so there is nobody to write to."
APOLOGY_NAMES_GONE = (
    "The names of the people were removed under your retention rule. If somebody still has the message as a file, "
    "whoever looks after the server can send an apology with it: mailguard incident apologise --eml."
)
APOLOGY_BUSY = "Nothing was sent: others are sending apologies for this message. Look again in a moment."
CHECK_TITLE = "Check before you send"
CHECK_NOT_YET = "Nothing has been sent."
CHECK_WHO = "Who gets it"
CHECK_PEOPLE = "{people}, each in a copy of their own."
CHECK_NOBODY = "Nobody is left to write to."
CHECK_HAD = "{people} had an apology for this message already, and get no other."
CHECK_UNWRITABLE = ("1 address cannot be written to: tell this person in another way.",
                    "{count:,} addresses cannot be written to: tell these people in another way.")  # fmt: skip
CHECK_SHOW = "Show {people}"
CHECK_MORE = "And {count:,} more."
CHECK_REPLIES = "Replies, and what does not arrive, go to {contact}."
CHECK_RECORD = "The record {incident} will say that they were told, and how many."
CHECK_SUBJECT = "Subject"
CHECK_CHANGED = "Nothing was sent: by now it would go to {people}, not to {confirmed:,}. Check it again"
CHECK_BUTTON = ("Send 1 copy", "Send {count:,} separate copies")
CHECK_BACK = "Go back and change it"
DONE_SENT = "The apology is on its way to {people}, a copy each."
DONE_NOBODY = "Nothing was sent: everybody whom it concerns had an apology already."
DONE_UNRECORDED = (
    "The record of the incident could not be changed, so it does not say yet that these people were told. Look at the "
    "record, and write it there."
)
KEPT = "What you typed before you were signed out is in the form again. Nothing has been sent."
