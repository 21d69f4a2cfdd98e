"""Everything that the console says, in one place, so that it can change and be translated. CONSOLE.md has the tone:
consequence first, no jargon, sentence case. `{...}` is filled in by whoever shows it, and escaped by the template.
"""

from __future__ import annotations

from datetime import timedelta

from ..core.account import ADMIN, DOWNLOAD, ESCALATION, REVEAL, REVIEWER, VIEWER
from ..core.lifecycle import State
from ..guard.console.queue_records import Order, View

PRODUCT = "mailguard"
TITLE = "{page} – mailguard"
ERROR_TITLE = "Error: {page} – mailguard"
SKIP = "Skip to main content"
NAVIGATION = "Pages"
NAV_AUDIT = "Audit trail"
NAV_POLICY = "Rules"
NAV_INCIDENTS = "Incidents"
NAV_REPORTS = "Reports"
NAV_HEALTH = "Health"
NAV_PEOPLE = "People"
NAV_SETTINGS = "Settings"
NAV_ACCOUNT = "Your account"
BANNERS = "Important"
SIGN_OUT = "Sign out"
FOOTER_CONTACT = "Questions? Ask {contact}."
FOOTER_RECORDED = "What you look at here is recorded."
FOOTER_LICENCE = "The look of these pages builds on govuk-frontend (MIT licence)."
CONTACT_UNKNOWN = "whoever looks after mailguard"
ERROR_SUMMARY = "There is a problem"
ERROR_PREFIX = "Error:"

# Errors (CONSOLE.md 2.0).

REFUSED_TITLE = "You cannot do this"
REFUSED_HERE = "You cannot see this. Ask {contact} if you need access."
REFUSED_REQUEST_TITLE = "We could not be sure that this came from you"
REFUSED_REQUEST = "Nothing was changed. Go back, load the page again, and try again."
REFUSED_REQUEST_WHY = (
    "This happens when a page was open for a long time, when you signed in somewhere else in the same browser, or when "
    "another website tried to act in your name. If it happens again, tell {contact}."
)
NOT_FOUND_TITLE = "We cannot find that page"
NOT_FOUND = (
    "If you came from an email, the message may have been decided and removed under your retention rule. "
    "Reference: {reference}."
)
CONFLICT_TITLE = "Somebody else was first"
CONFLICT = "This was changed by somebody else a moment ago, so your change was not made. Load the page again and look."
TOO_LARGE_TITLE = "This is too much text"
TOO_LARGE = "Nothing was changed. Go back, shorten what you wrote, and try again."
UNUSABLE_TITLE = "We could not read what was sent"
UNUSABLE = "Nothing was changed. Go back, load the page again, and try again."
FAILED_TITLE = "Sorry, something went wrong"
FAILED = (
    "Nothing was saved, and what is held is still held. Try again. If it happens again, tell IT and quote {reference}."
)
UNAVAILABLE_TITLE = "mailguard cannot reach its database"
UNAVAILABLE = (
    "No message can be released until this is fixed. New mail is being refused for now; the sending servers will "
    "retry. Tell IT and quote {reference}."
)
REFERENCE = "Reference: {reference}"
HOME = "Go to the first page"

# Signing in.

SIGN_IN_TITLE = "Sign in"
SIGN_IN_LEAD = "To see the emails that are held at {organisation}."
SIGN_IN_NAME = "Account name"
SIGN_IN_NAME_HINT = "For example jo@elmroad.example"
SIGN_IN_PASSWORD = "Password"
SIGN_IN_CODE = "Six-digit code"
SIGN_IN_CODE_HINT = "From the app on your phone. Leave it empty if you have not set one up yet."
SIGN_IN_BUTTON = "Sign in"
SIGN_IN_HELP = "Cannot sign in? Ask {contact}. They can send you a new link."
SIGN_IN_WRONG = "The account name, the password or the code is wrong"
SIGN_IN_SLOWED = "There were too many attempts. Wait a few minutes and try again"
SIGN_IN_UNAVAILABLE = "We cannot check passwords just now. Try again in a minute"
SIGN_IN_NAME_MISSING = "Enter your account name"
SIGN_IN_PASSWORD_MISSING = "Enter your password"
SIGNED_OUT = "You have signed out."
SIGN_IN_FIRST = "Sign in to go on. You may have been away for 20 minutes, or been signed out somewhere else."

# A one-time link.

