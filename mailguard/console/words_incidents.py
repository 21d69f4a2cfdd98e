"""What the pages of the register of incidents say: a part of the catalogue (words.py)."""

from __future__ import annotations

from collections.abc import Mapping

NOT_YOURS = (
    "The register of incidents is kept by administrators, reviewers of everybody’s mail, and whom others turn to. "
    "Ask {contact} if you need access, or to enter an incident."
)
LISTS_BROKEN = "The register’s own lists cannot be used"
LISTS_BROKEN_DO = (
    "Nothing was changed. Somebody has to mend the file that incident_register in the settings names: {why}"
)

# A reviewer of a team tells it.

TELL_LINK = "Tell who keeps the register that it was a breach"
TELL_TITLE = "Was it wrong to send this message?"
TELL_LEAD = (
    "If it went to somebody who should not have it, or showed people to each other, say so. It is entered in the "
    "register of incidents as a breach, and those who keep the register see it. The 72 hours to tell the Information "
    "Commissioner count from now, so tell it even if you do not know everything yet."
)
TELL_TEXT = "What went wrong?"
TELL_HINT = "Name nobody, and give no number that identifies somebody. Up to {most:,} characters."
TELL_BUTTON = "Enter it in the register"
TELL_NOTHING = "Say what went wrong"
TELL_WRONG = "What went wrong: {sentence}"
TELL_STAYED = "This message has not been sent to anyone, so nothing went wrong by it."
TELL_ENTERED = (
    "This message is in the register of incidents, as {incident}. If you know more about it, tell {contact} and give "
    "this reference."
)
TELL_KEPT = "What you typed before you were signed out is in the form again. Nothing has been entered yet."

# The list.

TITLE = "Incidents"
TITLE_COUNT = "Incidents ({count:,})"
LEAD = "Near misses are entered by mailguard itself. Enter breaches of any kind here, by email or not."
ENTER = "Enter an incident"
LISTS_LINK = "Register, annual table and other lists to print or save"
OVER = ("1 breach is past its 72 hours, and the Commissioner was not told.",
        "{count:,} breaches are past their 72 hours, and the Commissioner was not told.")  # fmt: skip
RUNNING = ("The 72 hours of 1 breach are running.", "The 72 hours of {count:,} breaches are running.")
WAITING = ("1 near miss was sent as it was and waits for somebody to look at it.",
           "{count:,} near misses were sent as they were and wait for somebody to look at them.")  # fmt: skip
WAITING_WHY = (
    "A message that a rule stopped was let go unchanged. Say whether it was a breach, or the rule was "
    "wrong, or close it."
)
SHOW = "Show them"
SHOW_ONE = "Show it"
IMPORTANT = "What needs somebody"
FILTERS = "Find incidents"
KIND = "Kind"
ANY = "Any"
STATUS = "Status"
CLOCK = "72 hours"
CLOCKS: Mapping[str, str] = {
    "running": "Running",
    "over": "Over, and the Commissioner not told",
    "ended": "Told, or decided not to",
}
FROM = "From"
TO = "To"
DAY_HINT = "The day it happened, for example 28/4/2020"
DAY_WRONG = "We do not know the day “{typed}”. Write it as 28/4/2020"
APPLY = "Show"
CLEAR = "Clear filters"
FOUND = ("1 incident", "{count:,} incidents")
ONLY_WAITING = "Near misses that wait for somebody to look at them"
NOTHING = "The register is empty. Near misses come by themselves; breaches are entered by people."
NOTHING_FOUND = "No incidents match these filters."
PAGES = "Pages of the list"
HAPPENED = "Happened {moment}."
HAPPENED_UNKNOWN = "Known {moment}; nobody wrote when it happened."
PEOPLE = ("1 person affected.", "{count:,} people affected.")
PEOPLE_MOST = ("At most 1 person affected.", "At most {count:,} people affected.")
PEOPLE_UNKNOWN = "Number of people affected not known yet."
PEOPLE_SAVED = ("1 person would have been exposed.", "{count:,} people would have been exposed.")
REFERENCE = "Reference {incident}"

# The 72 hours.

