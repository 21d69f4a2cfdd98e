"""What the pages about the rules say: a part of the catalogue (words.py)."""

from __future__ import annotations

TITLE = "Rules"
VERSION = "Version {version:,} of the rules is in force since {moment}: {rules}."
VERSION_UNDATED = "Version {version:,} of the rules is in force: {rules}."
RULES = ("1 rule", "{count:,} rules")
NONE_TITLE = "No rules can be read"
NONE = (
    "mailguard takes no mail for now; the sending systems try again by themselves. Nothing leaves unchecked. Whoever "
    "looks after the server has to mend the files below."
)
BROKEN = "The files with the rules were changed but have errors. mailguard is still using version {version:,}."
BROKEN_WHY = "Why: {problem}."
BROKEN_DO = "Whoever looks after the server has to mend the files. “mailguard policy check” shows the same."
ERRORS = "What is wrong"
ERROR_AT = "{file}, line {line:,}, column {column:,}"
SUGGESTION = "Did you mean {suggestion}?"
LEAD = (
    "The rules are files, so that every change has an author and a history. Nobody changes them here. All rules look "
    "at every message; the strictest that matches decides."
)
TRY_LINK = "Try a message"
CHECKED_LINK = "The page for all staff: what is checked"
RULE_PLACE = "Rule {id}, in {file} line {line:,}"
LATELY = "In the last 7 days"
LATELY_NONE = "It did not match a message."
LATELY_OTHERS = (
    "How often a rule matched counts the mail of every team, so it is shown to people who see every team's mail."
)
LATELY_OFF = "It is switched off, so it looks at nothing."
MATCHED = ("It matched 1 message: {ends}.", "It matched {count:,} messages: {ends}.")
ENDS = {
    "changed": "{count:,} left so that people do not see each other",
    "sent": "{count:,} left unchanged",
    "stopped": "{count:,} did not leave",
    "waiting": "{count:,} not decided yet",
}
MODES = {"off": "Off", "monitor": "Only recorded", "enforce": "In force"}
ACTIONS = {
    "relay": "Only recorded: the message is sent as it is.",
    "rewrite separate": "Everybody outside gets a separate copy, without asking anybody.",
    "rewrite bcc": "The people outside are hidden from each other, without asking anybody.",
    "hold": "The message waits until somebody decides.",
    "hold 2": "The message waits until two people have decided.",
    "hold delay": "The message waits for {duration} and is then sent by itself, unless somebody stops it.",
    "reject": "The message is refused, and its sender is told why at once.",
}
MONITORED = "While it is only recorded, nothing is stopped: it shows what would happen. In force: {action}"
SENDER_MAY = "The sender may {acts} without asking anybody."
SENDER_ACTS = {
    "cancel": "cancel it",
    "separate": "send separate copies",
    "bcc": "hide the people from each other",
    "original": "send it as it is",
}
AND = " or "

# Trying a message.

