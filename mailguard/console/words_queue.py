"""What the pages around the list of held messages say: taking it along, several at once, saved views, news, keys.
A part of the catalogue (words.py).
"""

from __future__ import annotations

from ..guard.console.bulk import Act, Why

# The list itself.

TODAY = "mailguard checked {checked} today and held {held}. The last message was checked at {moment}."
TODAY_SCOPE = (
    "mailguard checked {checked} today and held {held} of those that you may see. The last message was checked at "
    "{moment}."
)
TODAY_NOTHING = "mailguard has not checked a message since midnight."
ASSIGNED = "{who} has taken this on"
ASSIGNED_YOU = "You have taken this on"
DECIDING = "{who} is deciding now"
PRESENT = "{who} started deciding {duration} ago. You can still decide; the first decision counts."
PRESENT_NOW = "{who} is deciding now. You can still decide; the first decision counts."

NEWS = ("1 new message.", "{count:,} new messages.")
NEWS_SHOW = "Show them"
NEWS_SHOW_ONE = "Show it"
STALE = "We could not refresh this list. It was right at {moment}."
STALE_LINK = "Refresh"

# Taking the list along.

EXPORT_LINK = "Export this list (CSV)"
EXPORT_TITLE = "Export a list of held messages"
EXPORT_ROWS = ("1 message", "{count:,} messages")
EXPORT_LEAD = (
    "You are about to save a table of {rows}. That you did, and how many rows, is recorded in the audit trail."
)
EXPORT_HOLDS = "The table has what the list shows: why, subject, sender, how many people, times and references."
EXPORT_MASKED = "Where your role does not show subjects and people, they are masked in the table too."
EXPORT_NO_TEXT = "No text of a message is in it. It still names people: keep it only for as long as you need it."
EXPORT_BUTTON = "Save the table"
EXPORT_BACK = "Go back to the list"
EXPORT_FILE = "held-messages-{day}.csv"
EXPORT_HEADINGS = (
    "Reference",
    "State",
    "Held at",
    "Due at",
    "Why",
    "More reasons",
    "Rules",
    "Team",
    "Subject",
    "Sender",
    "People outside",
    "Domains outside",
    "People inside",
    "Urgent",
    "Taken on by",
    "Decided by",
    "Decided at",
)
EXPORT_MASK = "(not shown)"
EXPORT_UNREADABLE = "This message cannot be read. Tell IT and quote its reference"
EXPORT_URGENT = "yes"

# Several at once.

SELECT = "Select"
BULK_TITLE = "What should happen to the selected messages?"
BULK_HINT = "Up to {most}. Each is listed on the next page, with what will happen, before anything is changed."
BULK_NO_SENDING = "Sending is decided about one message at a time: open it."
BULK_BUTTONS = {Act.REJECT: "Do not send", Act.ASK: "Ask someone else", Act.ASSIGN: "Assign to me"}
BULK_EXPORT = "Export list"
BULK_NONE_TITLE = "No message is selected"
BULK_NONE = "Nothing was changed. Go back, tick the messages that you mean, and choose again."
BULK_MANY_TITLE = "These are too many messages"
BULK_MANY = "Nothing was changed. Go back and select at most {most}."

CHECK_TITLES = {
    Act.REJECT: ("Do not send this message", "Do not send these {count:,} messages"),
    Act.ASK: ("Ask someone else to decide about this message", "Ask someone else about these {count:,} messages"),
    Act.ASSIGN: ("Take this message on", "Take these {count:,} messages on"),
}
CHECK_WHAT = {
    Act.REJECT: (
        "None of them will be sent to anyone, and none can be sent later. Each sender who can be told gets your note."
    ),
    Act.ASK: (
        "Whoever you ask gets an email about each, without any of its content. This pauses nothing: each keeps its "
        "deadline, and everybody who could decide still can."
    ),
    Act.ASSIGN: "Others see that you have taken them on. It decides nothing, and others can still decide.",
}
CHECK_LIST = "What will happen to each"
CHECK_EACH = {
    Act.REJECT: "It will not be sent. {sender} is told why.",
    Act.ASK: "Whoever you choose is asked to decide. It is still due by {moment}.",
    Act.ASSIGN: "It becomes yours.",
}
CHECK_EACH_UNTOLD = "It will not be sent. Its sender cannot be told; the reviewers are."
CHECK_TAKE_OVER = "{who} has taken it on. It becomes yours."
CHECK_YOURS = "You have taken it on already."
CHECK_NOT = "It will not be changed: {why}."
CHECK_NOTE = {Act.REJECT: "Note to the senders", Act.ASK: "Note to whoever you ask"}
CHECK_NOTE_HINT = {
    Act.REJECT: "10 to 1,000 characters. Each sender gets it as you write it, so name nobody else\u2019s message.",
    Act.ASK: "10 to 1,000 characters. They read it here, not in an email.",
}
CHECK_BUTTONS = {
    Act.REJECT: ("Do not send this message", "Do not send {count:,} messages"),
    Act.ASK: ("Ask about this message", "Ask about {count:,} messages"),
    Act.ASSIGN: ("Take this message on", "Take {count:,} messages on"),
}
CHECK_NOBODY = "Nobody else can decide about all of these. Choose fewer, or ask about each by itself."
CHECK_NOTHING = "None of these can be changed like this. Nothing was changed."
CHECK_SENDER = "Its sender"

