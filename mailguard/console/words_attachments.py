"""What the pages about attachments say: a part of the catalogue (words.py)."""

from __future__ import annotations

# On the page of a message.

UNREAD = "We could not look inside {file}: {why}."
UNREAD_PASSWORD = "We could not look inside {file} because it has a password."  # noqa: S105  no password
ENCRYPTED = "encrypted"
MORE = "And {count} more."
LOOK = "Look at the first rows of {file}"
TAKE_MESSAGE = "Take the whole message along as a file"

# The page of an attachment.

TITLE = "{file}"
WHICH = "Attachment {number} of {count}, message {reference}. {about}. That you look at it is recorded."
ABOUT = "{type}, about {size}"
MASKED = "Values are masked: you see what kind of value it is, not whose."
UNMASKED = "Values are shown as they are until {moment}, because you asked for it. After that they are masked again."
BEGINNING = "This is only the beginning of the file. What somebody who opens it does not see is marked."
TABLE_HIDDEN = "{where} – not visible: {why}"
ROWS = "{shown} of {count} are shown."
ROWS_NONE = "It has no rows with something in them."
ROW = "Row"
MARK = "(not visible: {why})"
TEXTS = "Text"
MORE_TABLES = "It has {count} besides, which are not shown here."
MORE_TEXTS = "It has {count} of text besides, which are not shown here."
NOTHING = "There is nothing in it that can be shown as rows or text."
UNREAD_HERE = "We could not look inside this file: {why}."
UNREAD_HERE_PASSWORD = "We could not look inside this file because it has a password."  # noqa: S105
UNREAD_SOME = "We could not read all of it: {why}."
BUSY_TITLE = "It cannot be read just now"
BUSY = "Other attachments are being read, or this one takes too long. Wait a minute and try again."
NO_ATTACHMENT_TITLE = "This attachment is not there"
NO_ATTACHMENT = (
    "The message has no such attachment, or it was deleted under your retention rule. The record of the decision is "
    "kept."
)

# Unmasking.

REVEAL_TITLE = "See the values"
REVEAL_LEAD = (
    "For ten minutes you can see these rows as they are, here and in this attachment only. Your name and your reason "
    "are recorded."
)
REVEAL_REASON = "Why do you need to see them?"
REVEAL_BUTTON = "Show the values for ten minutes"
REVEAL_NO_REASON = "Enter why you need to see the values"
REVEAL_LONG = "The reason has {count} characters. Write at most 1,000"
REVEAL_REFUSED_TITLE = "You cannot see the values"
REVEAL_REFUSED = "Your account shows values masked. Ask {contact} if you need to see them."

# Taking along.

TAKE = "Take this attachment along as a file"
TAKE_TITLE = "Take {file} along"
TAKE_MESSAGE_TITLE = "Take message {reference} along"
TAKE_WHAT = "You are about to save {file} ({size}) on your computer, exactly as it came."
TAKE_MESSAGE_WHAT = "You are about to save the whole message ({size}) on your computer, with all its attachments."
TAKE_MEANS = (
    "Nothing in it is masked, and hidden rows are in it too.",
    "It may be harmful: mailguard looked for people in it, not for viruses.",
    "On your computer it is no longer protected or deleted by mailguard. Delete it when you are done.",
    "That you took it is recorded, with your name.",
)
TAKE_BUTTON = "Save the file"
TAKE_BACK = "Go back"
TAKE_REFUSED_TITLE = "You cannot take this along"
TAKE_REFUSED = "Your account does not save messages or attachments. Ask {contact} if you need this one."