TRY_TITLE = "Try a message"
TRY_LEAD = (
    "See what mailguard would do with a message, and why. Nothing is sent, nothing is kept, and no other message is "
    "judged differently because of it."
)
TRY_FILE = "A file"
TRY_FILE_HINT = "An email saved as .eml, up to {megabytes} MB"
TRY_TEXT = "Or paste the whole email"
TRY_TEXT_HINT = "With the lines at its top that begin with From, To and Subject"
TRY_REF = "Or the reference of a held message"
TRY_REF_HINT = "For example MG-7Q4K-2F. That you looked at it is recorded."
TRY_SENDER = "Sent by"
TRY_SENDER_HINT = "Leave it empty for the sender that the email names"
TRY_RECIPIENTS = "Sent to"
TRY_RECIPIENTS_HINT = "Addresses with spaces between them. Leave it empty for everybody that the email names."
TRY_BUTTON = "Try it"
TRY_ONE = "Choose a file, paste an email, or enter a reference"
TRY_TWO = "Choose only one: a file, a pasted email, or a reference"
TRY_REF_WRONG = "‘{typed}’ is no reference. Write it like MG-7Q4K-2F"
TRY_REF_UNKNOWN = "There is no such message, or it is not yours to read"
TRY_REF_GONE = "The text of this message was removed after its time"
TRY_ADDRESS = "‘{typed}’ is no address. Write it like jo@elmroad.example"
TRY_BUSY = "Other people are trying messages just now, or it takes too long. Try again in a minute"
TRY_TOO_LARGE = "The file is larger than {megabytes} MB"
TRY_FAILED = "This message could not be tried. If it came as real mail it would wait or be refused, never pass"
TRY_NOT_YOURS = "Only reviewers and administrators try messages."
RESULT_TITLE = "What would happen"
RESULTS = {
    "relay": "This message would be sent as it is.",
    "relay separate": "This message would be sent as separate copies, one for each person outside.",
    "relay bcc": "This message would be sent with the people outside hidden from each other.",
    "hold": "This message would be held.",
    "reject": "This message would be refused.",
    "defer": "This message could not be checked now; its sender’s system would try again.",
}
RESULTS_WAITING = {
    None: "This message would wait {duration} and then be sent as it is, unless somebody stops it.",
    "separate": "This message would wait {duration} and then be sent as separate copies, unless somebody stops it.",
    "bcc": "This message would wait {duration} and then be sent with the people outside hidden from each other, unless "
    "somebody stops it.",
}
RESULT_WHY = "Why: {reason}."
RESULT_KEPT = "Nothing was sent and the message was not kept. What earlier messages did was not looked at."
RESULT_FOR = ("It was tried for 1 recipient.", "It was tried for {count:,} recipients.")
RESULT_MATCHED = "Rules that matched"
RESULT_NONE = "No rule matched."
RESULT_MONITORED = "only recorded"
RESULT_ERROR = "The rule could not be tried to its end, which counts as matched: {error}"
RESULT_SPARED = "An exception of the rule spares this message: {exception}"
FINDINGS = "What it carries"
FINDINGS_NONE = "No rule asked to look into its attachments, or nothing was found in them."
FILE = "{file}: {summary}"
FILE_NAMELESS = "An attachment"
FINDING = "{summary} ({where})"
FINDING_HIDDEN = "Hidden: you do not see it when you open the file."
UNREAD = "An attachment could not be looked into: {why}"
TRACE = "Every rule and every condition"
TRACE_CAPTION = "{id}: {result}"
TRACE_RESULTS = {"matched": "matched", "not": "did not match", "error": "could not be tried", "off": "is switched off"}
TRACE_CONDITION, TRACE_ASKED, TRACE_FOUND, TRACE_HOLDS = "Condition", "The rule asks", "Found", "Holds"
TRUTHS = {"true": "Yes", "false": "No", "error": "Error", "needs": "Not known"}
NOTHING_FOUND = "nothing"
TRY_AGAIN = "Try another message"

# What is checked: for everybody.

CHECKED_TITLE = "What is checked before an email leaves"
CHECKED_LEAD = (
    "Every email that leaves {organisation} is checked by mailguard, so that people outside do not see each other’s "
    "addresses, and nothing leaves by mistake."
)
CHECKED_STOPS = "An email may be held, or sent as separate copies, when"
CHECKED_RECORDS = "Only counted, without stopping anything"
CHECKED_NONE = "The list cannot be shown just now."
CHECKED_THEN = "What happens then"
CHECKED_STEPS = (
    "You get an email that says why, and what you can do. Until then nobody outside has received anything.",
    "Often you can put it right yourself: cancel it, or send separate copies.",
    "If a person’s care or safety depends on it, say so at once: {contact}.",
)
CHECKED_PRIVATE = (
    "People look at an email only if it is held, and every look is recorded. Nobody is judged by what was held."
)
CHECKED_ASK = "Questions? Ask {contact}."
