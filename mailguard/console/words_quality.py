"""What the pages say about the quality of rules and about holds that were wrong: a part of the catalogue (words.py)."""

from __future__ import annotations

TITLE = "How good the rules are"
LINK = "How good the rules are"
BACK = "Rules"
LEAD = (
    "What became of the messages that each rule held since {since}. A message counts for each rule that held it. A "
    "rule whose holds mostly leave as they were stops what may pass."
)
NONE = "No message was held in this time."
NOT_YOURS = "This counts the mail of every team, so it is shown to people who see every team’s mail. Ask {contact}."
CAPTION = "What became of holds, by rule"
RULE, HELD, CHANGED, STOPPED, SENT, OPEN, WRONG, NUMBERS = (
    "Rule", "Held", "Changed", "Not sent", "Sent as they were", "No outcome", "Said to be wrong", "Other numbers",
)  # fmt: skip
SHARE = "{count:,} ({share:.0%})"
EXPLAINED = (
    "Changed: left so that people do not see each other. Not sent: by a reviewer, by the sender, or because nobody "
    "decided in time. No outcome: nobody has decided yet, or nobody had to. Shares are of holds with an outcome."
)
TRY_NUMBERS = "Other numbers"
OF = "for rule {rule}"
GONE = "Not in the rules today"

SUGGESTION_TITLE = "Other numbers for rule {rule}"
SUGGESTION_BACK = "How good the rules are"
EFFECTS = "What other numbers would have made of these holds"
STRICTER_EFFECTS = "What stricter numbers would have held of the messages that left"
STRICTER_TITLE = "Breaches that left, and stricter numbers"
NEVER = (
    "Nothing is changed here: whoever looks after the rules writes another number into the file. What it would do to "
    "other mail, “mailguard policy replay” shows."
)
UNKNOWN_TITLE = "There is no such rule"
UNKNOWN = "No rule of this name is in force. Go back to the list of rules."

# A reviewer says that a hold was wrong.

WRONG_LINK = "Say that this hold was wrong"
WRONG_TITLE = "Was it wrong to hold this message?"
WRONG_LEAD = (
    "Say so if it should not have been held. It counts for the rules that held it, and reviewers see it on the page of "
    "the message. It decides nothing about the message. You can take it back."
)
WRONG_REASON = "Why should it not have been held?"
WRONG_HINT = "You may leave this empty. Up to 300 characters. Only reviewers read it."
WRONG_BUTTON = "It should not have been held"
WRONG_LONG = "Write at most 300 characters: these are {count}"
WRONG_DONE = "You said this at {moment}."
WRONG_BACK_LEAD = (
    "If it was right to hold it after all, take it back: it counts no more. That you said it stays in the audit trail."
)
WRONG_BACK_BUTTON = "Take it back"
WRONG_WITHDRAWN = "{said} (taken back)"
WRONG_SAID = "Who said so"
WRONG_BY = {
    "reviewer": "{by}, {moment}",
    "sender": "Its sender, {moment}",
    "admin": "{by}, on the server, {moment}",
}
WRONG_BY_NAMED_SENDER = "{by}, for the sender, {moment}"
WRONG_TICK = "It should not have been held: count it for the rules that held it"
SOMEBODY = "Somebody"

# Its sender says so.

SENDER_LINK = "Should this email not have been stopped? Tell us"
SENDER_TITLE = "Should this email not have been stopped?"
SENDER_LEAD = (
    "Tell us, and whoever looks after the rules sees which of them stop the wrong emails. This does not send your "
    "email, and it changes nothing that was decided about it."
)
SENDER_REASON = "Why should it not have been stopped?"
SENDER_HINT = "You may leave this empty. Up to 300 characters. Whoever decides about emails reads it."
SENDER_BUTTON = "It should not have been stopped"
SENDER_BACK_BUTTON = "Take it back"
SENDER_BACK_LEAD = "If it was right to stop it after all, take it back. It counts no more then."
SENDER_DONE = "You said at {moment} that this email should not have been stopped. Thank you."