START_TITLE = "Set up your account"
START_LEAD = "This link works once. First choose how you sign in; then we set up the app on your phone."
START_FIRST_ADMIN = "You are setting up the first administrator of mailguard at {organisation}."
START_FOR = "The account is {name}. If it had a password and an app before, they stop working."
START_NAME = "Account name"
START_NAME_HINT = "Your email address is best. You will sign in with it."
START_PASSWORD = "Password"
START_PASSWORD_HINT = "At least 12 characters. Three or four words make a good one."
START_AGAIN = "Password again"
START_BUTTON = "Continue"
START_NOT_SAME = "The two passwords are not the same"
START_GONE_TITLE = "This link does not work any more"
START_GONE = "It was already used, or its time has run out. Ask {contact} for a new one."

# The second factor.

FACTOR_TITLE = "Set up the app on your phone"
FACTOR_LEAD = "You need an app that shows codes, for example the one that you use for other accounts at work."
FACTOR_STEP_SCAN = "In the app, add an account and scan this picture."
FACTOR_PICTURE = "QR code for the app"
FACTOR_STEP_TYPE = "If you cannot scan it, type this key into the app instead:"
FACTOR_STEP_URI = "Or, if you read this on the phone itself,"
FACTOR_STEP_URI_LINK = "open it in the app"
FACTOR_STEP_CODE = "Enter the code that the app shows now."
FACTOR_CODE = "Six-digit code"
FACTOR_BUTTON = "Finish"
FACTOR_WRONG = "The code is not right. Enter the one that the app shows now"

# Your account.

ACCOUNT_TITLE = "Your account"
ACCOUNT_NAME = "Account name"
ACCOUNT_ROLES = "What you may do"
ACCOUNT_SESSIONS = "Where you are signed in"
ACCOUNT_SESSIONS_LEAD = (
    "If you do not know one of these, end it, and ask {contact} for a link to choose a new password."
)
ACCOUNT_HERE = "This browser"
ACCOUNT_THERE = "Another browser"
ACCOUNT_BROWSER = "It says that it is: {browser}"
ACCOUNT_BROWSER_UNKNOWN = "It does not say what it is."
ACCOUNT_BEGAN = "Signed in at {began}. Last used at {seen}."
ACCOUNT_END = "Sign out there"
ACCOUNT_END_OTHERS = "Sign out everywhere else"
ACCOUNT_ENDED = "That browser is signed out."
ACCOUNT_ENDED_OTHERS = "Every other browser is signed out."

ROLES = {
    VIEWER: "You see what is held and why, without subjects, people and text.",
    REVIEWER: "You see held messages, with subjects, people and text.",
    ADMIN: "You look after accounts and settings. You see what is held and why, without subjects, people and text.",
    ESCALATION: "You are whom others turn to. You see what is held and why, without subjects, people and text.",
    REVEAL: "As a reviewer you may have rows of attachments shown unmasked, with a reason.",
    DOWNLOAD: "As a reviewer you may take held messages and attachments along as files.",
}
ROLE_FOR_TEAM = "{team}: {what}"
ROLE_REGISTERS = "You keep the register of incidents."

# The page of a sender (CONSOLE.md 3.2).

