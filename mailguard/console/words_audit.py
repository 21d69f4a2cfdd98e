"""What the audit trail says: a part of the catalogue (words.py). Each kind of entry has one sentence."""

from __future__ import annotations

from ..guard.console.trail_records import Group

TITLE = "Audit trail"
LEAD = (
    "Everything that mailguard did and everything that somebody did with it, newest first. Nobody can change it here."
)
LEAD_SCOPE = "You see what happened to the messages of your teams. Administrators see all of it."
REFERENCE = "Reference of a message"
REFERENCE_HINT = "For example MG-7Q4K-2F"
REFERENCE_WRONG = "‘{typed}’ is no reference. Write it like MG-7Q4K-2F"
PERSON = "Person"
PERSON_HINT = "The whole account name of who did it, for example jo@elmroad.example"
KIND = "What happened"
KIND_ANY = "Everything"
FROM = "From"
TO = "Until"
DAY_HINT = "For example 20/11/2026"
DAY_WRONG = "‘{typed}’ is no day. Write it as 20/11/2026"
APPLY = "Search"
CLEAR = "Clear filters"
FILTERS = "Search the trail"
FOUND = ("1 entry", "{count:,} entries")
NOTHING = "Nothing has been recorded yet."
NOTHING_FOUND = "Nothing has been recorded yet for these filters."
ENTRIES = "Entries"
OLDER = "Older entries"
NEWEST = "Back to the newest entries"
PAGES = "Pages of the trail"
OF_MESSAGE = "All entries of {ref}"
PLACE = "Entry {sequence:,} of the ledger “{ledger}”"

GROUPS = {
    Group.DECISIONS: "Messages held, and decisions about them",
    Group.VIEWS: "Somebody looked at a message",
    Group.EXPORTS: "Lists taken along",
    Group.SIGN_INS: "Signing in and out",
    Group.ACCOUNTS: "Accounts and roles",
    Group.POLICY: "Rules",
    Group.NOTICES: "Notices",
    Group.MAIL: "Messages checked",
    Group.DELIVERY: "Delivery",
    Group.UPKEEP: "Records removed, copied and checked",
    Group.CANARY: "Self-tests",
    Group.REGISTER: "Incidents",
    Group.OTHER: "Anything else",
}

# Who acted.

MAILGUARD = "mailguard"
SOMEBODY = "Somebody whose name is no longer kept"
ON_SERVER = "{who} (on the server, as {user})"
SENDER = "Its sender"
FOR_SENDER = "{who}, by the link of its sender,"
AN_ACCOUNT = "an account whose name is no longer kept"
A_MESSAGE = "a message"

