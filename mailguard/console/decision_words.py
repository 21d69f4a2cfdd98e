"""What the pages of a decision say: the second part of the catalogue, beside words.py. CONSOLE.md 2.3 has the tone."""

from __future__ import annotations

from ..guard.console.choices import Choice, Missing

TITLE = "What should happen to this message?"
NOT_SENT = "It has not been sent to anyone."
SUBJECT = "Subject: {subject}"
SUBJECT_EMPTY = "No subject"
FROM = "From {sender}, to {people}"
FROM_NOBODY = "From nobody: it has no return address. To {people}"
DEADLINE = "If nobody decides by {moment}, it will not be sent and its sender will be told."
DEADLINE_UNTOLD = (
    "If nobody decides by {moment}, it will not be sent. Its sender cannot be told; the reviewers will be."
)
LEAVES = "If nobody decides by {moment}, it will be sent by itself."
WHY = "Why this is held"
TO_DECISION = "Go to the decision"
BACK_TO_MESSAGE = "Back to the message"
CONTINUE = "Continue"
RECOMMENDED = "Recommended"
NOTES_LINK = "Notes for other reviewers ({count})"

CHOICES = {
    Choice.AGREE: "Agree with {by}: {form}",
    Choice.SEPARATE: "Send a separate copy to each person",
    Choice.BCC: "Move everyone to Bcc and send",
    Choice.REJECT: "Do not send. Tell {name} why",
    Choice.ESCALATE: "Ask someone else to decide",
    Choice.ORIGINAL: "Send it exactly as it is",
}
HINTS = {
    Choice.AGREE: "You give the second approval. It is then sent.",
    Choice.SEPARATE: "Nobody sees anyone else\u2019s address.",
    Choice.BCC: (
        "People will not see each other\u2019s addresses. For health or other sensitive matters, the ICO advises "
        "against relying on Bcc; separate copies are safer."
    ),
    Choice.REJECT: "It will not be sent to anyone.",
    Choice.ESCALATE: "This pauses nothing. It is still due by {moment}.",
    Choice.ORIGINAL: "Everybody who gets it sees what the sender wrote, addresses too.",
}
FORMS = {"separate": "separate copies", "bcc": "everyone in Bcc", "original": "exactly as it is"}
CHOSEN = {
    **{choice.value: text for choice, text in CHOICES.items() if choice not in (Choice.AGREE, Choice.REJECT)},
    "reject": "Do not send",
}
MISSING_TITLE = "Why can I not choose \u2026?"
MISSING = {
    Missing.RULE: "The rule that held this message does not let it be sent like this.",
    Missing.APPROVED: "You have given the first of two approvals. Somebody else gives the second.",
    Missing.NOBODY: "Nobody else can decide about this message.",
    Missing.LEAVES: "This message waits for nobody: it will be sent by itself.",
    Missing.GONE: "The text of this message was deleted under your retention rule.",
}

SENDER = "the sender"
NOTE_TO = "Note to {name}"
NOTE_HINT = "10 to 1,000 characters. It is sent to them as you write it."
PHRASES_TITLE = "Start with a phrase"
PHRASES = (
    "Please send this again as a separate email to each person, so that nobody sees anyone else\u2019s address.",
    "Please take out the personal details that the people you wrote to do not need, and send it again.",
    "Please check who should get this, and send it again to those people only.",
)
ASK_WHOM = "Who should decide?"
ASK_NOBODY_YET = "Choose somebody"
ASK_NOTE = "Note to whoever you ask"
ASK_HINT = "10 to 1,000 characters. They read it here, not in an email."
SEND_NOTE = "Why? (optional)"
SEND_NOTE_NEEDED = "Why? The second person will read it"
SEND_NOTE_HINT = "For separate copies and Bcc. Up to 1,000 characters, for the record."
REASON_TITLE = "Why is this right?"
REASONS = {
    "know": "The people already know each other",
    "harmless": "It is not sensitive",
    "agreed": "Everyone agreed to share",
    "rule": "The rule is wrong here",
    "other": "Something else",
}
REASONS_WITH_NOTE = frozenset({"rule", "other"})
REASON_NOTE = "Say more about why it is right"
REASON_NOTE_HINT = "10 to 1,000 characters, for the record."
NO_REASON = "Chosen at the console, without a note: {form}"