SENDER_TITLE = "What should happen to your email?"
SENDER_LEAD = "Your email has not been sent yet. Nobody has received it."
SENDER_SUBJECT = "Subject"
SENDER_NO_SUBJECT = "(no subject)"
SENDER_SENT_AS = "Sent as"
SENDER_PEOPLE = "Addressed to"
SENDER_TO = "{people}, {outside} of them outside {organisation}"
SENDER_WHY = "Why it was stopped"
SENDER_HELD_AT = "Stopped at"
SENDER_REFERENCE = "Reference"
SENDER_UNTIL = "If nobody decides by {due}, it will not be sent, and we will tell you."
SENDER_QUESTION = "What should happen to it?"
SENDER_CHOICES = {
    "separate": "Send a separate copy to each person",
    "cancel": "Cancel it",
    "original": "Send it exactly as it is",
    "urgent": "This cannot wait",
}
SENDER_HINTS = {
    "separate": "Nobody sees anyone else\u2019s address.",
    "cancel": "Nobody receives it. You can then send a corrected email.",
    "original": "Everybody sees what you wrote, and everybody whom you addressed. You say why that is right.",
    "urgent": "It stays stopped, and whoever decides about it is told to do so now. You say why.",
}
SENDER_CONTINUE = "Continue"
SENDER_CHOOSE_ONE = "Choose what should happen to your email"
SENDER_NOTHING = (
    "You do not need to do anything: somebody looks at it. If somebody\u2019s care or safety depends on it, also tell "
    "{contact}, or reach the people in another way."
)
SENDER_IS_URGENT = "You said at {moment} that this cannot wait. Whoever decides about it was told."
SENDER_CHANGED = "Something was changed a moment ago, so nothing was done yet. This is how it is now."
SENDER_CANNOT = "This is not possible. {why}"
SENDER_URGENT_MANY = "You have said this of {emails} since yesterday. Tell {contact}"
SENDER_CHECK_TITLE = "Check before you go on"
SENDER_BACK = "Back"
SENDER_HAPPENS = {
    "separate": "Your email is sent as {copies} outside. Nobody there sees anyone else\u2019s address.",
    "cancel": "Your email is not sent. Nobody receives it, and this cannot be undone.",
    "original": "Your email is sent exactly as it is, to {people}. Everybody sees everybody whom you addressed.",
    "urgent": "Your email stays stopped. Whoever decides about it is told now that it cannot wait.",
}
SENDER_BUTTONS = {
    "separate": "Send {copies}",
    "cancel": "Cancel this email",
    "original": "Send it to {people} as it is",
    "urgent": "Say that it cannot wait",
}
SENDER_NAME = "Your name"
SENDER_NAME_HINT = "So that your colleagues know who did this. You may leave it empty."
SENDER_NAME_SHARED = "Several people read {sender}. Your name is recorded, so that they know who did this."
SENDER_NAME_MISSING = "Enter your name"
SENDER_REASONS = {"original": "Why is this right?", "urgent": "Why can it not wait?"}
SENDER_REASON_HINT = "It is recorded, and whoever decides about emails reads it."
SENDER_REASON_MISSING = "Enter a reason"
SENDER_REASON = "Its sender chose this."
SENDER_CODE_IS = "To show that a person is doing this, type this code:"
SENDER_CODE = "Code"
SENDER_CODE_HINT = "Small letters and spaces do not matter."
SENDER_CODE_WRONG = "The code is not the one that this page shows. Type it again"
SENDER_CODE_LOCKED = "The code was wrong too often. Nothing was done. Wait ten minutes and try again"
SENDER_YOU = "You"
SENDER_LEAVING_TITLE = "Your email is about to be sent"
SENDER_LEAVING = {
    "separate": "{by} decided at {moment} that it is sent as separate copies. Nobody sees anyone else\u2019s address.",
    "bcc": "{by} decided at {moment} that it is sent with Bcc. Nobody sees anyone else\u2019s address.",
    "original": "{by} decided at {moment} that it is sent exactly as it is.",
    "cleaned": "{by} decided at {moment} that it is sent without the parts that should not leave.",
}
SENDER_LEAVING_UNTIL = "It leaves in a moment. Until then you can still cancel it: then nobody receives it."
SENDER_DECIDED_TITLES = {
    State.CANCELLED.value: "Your email was cancelled",
    State.RELEASING.value: "Your email is being sent",
    State.REJECTED.value: "Your email was not sent",
    State.EXPIRED.value: "Your email was not sent",
}
SENDER_DECIDED = {
    State.CANCELLED.value: "{by} cancelled it at {moment}. Nobody received it.",
    State.REJECTED.value: "{by} decided at {moment} that it is not sent. Nobody received it.",
    State.EXPIRED.value: "Nobody decided about it by {moment}, so it was not sent.",
    State.RELEASING.value: "{by} decided at {moment} that it is sent.",
    "separate": "{by} sent this as separate copies at {moment}, so that nobody sees anyone else\u2019s address.",
    "bcc": "{by} sent this with Bcc at {moment}, so that nobody sees anyone else\u2019s address.",
    "original": "{by} sent this exactly as it is at {moment}.",
    "cleaned": "{by} sent this at {moment}, without the parts that should not leave.",
}
SENDER_AFTER = {
    State.CANCELLED.value: (
        "You may still see it in your Sent folder, but it was not sent.",
        "If it is needed after all, send it again.",
    ),
    State.REJECTED.value: ("You have been sent an email that says why, and what to do.",),
    State.EXPIRED.value: ("If it is still needed, send it again.",),
    State.RELEASING.value: ("You do not need to do anything.",),
}
SENDER_FAILED_TITLE = "Your email could not be delivered"
SENDER_FAILED = (
    "It was sent, and the next mail server refused it for everybody. Nobody received it.",
    "If it is still needed, look at the addresses, and send it again.",
)
SENDER_GONE_TITLE = "This link does not work any more"
SENDER_GONE = "Look for the reference in the notice that you got, and reply to that notice, or ask {contact}."
SENDER_GONE_OVER = (
    "An email that nobody decided about by its deadline was not sent. If it is still needed, send it again."
)

