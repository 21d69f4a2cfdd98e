"""What the page about the service's health says, and the banner when mail is not flowing: a part of the catalogue."""

from __future__ import annotations

from ..guard.console.health import Answer, Question

TITLE = "Health"
LEAD = "How mailguard is at {moment}. It looks again each time you open this page."
FLOWS = "Mail is flowing."
FLOWS_NOT = "Mail is not flowing."
IF_A_CHECK_FAILS_TITLE = "What happens if a check fails?"
IF_A_CHECK_FAILS = (
    "The message is held, or refused for now so that the sending system tries again. It never leaves unchecked."
)
ANSWERS = {Answer.WORKING: "Working", Answer.ATTENTION: "Needs attention", Answer.BROKEN: "Not working"}
DO = "What to do:"
VERSION = "mailguard {version}, running since {moment}. Rules: {revision}."
NO_REVISION = "none"

QUESTIONS = {
    Question.FLOW: "Is mail flowing?",
    Question.OUTBOX: "Is anything stuck on its way out?",
    Question.SMARTHOST: "Can the next mail server be reached?",
    Question.RULES: "Are the rules loaded?",
    Question.CANARY: "Does the self-test pass?",
    Question.ATTACHMENTS: "Can attachments be read?",
    Question.DEADLINES: "Has every message been decided in time?",
    Question.NODES: "Do all mailguards work by the same rules?",
    Question.LEDGER: "Is the audit trail safe?",
    Question.CERTIFICATE: "Are the certificates good?",
    Question.DATABASE: "Does the database answer?",
    Question.DISK: "Is there room on the disk?",
}

LAST_CHECKED = "The last message was checked at {moment}."
NEVER_CHECKED = "No message was checked since mailguard started."
NOT_TAKEN = "New mail is refused for now; the sending systems try again by themselves."
OUTBOX_EMPTY = "Nothing waits on its way out."
OUTBOX_SOME = ("1 delivery waits, since {moment}.", "{count:,} deliveries wait, the oldest since {moment}.")
SMARTHOST_WELL = "{address} was reached with the last attempt."
SMARTHOST_ILL = "{address} could not be used with the last attempt: {trouble}."
RULES_WELL = "They are as the files say."
RULES_BROKEN = "The files were changed but cannot be used ({problem}). The earlier rules are still in force."
RULES_NONE = "No rules could be read ({problem}), so no mail is taken."
CANARY_STATES = {
    "off": "The self-test is switched off.",
    "unknown": "The self-test has not run yet.",
    "passing": "The last self-test passed.",
    "failing": "The last self-test failed: {problems}",
    "overdue": "The self-test did not run when it should have.",
}
CANARY_PASSED = "It last passed at {moment}."
ATTACHMENTS_WELL = "The processes that read attachments can be started."
ATTACHMENTS_ILL = "The processes that read attachments could not be started: {why}."
DEADLINES_WELL = "{held}."
HELD = ("1 message is held, none overdue", "{count:,} messages are held, none overdue")
OVERDUE = ("1 message should have been decided by now.", "{count:,} messages should have been decided by now.")
NODES_ONE = "There is no other one on this database."
NODES_ILL = "It is not so: {problem}."
NODE = "{node} works by the rules {revision}."
NODE_MISSING = "{node} ended without a word, and nobody has taken its place."
LEDGER_WELL = ("1 entry is recorded.", "{count:,} entries are recorded.")
LEDGER_WITNESS = "The witness file, which would show a trail that was cut, cannot be written."
LEDGER_BROKEN = "The last check found entries that are not as they were written."
CERTIFICATE_WELL = "Nothing is wrong with them, or none is used."
CERTIFICATE_ILL = "{problem}."
OBJECTS_ILL = "It is not so: {problem}."
DATABASE_WELL = "{database} answered just now."
DISK_FREE = "{free} free where the database is."
DISK_ELSEWHERE = "The database is on a server of its own; look there."

FIXES = {
    Question.FLOW: "Look at the answers below that are not “Working”: they say why.",
    Question.OUTBOX: "See whether the next mail server takes mail. mailguard tries again by itself until it does.",
    Question.SMARTHOST: (
        "See whether that server runs and can be reached from here. “mailguard check” on the server says more. "
        "Meanwhile the sending systems try again; nothing is lost."
    ),
    Question.RULES: "The page “Rules” shows where the files are wrong. Mend them there; they are loaded by themselves.",
    Question.CANARY: "Run “mailguard canary” on the server: it says what left that should not have.",
    Question.ATTACHMENTS: "Run “mailguard check” on the server. Until then what a rule asks about is held.",
    Question.DEADLINES: "Open the held messages and decide, or ask who should.",
    Question.NODES: (
        "Bring the same policy files to every server, set every clock by NTP, and start the one that is missing. What "
        "it was delivering has been taken over by the others."
    ),
    Question.LEDGER: "Open “Audit trail”, check that it is complete, and tell your security lead if it is not.",
    Question.CERTIFICATE: "Renew the certificate, or mend its file; it is read again by itself.",
    Question.DATABASE: "",
    Question.DISK: "Make room soon: on a full disk no mail is taken.",
}

# The banner on every page.

BANNER_STUCK = "Checked mail is not leaving this server since {moment}. {waiting}"
BANNER_WAITING = ("1 delivery is waiting.", "{count:,} deliveries are waiting.")
BANNER_UNREACHABLE = (
    "The next mail server cannot be reached, so mail does not leave now. The sending systems try again."
)
BANNER_NOT_TAKEN = "New mail is not taken just now; the sending systems try again. What is held stays held."
BANNER_LINK = "See what to do"
BANNER_ASK = "Tell {contact} if nobody knows yet."