CHOOSE = "Choose what should happen to this message"
NOT_POSSIBLE = "This cannot be chosen for this message any more. Choose something else"
NOTE_LENGTH = "Write a note of 10 to 1,000 characters. Yours has {count}"
NOTE_TOO_LONG = "Write no more than 1,000 characters. Yours has {count}"
ASK_MISSING = "Choose who should decide"
REASON_MISSING = "Choose why it is right to send it as it is"
LOOKED_MISSING = "Tick that you have checked the list of people and the attachments"

SECOND_TITLE = "{by} has given the first of two approvals"
SECOND_TITLE_YOU = "You have given the first of two approvals"
SECOND_CHOSE = "{by} chose: {form}. {by} wrote:"
SECOND_NEXT = "You can agree, not send it, or choose something else. Something else needs another person after you."
SECOND_NEXT_YOU = "Somebody else gives the second. Until then you can still decide that it is not sent."
FIRST_NEEDED = "This message needs two people. Yours is the first approval; nothing is sent until somebody else agrees."
ESCALATED = "{by} asked {to} to decide, and wrote:"
ESCALATED_STATE = "Escalated to {to}"

CHECK_TITLE = "Check before you send"
CHECK_TITLE_NOT_SENT = "Check before you decide"
CHECK_WHAT = "What will happen"
CHECK_PEOPLE = "Who gets it"
CHECK_TELL = "What {name} will be told"
CHECK_SECOND = "Second approval"
CHECK_ATTACHMENTS = "Attachments"
CHECK_NOTE = "Your note"
OUTSIDE = "{people} outside {organisation}"
INSIDE = "{people} inside"
SEPARATE_FIELD = (
    "{name}: {people} outside \u2192 removed. Each person gets their own copy with only their address in To."
)
BCC_FIELD = (
    "{name}: {people} outside \u2192 removed. They get the same email without seeing each other\u2019s addresses."
)
ORIGINAL_FIELD = "{name}: {people} outside stay as they are. Everybody who gets the email can see them."
FIELD_INSIDE = ("{people} inside stays in {name}.", "{people} inside stay in {name}.")
HIDDEN_ONLY = "Nobody outside stands in To or Cc. Everybody gets it without being shown to the others."
SIGNATURE = "The signature of the mail server (DKIM) no longer fits and is taken out."
REJECT_WHAT = "It will not be sent to anyone. It cannot be sent later; {name} can write a new email."
ESCALATE_WHAT = "{to} will be asked to decide, by email without any of its content. Nothing else changes."
ATTACHMENTS_NONE = "None"
ATTACHMENTS = "{attachments}, unchanged"
MANY = "Sending {copies} may take about {minutes}."
TOLD_SUBJECT = "Subject: {subject}"
TOLD_NOT_YET = "Nothing yet. {name} is told when it is sent, or when it is decided that it is not."
TOLD_NOTHING = "Nothing: only whoever you ask is told."
TOLD_NOBODY = "Nothing. {why} The reviewers are told."
TOLD_NOBODY_PLAIN = "Nothing: this message has no sender who can be told."
TOLD_AFTER = "The email is sent when the {seconds} seconds in which you can stop it are over."
SECOND_NONE = "Not needed. It is sent {seconds} seconds after you press the button, unless you stop it."
SECOND_AFTER = "Needed. Nothing is sent until a second person agrees."
SECOND_GIVEN = "{by} gave the first, you give the second. It is sent {seconds} seconds later, unless you stop it."
LOOKED = "I have checked the list of people and the attachments"
GO_BACK = "Go back and change it"
BUTTONS = {
    "separate": "Send {copies}",
    "bcc": "Send to {people} with Bcc",
    "original": "Send it as it is to {people}",
}
BUTTONS_FIRST = {
    "separate": "Approve {copies}",
    "bcc": "Approve sending to {people} with Bcc",
    "original": "Approve sending it as it is to {people}",
}
BUTTON_REJECT = "Do not send it"
BUTTON_ESCALATE = "Ask {to}"
COPIES = ("separate copy", "separate copies")