# Held messages (CONSOLE.md 2.1).

NAV_QUEUE = "Held messages"
QUEUE_TITLE = "Held messages ({count})"
QUEUE_HEADING = "Held messages"
QUEUE_SEARCH = "Search by subject, person or reference"
QUEUE_SEARCH_HINT = (
    "Or by one thing: from:jo, to:lee@council.example, domain:council.example, reason:spreadsheet, ref:MG-7Q4K-2F, "
    "after:20/11/2026, before:30/11/2026"
)
QUEUE_SEARCH_MASKED = "Search by reference"
QUEUE_SEARCH_MASKED_HINT = "Or by one thing: reason:spreadsheet, ref:MG-7Q4K-2F, after:20/11/2026, before:30/11/2026"
QUEUE_SEARCH_BUTTON = "Search"
QUEUE_SEARCH_UNKNOWN_NEAR = "We do not know \u2018{typed}:\u2019. Did you mean \u2018{near}:\u2019?"
QUEUE_SEARCH_UNKNOWN = "We do not know \u2018{typed}:\u2019"
QUEUE_SEARCH_DAY = "\u2018{typed}\u2019 is no day. Write it as 20/11/2026"
QUEUE_FILTERS = "More filters"
QUEUE_FROM = "Held from"
QUEUE_TO = "Held until"
QUEUE_DAY_HINT = "For example 20/11/2026"
QUEUE_TEAM = "Team"
QUEUE_TEAM_ANY = "All teams"
QUEUE_ORDER = "Order"
QUEUE_APPLY = "Apply filters"
QUEUE_VIEWS = "Which messages"
QUEUE_PAGES = "Pages of the list"
QUEUE_PAGE = "Page {page}"
QUEUE_NEXT = "Next page"
QUEUE_PREVIOUS = "Previous page"
QUEUE_CLEAR = "Clear filters"
QUEUE_NOTHING = "No messages need a decision."
QUEUE_NOTHING_VIEW = "There are no messages here."
QUEUE_NOTHING_FOUND = "No messages match these filters."
QUEUE_NO_SCOPE = "You have no team yet. Ask {contact} to add you."
QUEUE_MASKED = "Your role shows why messages are held, not their subjects and people."
QUEUE_RESULT = "{messages} found"

VIEWS = {
    View.NEEDED: "Needs a decision",
    View.SOON: "Due soon",
    View.MINE: "Mine",
    View.ESCALATED: "Escalated",
    View.SECOND: "Second approval",
    View.LEAVING: "Will be sent by itself",
    View.DECIDED: "Decided in the last 7 days",
    View.ALL: "All",
}
ORDERS = {Order.DEADLINE: "Deadline first", Order.NEWEST: "Newest first"}

CARD_MORE = {1: "and 1 more reason"}
CARD_MORE_MANY = "and {count} more reasons"
CARD_SUBJECT = "Subject: {subject}"
CARD_SUBJECT_EMPTY = "No subject"
CARD_FROM = "From {sender}"
CARD_FROM_TEAM = "From {sender}, team {team}"
CARD_FROM_NOBODY = "From nobody: it has no return address"
CARD_FROM_NOBODY_TEAM = "From nobody: it has no return address. Team {team}"
CARD_TEAM = "Team {team}"
CARD_NO_TEAM = "In no team"
CARD_TO_OUTSIDE = "to {people} at {domains} outside {organisation}"
CARD_TO_DOMAIN = "to {people} at {domain}"
CARD_TO_INSIDE = "to {people} inside {organisation}"
CARD_AND_INSIDE = "and {people} inside"
CARD_DUE = "Due in {duration}"
CARD_OVERDUE = "Overdue by {duration}"
CARD_LEAVES = "Will be sent in {duration}, unless somebody stops it"
CARD_WHEN = "Decide by {moment}"
CARD_WHEN_LEAVES = "At {moment}"
CARD_HELD = "Held at {moment}"
CARD_DECIDED = "Decided at {moment}"
CARD_DECIDED_BY = "Decided by {by} at {moment}"
CARD_URGENT = "Sender says this is urgent"
CARD_URGENT_WHY = "Sender says this is urgent: {reason}"
CARD_REFERENCE = "Reference {reference}"

# One held message (CONSOLE.md 2.2).