CLOCK_RUNNING = "{left} left to tell the Information Commissioner: until {deadline}."
CLOCK_RUNNING_REPORT = "It is to be reported: {left} left to tell the Information Commissioner, until {deadline}."
CLOCK_OVER = "The 72 hours to tell the Information Commissioner ended {left} ago, on {deadline}."
CLOCK_OVER_DO = "Tell them now and give the reasons for the delay, or record why it need not be reported."
CLOCK_RUNNING_DO = "Decide whether it has to be reported."
CLOCK_NOT_AWARE = "Nobody wrote when your organisation knew, so the 72 hours cannot be counted."
CLOCK_NOT_REPORTED = "It was decided not to tell the Information Commissioner."
CLOCK_IN_TIME = "The Information Commissioner was told in time, {hours} after your organisation knew."
CLOCK_LATE = "The Information Commissioner was told late, {hours} after your organisation knew."
MINUTES = ("1 minute", "{count} minutes")
HOURS = ("1 hour", "{count:,} hours")
DAYS = ("1 day", "{count:,} days")

# One record.

RECORD_TITLE = "{kind}: {nature}"
BACK = "Back to incidents"
BACK_RECORD = "Back to the record"
SAVED: Mapping[str, str] = {
    "added": "The incident is in the register.",
    "revised": "The change was saved as revision {revision}.",
    "decided": "The decision was recorded.",
    "linked": "The entries of the audit trail were linked.",
    "closed": "The record is closed.",
    "reopened": "The record is open again.",
}
LOOK_TITLE = "Look at this near miss"
LOOK = (
    "The message was sent as it was, to people whom a rule would have kept from seeing each other or "
    "from seeing data. What was it?"
)
LOOK_BREACH = "It was a breach"
LOOK_WRONG = "The rule was wrong"
LOOK_CLOSE = "It did no harm: close it"
ACTS = "What you can do"
ACT_REVISE = "Change the record"
ACT_DECIDE = "Decide whether to report it"
ACT_DECIDE_AGAIN = "Change the decision"
ACT_LINK = "Link a message as evidence"
ACT_CLOSE = "Close the record"
ACT_REOPEN = "Open the record again"
CHANGE_PART = "Change"
MISSING_TITLE = "Not known yet"
MISSING_LEAD = (
    "The notification to the Commissioner asks for this, and the record does not say it. It may follow "
    "later (Article 33(4))."
)
EMPTY_TITLE = "Not filled in yet"
PROOF_TITLE = "What proves it"
MESSAGE_LINK = "See the message {ref}"
TRAIL_LINK = "Everything that the audit trail says of {ref}"
ENTRY_LINK = "{kind}, entry {sequence:,} of the ledger {ledger}"
FORMS_TITLE = "Forms made of this record"
FORMS_LEAD = "Each opens as a page to print, and can be saved from there. That you took it is recorded."
FORM_NAMES: Mapping[str, str] = {
    "notification": "Notification to the Information Commissioner (Article 33(3))",
    "letter": "Letter to the people affected (Article 34)",
    "regulator": "Sheet for the regulator’s form and telephone line",
    "nhs": "Sheet for the NHS incident tool",
    "statistics": "Breach report of the Code of Practice for Statistics",
}
TIMELINE = "Revisions"
TIMELINE_LEAD = "Nothing is overwritten: every revision is kept."
REVISION = "Revision {revision}: {act}"
ACT_NAMES: Mapping[str, str] = {
    "added": "entered",
    "revised": "changed",
    "decided": "decision recorded",
    "linked": "evidence linked",
    "closed": "closed",
    "reopened": "opened again",
    "derived": "entered by mailguard",
}
DERIVED_AGAIN = "what became of the message"
BY = "{who}, {moment}"
BY_GUARD = "mailguard"
WHY = "Why: {why}"
WAS_NOW = "{label}: {now} (before: {was})"
WAS_NOTHING = "{label}: {now}"
NOW_NOTHING = "{label}: taken out (before: {was})"
SET_FIRST = "Filled in: {labels}."
LONGER = "…"

# Entering and changing.

NEW_TITLE = "Enter an incident"
NEW_LEAD = "Fill in what you know. Everything can be changed later, and every version is kept."
NEW_MESSAGE = "The message that it is about"
NEW_MESSAGE_HINT = (
    "Its reference, for example MG-7Q4K-2F. Its entries of the audit trail are linked as evidence. Leave "
    "it empty if there is none."
)
NEW_BUTTON = "Enter it in the register"
NO_MESSAGE = "There is no message with this reference"
TAKEN = "This message is in the register already: {incident}. Change that record instead"
REVISE_TITLE = "Change the record {incident}"
REVISE_WHY = "Why you change it"
REVISE_WHY_HINT = "It is kept with the revision. Name nobody."
REVISE_BUTTON = "Save as a new revision"
KEPT = "What you typed before you were signed out is in the form again. Nothing has been saved yet."
NO_WHY = "Say why you change it"
NO_CHANGE = "Nothing would change. Change something, or go back to the record"
MORE = "More: {title}"
ROWS_MORE = "There is an empty row for one more. When you have saved, there is room for the next."
PROBLEM_WITH = "Another part of the record: {sentence}"