OUTCOME_LEAVING = {
    "separate": "{copies} are being sent. You can stop this for {seconds} seconds.",
    "bcc": "It is being sent to {people} with Bcc. You can stop this for {seconds} seconds.",
    "original": "It is being sent as it is to {people}. You can stop this for {seconds} seconds.",
}
OUTCOME_UNTIL = "Nothing has left yet. You can stop it until {moment}."
OUTCOME_LATE = "The time to stop it is over; it leaves at any moment. You can still try."
STOP = "Stop"
OUTCOME_STOPPED = "Stopped. Nothing was sent."
OUTCOME_STOPPED_NEXT = "The message needs a decision again, by {moment}."
OUTCOME_FIRST = "This needs a second person. It has not been sent."
OUTCOME_FIRST_CHOSE = "{by} chose: {form}."
OUTCOME_REJECTED = "Not sent. Its sender is told why."
OUTCOME_REJECTED_UNTOLD = "Not sent. Its sender cannot be told; the reviewers are."
OUTCOME_ESCALATED = "You asked {to} to decide."
OUTCOME_ESCALATED_OTHER = "{by} asked {to} to decide."
OUTCOME_STILL_DUE = "It is still due by {moment}. It has not been sent."
OUTCOME_OPEN = "Needs a decision"
OUTCOME_BY = "{state} by {by}, {moment}."
OUTCOME_STATE = "{state}, {moment}."
OUTCOME_REACHED_NOBODY = "The next mail server refused it for everybody, so nobody received it."
OUTCOME_REACHED_NOBODY_BY = "Decided by {by}, {moment}."
DELIVERED = "{count} delivered"
FAILED = "{count} failed"
STILL_SENDING = "{count} still on the way. mailguard keeps trying"
YOU = "you"
YOU_FIRST = "You"
NEXT = "Next message that needs a decision"
DECIDE = "Decide"
BACK_TO_LIST = "Back to the list"

CONFLICT_TITLE = "{by} has already decided"
CONFLICT_YOU_TITLE = "You have already decided"
CONFLICT_CHOSE = (
    "{by} chose \u201c{choice}\u201d at {moment}. Your choice was not used, and nothing was sent because of it."
)
CONFLICT_CANCELLED_TITLE = "The sender cancelled this email"
CONFLICT_CANCELLED = "It was cancelled at {moment}. There is nothing left to decide. Your choice was not used."
CONFLICT_EXPIRED_TITLE = "The deadline has passed"
CONFLICT_EXPIRED = "Nobody decided by {moment}, so it was not sent, and its sender was told. Your choice was not used."
CONFLICT_APPROVED = (
    "{by} chose \u201c{choice}\u201d at {moment}. Nothing has been sent. Your choice was not used: look again, and "
    "agree or choose something else."
)
CONFLICT_CHANGED_TITLE = "Something has happened to this message since you opened it"
CONFLICT_CHANGED = "It still needs a decision. Your choice was not used, and nothing was sent because of it."
CONFLICT_ESCALATED = "{by} asked {to} to decide, at {moment}."
CONFLICT_LATE_TITLE = "It is too late to stop this"
CONFLICT_LATE = "It has begun to leave, or somebody else was first. Nothing was changed now."
CONFLICT_NOTE = "Your note is below, in case you want to keep it."
CONFLICT_SEE = "See what was decided"
CONFLICT_AGAIN = "Decide again"
CONFLICT_WRONG = "If you think this is wrong, ask {by}, or ask someone else to decide while there is time."
SOMEBODY = "Somebody"

REFUSED_TITLE = "You cannot decide about this message"
REFUSED_ROLE = "Your role shows that it is held, and why. Ask {contact} if you need to decide."
REFUSED_OWN_TITLE = "Somebody else has to decide about this message"
REFUSED_OWN = "You sent it. Nobody decides about a message that they sent. You can cancel it: the notice says how."
MESSAGE_OWN = "You sent it, so somebody else decides about it. You can cancel it: the notice says how."
REFUSED_SECOND_TITLE = "Somebody else has to give the second approval"
REFUSED_SECOND = "You have given the first of two approvals. Nothing has been sent, and nothing was changed now."

NOTES_TITLE = "Notes for other reviewers"
NOTES_LEAD = "Only people who may decide about {reference} read these. They are not sent to the sender."
NOTES_NONE = "There are no notes yet."
NOTES_BY = "{by}, {moment}"
NOTES_NEW = "New note"
NOTES_HINT = "Up to 1,000 characters."
NOTES_BUTTON = "Add note"
NOTES_EMPTY = "Write a note"

KEPT = "What you typed is kept: sign in, and the form is filled in again."
KEPT_FILLED = "This is what you typed before you had to sign in again. Nothing has been decided yet."