DONE_TITLE = "What happened to the selected messages"
DONE = "{count:,} done."
DONE_NONE = "Nothing was changed."
DONE_WHAT = {
    Act.REJECT: ("It is not sent.", "They are not sent."),
    Act.ASK: ("Somebody else was asked to decide.", "Somebody else was asked to decide about each."),
    Act.ASSIGN: ("You have taken it on.", "You have taken them on."),
}
NOT_DONE = ("1 was not changed because {why}.", "{count:,} were not changed because {why}.")
DONE_LIST = "Done"
BACK_TO_LIST = "Back to the list"
RESULT_GONE_TITLE = "We cannot show this result again"
RESULT_GONE = "It is shown only where the choice was made. The list and each message\u2019s page say how it is now."

WHY = {
    Why.CHANGED: "something else happened to it since you opened the list",
    Why.MISSING: "there is no such message for you any more",
    Why.ROLE: "your role shows that it is held, and does not decide",
    Why.OWN: "you sent it",
    Why.LEAVES: "it waits for nobody: it will be sent by itself",
    Why.NOBODY: "whoever was asked cannot decide about it",
    Why.FAILED: "something went wrong on our side; its page says how it is now",
}
WHY_DECIDED = "{by} decided it at {moment}"
WHY_CANCELLED = "its sender cancelled it at {moment}"
WHY_EXPIRED = "its deadline had passed at {moment}"
WHY_NOT_NEEDED = "it needs no decision any more"
SOMEBODY, YOU = "somebody", "you"

# Saved views.

VIEWS = "Saved views"
VIEW_SHARED = "{name} ({team})"
VIEWS_LINK = "Save this view"
VIEWS_MANAGE = "Change saved views"
VIEWS_TITLE = "Saved views"
VIEWS_NOW = "The list as it is now"
VIEWS_ALL = "every message in \u201c{view}\u201d"
VIEWS_FILTERS = "In \u201c{view}\u201d: {filters}"
VIEWS_NAME = "Name of the view"
VIEWS_NAME_HINT = "Up to 60 characters. Other people see it only if it is shared, so name no patient then."
VIEWS_FOR = "Who sees it"
VIEWS_FOR_ME = "Only me"
VIEWS_FOR_TEAM = "Everybody who sees mail of the team {team}"
VIEWS_BUTTON = "Save the view"
VIEWS_NONE = "There are no saved views yet."
VIEWS_YOURS = "Yours"
VIEWS_OF_TEAM = "Shared with the team {team} by {by}"
VIEWS_REMOVE = "Remove"
VIEWS_NAME_MISSING = "Enter a name for the view"
VIEWS_NAME_LONG = "Use at most 60 characters for the name"
VIEWS_NAME_TAKEN = "There is a view of this name already. Choose another, or remove that one first"
VIEWS_TOO_MANY = "There are 20 already. Remove one first"
VIEWS_TEAM_WRONG = "Choose who sees it"
VIEWS_SAVED = "The view is saved. It stands above the list."
VIEWS_REMOVED = "The view is removed."
VIEWS_FILTER_NAMES = {
    "q": "search \u201c{value}\u201d",
    "team": "team {value}",
    "from": "held from {value}",
    "to": "held until {value}",
    "sort": "{value}",
}

# Keys.

KEYS_TITLE = "Keyboard shortcuts"
KEYS_LEAD = (
    "Single keys can move about in these pages. They are off until you switch them on, because people who speak to "
    "their computer could press them without meaning to. No key ever decides about a message."
)
KEYS_ON = "They are on for your account."
KEYS_OFF = "They are off for your account."
KEYS_SWITCH_ON = "Switch them on"
KEYS_SWITCH_OFF = "Switch them off"
KEYS_NEED_SCRIPT = "They need JavaScript. Everything else works without."
KEYS_CAPTION = "What each key does"
KEYS_KEY, KEYS_DOES = "Key", "What it does"
KEYS = (
    ("/", "Go to the search box"),
    ("j", "Go to the next message in the list"),
    ("k", "Go to the message before"),
    ("Enter", "Open the message that you are on"),
    ("x", "Select the message that you are on, or take it out of the selection"),
    ("g, then h", "Go to the held messages"),
    ("d", "Go to the decision; you then choose it yourself"),
    ("?", "Show this page"),
)
KEYS_LINK = "Keyboard shortcuts"
KEYS_ACCOUNT_ON = "Single keys move about in these pages."
KEYS_ACCOUNT_OFF = "Single keys do nothing in these pages."