SENTENCES = {
    "message_decided": "mailguard checked {ref}: {outcome}",
    "message_held": "{ref} was held",
    "message_rejected": "{ref} was refused, and its sender was told",
    "message_looped": "{ref} had come back or passed too many servers, and was refused",
    "message_relayed": "{ref} was sent on",
    "message_refused": "The next mail server refused {ref} for everybody; the sender was told",
    "message_deferred": "{ref} could not be taken for now; the sender’s system was told to try again",
    "message_uncertain": "The answer about {ref} was lost; it may have been sent on",
    "copies_queued": "Separate copies of {ref} are on their way",
    "recipients_queued": "{ref} is tried again for people whom the next mail server could not take yet",
    "release_approved": "{who} gave the first of two approvals for {ref}: {form}",
    "release_decided": "{who} decided to send {ref}: {form}",
    "release_stopped": "{who} stopped {ref} before it left",
    "decision_escalated": "{who} asked somebody else to decide about {ref}",
    "message_assigned": "{who} took {ref} on",
    "recipients_left_out": "{who} took people off {ref}",
    "urgent_called": "{who} said that {ref} cannot wait",
    "note_added": "{who} wrote a note about {ref} for other reviewers",
    "hold_called_wrong": "{who} said that {ref} should not have been held",
    "wrong_call_withdrawn": "{who} took back that {ref} should not have been held",
    "message_released": "{who} sent {ref}: {form}",
    "release_rejected": "{who} decided not to send {ref}",
    "hold_cancelled": "{who} cancelled {ref}",
    "hold_expired": "Nobody decided about {ref} in time; it was not sent",
    "copy_delivered": "{ref} was delivered to the next mail server",
    "copy_deferred": "{ref} could not be delivered yet; it is tried again",
    "copy_bounced": "{ref} could not be delivered to some people",
    "outbox_retried": "{who} had {ref} tried again at once",
    "outbox_dropped": "{who} ended the delivery of {ref}",
    "notice_queued": "A notice about {ref} was written to {to}",
    "sender_not_told": "The sender of {ref} could not be told; others were",
    "decision_reminded": "Whoever decides was reminded of {ref}: half of the time was over",
    "decision_pressed": "Whoever decides was reminded of {ref} again: most of the time was over",
    "week_summarised": "The summaries of the week were written",
    "policy_loaded": "The rules changed; {rules} in force since",
    "content_viewed": "{who} looked at {ref}",
    "content_revealed": "{who} had rows of an attachment of {ref} shown unmasked",
    "content_downloaded": "{who} took {ref}, or an attachment of it, along as a file",
    "account_added": "{who} made the account {account}",
    "account_password_changed": "{who} set another password for {account}",
    "account_mailbox_changed": "The sign-in service named another mailbox for {account}",
    "account_roles_changed": "{who} changed the roles of {account} to: {roles}",
    "account_shortcuts_changed": "{account} switched keyboard shortcuts on or off",
    "account_disabled": "{who} locked {account}",
    "account_enabled": "{who} unlocked {account}",
    "account_removed": "{who} removed the account {account}",
    "account_rehashed": "The password of {account} was stored in today’s form when it was used",
    "account_factor_reset": "{who} took away the second factor of {account}",
    "account_sessions_ended": "{who} signed {account} out everywhere",
    "console_link_made": "{who} made a one-time link for {account}",
    "console_link_used": "{account} chose a password with a one-time link",
    "console_second_factor_set": "{account} set up a second factor",
    "console_signed_in": "{account} signed in",
    "console_signed_out": "{account} signed out",
    "canary_recorded": "A step of a self-test: {ref}",
    "canary_passed": "The self-test passed",
    "canary_failed": "The self-test failed",
    "incident_added": "{who} entered the incident {incident}",
    "incident_revised": "{who} changed the record of the incident {incident}",
    "clock_reminded": "Somebody was reminded of the 72 hours to report the incident {incident}",
    "register_exported": "{who} took a report along: {report}",
    "pack_exported": "{who} took an incident pack along",
    "apology_queued": "{who} sent an apology to each of those whom a message had exposed",
    "evidence_erased": "Details of {ref} were erased before their time",
    "evidence_purged": "Details that were kept for long enough were removed",
    "held_purged": "Held messages that were kept for long enough were removed",
    "incidents_purged": "Records of the register that were kept for long enough were removed",
    "ledgers_witnessed": "The records of the other mailguards were witnessed",
    "store_backed_up": "{who} took a copy of everything that mailguard keeps",
    "store_copied": "{who} moved everything that mailguard keeps into this database",
    "store_restored": "Everything that mailguard keeps was put back from a copy",
    "view_saved": "{who} saved a view of the held messages",
    "view_removed": "{who} removed a saved view of the held messages",
    "trail_checked": "{who} had the audit trail checked: {whole}",
    "trail_exported": "{who} took along {rows} of the audit trail",
    "held_exported": "{who} took along a list of {rows}",
}
FIRST_ADMIN = "the first administrator"
OUTCOMES = {
    "relay": "it may be sent",
    "hold": "it must wait for a decision",
    "reject": "it must not be sent",
    "defer": "it could not be checked for now",
}
WHOLE, NOT_WHOLE = "nothing is missing", "it does not match"
TO_WHOM = {"sender": "its sender", "reviewers": "the reviewers"}
ROWS = {"trail_exported": ("1 entry", "{count:,} entries"), "held_exported": ("1 message", "{count:,} messages")}
RULES = ("1 rule is", "{count:,} rules are")

# The check.

CHECK_TITLE = "Check that the trail is complete"
CHECK_LEAD = (
    "mailguard reads every entry and proves that none was changed, removed, added or put in another place. On a full "
    "system this takes some minutes. You can leave this page: it goes on without you, and mail is not delayed."
)
CHECK_BUTTON = "Check the trail is complete"
CHECK_RUNNING = "The check is running. {by} began it at {moment}."
CHECK_AGAIN = "Look again"
CHECK_WHOLE = "All {entries:,} entries are unbroken, up to {moment}."
CHECK_BROKEN = "{count} not match. Tell your security lead. Do not delete anything."
CHECK_BROKEN_COUNT = ("1 entry does", "{count:,} entries do")
CHECK_BROKEN_MEANS = (
    "Somebody or something changed what mailguard had recorded, or the database lost a part of it. What is held stays "
    "held. Keep the database, its copies and the witness file as they are, and let whoever runs the server look into "
    "it with “mailguard audit verify”."
)
CHECK_FAILED = (
    "The check could not be finished, so it says nothing about the trail. Try again. If it happens again, tell IT."
)
CHECK_BY = "Checked by {by}."
CHECK_WHERE = "What does not match"
CHECK_PLACE = "Ledger “{ledger}”, entry {sequence}: {kind}"
CHECK_PLACE_NONE = "Ledger “{ledger}”: {kind}"
CHECK_MORE = "And {count:,} more."
CHECK_NOT_YOURS = "Only somebody who sees everybody’s mail may have the whole trail checked."
BANNER_BROKEN = "The audit trail does not match what was recorded. Tell your security lead. Do not delete anything."
BANNER_LINK = "See what does not match"

# The export.

EXPORT_LINK = "Take these entries along (CSV)"
EXPORT_TITLE = "Take entries of the audit trail along"
EXPORT_LEAD = "You are about to save a table of {count}. That you did, and how many, is recorded in the trail itself."
EXPORT_MOST = "These are more than fit into one table: it holds the newest {most:,}. Choose earlier days for the rest."
EXPORT_HOLDS = "The table has times, names of who acted, what happened and references. No text of a message is in it."
EXPORT_BUTTON = "Save the table"
EXPORT_BACK = "Go back"
EXPORT_FILE = "audit-trail-{day}.csv"
EXPORT_HEADINGS = ("Time (UTC)", "Who", "What", "Reference", "Kind", "Ledger", "Entry")