MESSAGE_BACK = "Back to the list"
BACK_LABEL = "Back"
MESSAGE_HEADING = "Held message {reference}"
MESSAGE_IF_NOBODY = "If nobody decides by then, it will not be sent and its sender will be told."
MESSAGE_IF_NOBODY_UNTOLD = (
    "If nobody decides by then, it will not be sent. Its sender cannot be told; the reviewers will be."
)
MESSAGE_WHY = "Why this is held"
MESSAGE_RULE = "Rule {rule}."
MESSAGE_RULES = "Rules {rules} and {last}."
MESSAGE_NOT_SENT = "It has not been sent to anyone."
MESSAGE_WHO = "Who would get it"
MESSAGE_LEFT_OUT = "Its sender left {people} out while it waited. Nothing is sent there."
MESSAGE_SENDER = "From {sender}."
MESSAGE_NOBODY = "nobody: it has no return address"
MESSAGE_TO = "To {people}."
MESSAGE_OUTSIDE = "Outside your organisation: {count} of {all}."
MESSAGE_DOMAINS = "Outside, by domain"
MESSAGE_DOMAIN = "Domain"
MESSAGE_PEOPLE = "People"
MESSAGE_MORE_DOMAINS = "And {count} more domains."
MESSAGE_HIDDEN = "Also going to people who stand in no list that the others could read: {count}."
MESSAGE_IS_HIDDEN = "(hidden)"
MESSAGE_SHOW_PEOPLE = "Show {people}"
MESSAGE_PEOPLE_PAGES = "Pages of people"
MESSAGE_WHAT = "What they would get"
MESSAGE_FILE = "{name}, {type}, about {size}"
MESSAGE_FILE_UNNAMED = "A part without a name"
MESSAGE_NO_FILES = "No attachments."
MESSAGE_TEXT = "The message"
MESSAGE_SAFE = "Safe view. Pictures from the internet, links and forms are turned off."
MESSAGE_AS_TEXT = "Text"
MESSAGE_AS_HTML = "As a mail program shows it"
MESSAGE_TALLER = "Show taller"
MESSAGE_SHORTER = "Show shorter"
MESSAGE_FRAME = "Message text, safe view"
MESSAGE_NO_TEXT = "It has no text that can be shown here."
MESSAGE_FROM_HTML = "This text was taken out of HTML. What a mail program shows may look different."
MESSAGE_SHORTENED = "There is more text than is shown here."
MESSAGE_GONE = "The text was deleted under your retention rule. The record of the decision is kept."
HTML_NONE_TITLE = "This cannot be shown as a mail program shows it"
HTML_NONE = "Its HTML is missing, too long or too tangled. Read it as text."
REFUSED_MESSAGE = "You cannot see this message. It belongs to {team}. Ask {contact} if you need access."
REFUSED_MESSAGE_NO_TEAM = "You cannot see this message. It belongs to no team. Ask {contact} if you need access."
NO_TEXT_TITLE = "You cannot read this message"
NO_TEXT = "Your role shows that it is held and why, not what it says. Ask {contact} if you need access."

STATES = {
    State.HELD: "Needs a decision",
    State.APPROVED_ONCE: "Needs a second approval",
    State.WAITING: "Waiting for the sender",
    State.LEAVING: "Sending",
    State.RELEASING: "Sending",
    State.RELEASED: "Sent",
    State.REJECTED: "Not sent – rejected",
    State.CANCELLED: "Not sent – cancelled by sender",
    State.EXPIRED: "Not sent – no decision in time",
}
REACHED_NOBODY = "Sending failed – needs attention"
SENT_AS = {
    "original": "Sent as it was",
    "bcc": "Sent with Bcc",
    "separate": "Sent as separate copies",
    "cleaned": "Sent without the parts that should not leave",
}


def state_in_words(state: State, released_as: str | None, reached_nobody: bool = False) -> str:
    """CONSOLE.md "Message states"."""
    if reached_nobody:
        return REACHED_NOBODY
    if state is State.RELEASED and released_as in SENT_AS:
        return SENT_AS[released_as]
    return STATES[state]


def duration_in_words(duration: timedelta) -> str:
    """For example "40 minutes", "3 hours" and "2 days"; less than a minute is "less than a minute"."""
    minutes = int(duration.total_seconds() // 60)
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size or (size == 1 and minutes == 1):
            return counted(minutes // size, name, f"{name}s")
    return "less than a minute"


def counted(count: int, one: str, several: str) -> str:
    """For example "1 message" and "1,204 messages"."""
    return f"{count:,} {one if count == 1 else several}"