# Somebody else was first.

CONFLICT_TITLE = "{who} changed this record before you"
CONFLICT = "{who} changed this record on {moment}. What you typed was not saved; it is still below."
CONFLICT_MERGED = "Their changes are in the form too. Look through it, and save again."
CONFLICT_BOTH = "You both changed this. Yours is in the form; theirs is here:"
CONFLICT_THEIRS = "What they changed"
CONFLICT_WHY = "They wrote: {why}"

# Deciding, linking, closing.

DECIDE_TITLE = "Decide whether to report {incident}"
DECIDE_LEAD = (
    "A breach is reported to the Information Commissioner unless it is unlikely to put people at risk (Article 33(1))."
)
DECIDE_CHOICE = "Should the Information Commissioner be told?"
DECIDE_REPORT = "Yes, report it"
DECIDE_REPORT_HINT = "The 72 hours go on until the record says when the Commissioner was told."
DECIDE_NOT = "No, do not report it"
DECIDE_NOT_HINT = "The 72 hours stop. Say why people are unlikely to be at risk."
DECIDE_NONE = "Choose whether to report it"
DECIDE_BY_MISSING = "Say who decided"
DECIDE_BUTTON = "Record the decision"
DECIDE_REASON_HINT = "Needed if it is not reported. Name nobody."
LINK_TITLE = "Link a message to {incident}"
LINK_LEAD = (
    "What the audit trail says of the message now becomes evidence of this record, with the fingerprint of each entry."
)
LINK_REF = "Reference of the message"
LINK_HINT = "For example MG-7Q4K-2F"
LINK_BUTTON = "Link it"
CLOSE_TITLE = "Close {incident}"
CLOSE_LEAD = (
    "A breach has to be decided about first, and told where that was decided. A closed record can be opened again."
)
CLOSE_WHY = "Why it is closed"
CLOSE_BUTTON = "Close the record"
REOPEN_TITLE = "Open {incident} again"
REOPEN_LEAD = "It counts as open in every list from then on."
REOPEN_WHY = "Why it is opened again"
REOPEN_BUTTON = "Open it again"
WHY_MISSING = "Say why"
WHY_TOO_LONG = "This is longer than {most:,} characters"

# Forms and lists to print and to save.

PRINT_BACK = "Back to the record"
PRINT_OF = "{incident}, revision {revision}, printed {moment}"
PRINT_HINT = "Print this page with your browser, or save it:"
PRINT_TEXT = "Save as text"
PRINT_JSON = "Save as data (JSON)"
PRINT_NOT_YET = "Not known yet"
FORM_FILE = "{incident}-{form}.{ending}"
LISTS_TITLE = "Lists to print or save"
LISTS_LEAD = "Incidents count by the day they happened. That you took a list is recorded in the audit trail."
LISTS_CHOICE = "Which list?"
LISTS_BUTTON = "Make the list"
LISTS_NAMES: Mapping[str, tuple[str, str]] = {
    "register": ("Register of breaches, Article 33(5)", "Every breach with facts, effects and what was done about it."),
    "foi": ("List for a freedom-of-information answer", "Small numbers of people are left out of it."),
    "annual": ("Table for an annual report", "Breaches by month and by nature. Small numbers are left out."),
    "ico": ("Breaches in the words of the regulator", "As the Commissioner’s statistics name them."),
    "statistics": ("Breach reports of official statistics", "The form of each breach of an embargo or of statistics."),
    "near-miss": ("Near misses", "What would have been seen, by how many, and what became of it."),
}
LISTS_PERIOD_WRONG = "The last day is before the first"
LISTS_DAY_MISSING = "Say which days: {label}"
LISTS_NOTHING = "Nothing of that kind happened in this period."
LISTS_CSV = "Save as a table (CSV)"
LISTS_PERIOD = "From {first} to {last}, printed {moment}"
LISTS_AGAIN = "Choose another list"
LISTS_FILE = "{name}-{first}-{last}.csv"
LISTS_CSV_HEADINGS = ("Incident", "Revision", "Section", "Question", "Answer")
TABLE_ROW = "Row {number}"
