"""Every string that a person reads in a notice or in a delivery status notification, in one place, in plain English.

Consequence first, then why, then what happens next and what to do. Words and tone: CONSOLE.md 2.0 and 3.
Placeholders are filled with str.format by notice.py and report.py; a value is never read as a template again.
"""

from __future__ import annotations

SENDER_NAME = "{organisation} email checks"
GREETING = "Hello"
YOU = "You"
NO_SUBJECT = "(no subject)"
NO_REASON = "It could not be checked."

# Headings that several notices share.

WHY = "Why"
WHY_HELD = "Why it was stopped"
NEXT = "What happens next"
CAN_DO = "What you can do"
TO_DO = "What to do now"

# The end of every notice.

REPLY_TO_CONTACT = "Questions? Reply to this email. It goes to {contact}."
ASK_SOMEBODY = "Questions? Ask the person who looks after email at {organisation}, and give the reference."
REFERENCE = "Reference {ref}"
REFERENCE_HELD = "Reference {ref} · Held at {moment}"
FOR_IT = "For IT: stopped by {rule}, policy version {revision}."
THE_CONTACT = "{contact}"
NO_CONTACT = "the person who looks after email"
THE_DEADLINE = "the deadline"

# Held.

HELD_SUBJECT = "Not sent yet: {subject}"
HELD_LEAD = "Your email has not been sent yet. We stopped it so that it can be checked first."
ADDRESSED = "It is addressed to {people}, {outside} of them outside {organisation}. It has not been sent to anyone."
ADDRESSED_OUTSIDE = "It is addressed to {people} outside {organisation}. It has not been sent to anyone."
ADDRESSED_INSIDE = "It is addressed to {people}. It has not been sent to anyone."
FOUND = "This is what we found in it:"
HELD_NEXT = (
    "Somebody at {organisation} has until {due} to decide about it. You do not need to do anything: "
    "we will tell you what was decided."
)
HELD_UNDECIDED = "If nobody decides by then, it will not be sent, and we will tell you."
HELD_NOTHING_LEFT = "This email cannot be sent. It ends as not sent by {due} at the latest, and we will tell you."
HELD_WAIT = "Wait. It can be {ways}, or not sent."
AS_IT_IS = "sent as it is"
SO_THAT_NOBODY_SEES = "sent so that people do not see each other's addresses"
WITHOUT_PARTS = "sent without the parts that should not leave"
HELD_CORRECT = "Or send a corrected email. Then ask {contact} to leave this one unsent, so that nobody gets both."
HELD_ONLY_CORRECT = "Send a corrected email. The reason above says what stands in the way of this one."
HELD_SEPARATE = "Send a separate copy to each person. Nobody sees anyone else's address."
HELD_ORIGINAL = "Send it exactly as it is."
HELD_CANCEL = "Or cancel it, and send a corrected email."
HELD_LINK = "Choose what should happen to your email"
HELD_LINK_ABOUT = (
    "This link is for this one email, and works until {due}. Opening it changes nothing: on the page you choose, and "
    "type a short code that you see there. You need no account."
)
HELD_URGENT_LINK = (
    "If somebody's care or safety depends on this email, do not wait: choose “This cannot wait” on that page, "
    "reach the people in another way, or tell {contact}."
)
HELD_URGENT = (
    "If somebody's care or safety depends on this email, do not wait: reach the people in another way, "
    "and tell {contact} that it is urgent."
)
HELD_EARLIER = (
    "1 email of yours was also held a short while ago, without a notice:",
    "{emails} of yours were also held a short while ago, without a notice each:",
)

# Several held at once.

SEVERAL_SUBJECT = "Not sent yet: {emails}"
SEVERAL_LEAD = (
    "1 email of yours has not been sent yet. We stopped it so that it can be checked first.",
    "{emails} of yours have not been sent yet. We stopped them so that they can be checked first.",
)
SEVERAL_WHY = "They were held within a few minutes, so we tell you about them together."
SEVERAL_NEWEST = "The newest was held for this reason: {reason}"
SEVERAL_NEXT = "Somebody at {organisation} has until then to decide about each of them. You do not need to do anything."
SEVERAL_UNDECIDED = "Those that nobody decides in time will not be sent. We will tell you what becomes of each of them."
SEVERAL_ITEM = "“{subject}”, to be decided by {due} ({ref})"
SEVERAL_LINKS = (
    "Each link is for one of them. Opening it changes nothing: on the page you choose what should happen, and type a "
    "short code that you see there."
)
SEVERAL_REST = "and {emails} more"
SEVERAL_LIMIT = "If more of your emails are held in the next few minutes, we will tell you about them together again."

# Waiting, and then sent by itself.

WAITING_SUBJECT = "Waiting until {due}: {subject}"
WAITING_LEAD = "Your email has not been sent yet. It waits until {due}, so that you can think again."
WAITING_NOTHING = "If you do nothing, it is sent {what} at {due}. Then it cannot be taken back."
WAITING_FORMS = {
    "original": "as you wrote it",
    "separate": "as a separate copy to each person outside",
    "bcc": "with the people outside hidden from each other",
}
WAITING_NOW = "Send it now."
WAITING_CANCEL = "Cancel it. Then nobody receives it."
WAITING_SOME = "Leave some people out, and let the others have it."
WAITING_URGENT = "Say that it cannot wait. It is then sent at once."
WAITING_ASK = "To stop it, tell {contact} before then, and give the reference."

# Sent after a check.

SENT_SUBJECT = "Being sent: {subject}"
SENT_LEAD = "Your email was checked and is now being sent. You do not need to do anything."
SENT_DELAYED_LEAD = "Your email waited, and is now being sent. You do not need to do anything."
SENT_WHAT = "What was decided"
SENT_BY = "{by} decided this at {moment}."
SENT_AT = "This was decided at {moment}."
SENT_ORIGINAL = "It is being sent exactly as you wrote it, to {people}."
SENT_CLEANED = "It is being sent to {people}, without the parts that should not leave {organisation}."
SENT_BCC = "It is being sent to {people}. The people outside {organisation} will not see each other's addresses."
SENT_SEPARATE = (
    "It is being sent as separate copies to {people} outside {organisation}. "
    "Nobody there will see anyone else's address."
)
SENT_SEPARATE_INSIDE = "The people at {organisation} get it as you wrote it."
SENT_FAILURES = "If it cannot be delivered to somebody, you will get a message that says to whom."

# Not sent.

NOT_SENT_SUBJECT = "Not sent: {subject}"
NOT_SENT_LEAD = "Your email was not sent to anyone."
REJECTED_LEAD = NOT_SENT_LEAD + " It was checked, and somebody decided that it should not be sent."
REJECTED_NOTE = "{by} wrote"
REJECTED_NOTE_UNSIGNED = "The person who checked it wrote"
REJECTED_AGAIN = "If it is still needed, send a new email that puts this right. The old one cannot be sent any more."
REJECTED_MISTAKE = "If you think that this was a mistake, tell {contact}, and give the reference."
CANCELLED_LEAD = "Your email was cancelled. Nobody received it."
CANCELLED_BY = "{by} cancelled it at {moment}."
CANCELLED_FOLDER = "You may still see it in your Sent folder, but it was not sent."
CANCELLED_AGAIN = "If it was cancelled by mistake, send it again."
EXPIRED_LEAD = NOT_SENT_LEAD + " Nobody decided about it by {due}. We are sorry for the delay."
EXPIRED_AGAIN = "If it is still needed, send it again, and tell {contact} that it is waiting."
EXPIRED_URGENT = "If somebody's care or safety depends on it, do not wait: reach the people in another way."
EXPIRED_FOLDER = "You may see it in your Sent folder, but nobody received it."

# The week.

WEEK_SUBJECT = "Your held emails, {days}"
WEEK_DAYS = "{first} to {last}"
WEEK_LEAD = ("1 email of yours was held.", "{emails} of yours were held.")
WEEK_FORMS = {
    "separate": "sent as separate copies",
    "bcc": "sent with Bcc",
    "original": "sent exactly as written",
    "cleaned": "sent without the parts that should not leave",
}
WEEK_LINE = "{count:,} {what}"
WEEK_REJECTED = "not sent, because somebody decided so"
WEEK_CANCELLED = "cancelled by the sender"
WEEK_EXPIRED = "not sent, because nobody decided in time"
WEEK_WAITING = "{emails} still waiting for a decision."
WEEK_WAITING_NONE = "Nothing is waiting for a decision."
WEEK_TIP = "Tip: to write to a group of people, send each a separate copy, or use a bulk email tool."
WEEK_OFF = "To get no more of these summaries, ask {contact}."
WEEK_MEDIAN = "Half of the decisions took {duration} or less."
REVIEW_WEEK_SUBJECT = "Email checks, {days}: {organisation}"
REVIEW_WEEK_LEAD = ("1 email was held.", "{emails} were held.")
REVIEW_WEEK_OFF = (
    "No details of people or emails are in this summary. Whoever looks after mailguard can switch it off "
    "(notices.weekly)."
)

# To whom others turn to: the 72 hours of a breach (UK GDPR Article 33(1)). It names the incident and nothing of it.

CLOCK_SUBJECT = ("1 hour left to report incident {ref}", "{count} hours left to report incident {ref}")
CLOCK_OVER_SUBJECT = "The 72 hours to report incident {ref} are over"
CLOCK_LEAD = "The 72 hours in which incident {ref} has to be reported, if it has to be, end at {moment}."
CLOCK_OVER_LEAD = (
    "The 72 hours in which incident {ref} had to be reported, if it had to be, ended at {moment}. A report that "
    "comes later says why."
)
CLOCK_UNDECIDED = "Nobody has recorded yet whether the Information Commissioner is told."
CLOCK_TO_REPORT = "It was decided to tell the Information Commissioner, and nobody has recorded that this was done."
CLOCK_DO_LOOK = "Read what is known: mailguard incident show {ref}, or as a notification: mailguard incident form."
CLOCK_DO_DECIDE = "Record the decision, also not to report: mailguard incident decide {ref}"
CLOCK_DO_TOLD = "If it was reported, record when: mailguard incident revise {ref} --set notified_ico_at=..."

# To the reviewers, of what is held and of what the sender may not be told: no subject line, no address, no name.

REVIEW_HELD_SUBJECT = "1 held email needs a decision by {due}"
REVIEW_HELD_LEAD = "An email is held, and its sender could not be told."
REVIEW_NEEDED_LEAD = "An email is held and needs a decision. Its sender is told that it is held."
REVIEW_HELD_RULE = "The rule “{rule}” stopped it."
REVIEW_DECIDE = (
    "To look at it: mailguard held show {ref} --text. To decide: mailguard held release, or mailguard held reject."
)
REVIEW_LINK = "To look at it and to decide, sign in to mailguard"
REVIEW_LINK_LIST = "To look at what is held and to decide, sign in to mailguard"
REVIEW_NO_ACCOUNT = "If you cannot sign in there, ask whoever looks after mailguard for an account."
REVIEW_EARLIER = "Before that, without a notice each: {emails}"
REVIEW_HELD_NEXT = "If nobody decides by {due}, it will not be sent."
REVIEW_ASKED_SUBJECT = "You are asked to decide about a held email by {due}"
REVIEW_ASKED_LEAD = "Another reviewer asks you to decide about a held email."
REVIEW_ASKED_THERE = "Who asks you, and what they wrote, is there too."
REVIEW_ASKED_NEXT = "Sign in to mailguard and look for {ref}. " + REVIEW_ASKED_THERE
ASKED_REVIEWERS = "all reviewers of this message"
ASKED_ESCALATION = "the escalation contacts"
REVIEW_URGENT_SUBJECT = "Urgent: a held email cannot wait, says its sender ({ref})"
REVIEW_URGENT_LEAD = "A sender says that their held email cannot wait. Please decide about it now."
REVIEW_URGENT_WHY = "The reason that they gave is in the console, where the email stands first in the list."
REVIEW_REMINDED_SUBJECT = "Reminder: {emails} to decide about (the first by {due})"
REVIEW_REMINDED_LEAD = "{emails} still to decide about. Half of the time is over."
REVIEW_PRESSED_SUBJECT = "Soon too late: {emails} to decide about (the first by {due})"
REVIEW_PRESSED_LEAD = "{emails} still to decide about, and most of the time is over. The first is due by {due}."
REVIEW_REMINDED_NEXT = "What nobody decides by its deadline is not sent, and somebody may be waiting for it."
REVIEW_ENDED_SUBJECT = "A held email: its sender could not be told what became of it"
REVIEW_ENDED_LEAD = "{outcome} Its sender could not be told."
REVIEW_RELEASED = "A held email was released and is now being sent."
REVIEW_REJECTED = "A held email was checked and was not sent."
REVIEW_CANCELLED = "A held email was cancelled and was not sent."
REVIEW_EXPIRED = "Nobody decided about a held email by its deadline. It was not sent."
REVIEW_FAILED_SUBJECT = "An email could not be delivered, and its sender could not be told"
REVIEW_FAILED_LEAD = "An email could not be delivered to {people}, and its sender could not be told."
REVIEW_WHY_NOT_TOLD = "Why the sender was not told"
REVIEW_SEVERAL_SUBJECT = "{emails} to look at"
REVIEW_SEVERAL_LEAD = (
    "Since {moment} there is 1 email to look at. It needs a decision, or its sender could not be told what became of "
    "it.",
    "Since {moment} there are {emails} to look at. Each needs a decision, or its sender could not be told what became "
    "of it.",
)
REVIEW_DECISIONS_SUBJECT = "{emails} to decide about (the first by {due})"
REVIEW_DECISIONS_LEAD = (
    "Since {moment} there is 1 email to decide about. It is held; its sender is told that.",
    "Since {moment} there are {emails} to decide about. They are held; their senders are told that.",
)
REVIEW_ITEM_HELD = "{ref}, to be decided by {due}"
REVIEW_ITEM_HELD_UNTOLD = "{ref}, to be decided by {due}; its sender could not be told"
REVIEW_ITEM_UNTOLD = "{ref}; its sender could not be told"
REVIEW_ASK = "The record of an email is found by its reference. Whoever looks after mailguard can open it."
REVIEW_NEXT_ASK = "Please see that the people who need to know hear of it."
REVIEW_LIMIT = "So many emails were concerned within a few minutes that you are told about them together."

# The canary: the guard's test of itself.

CANARY_FAILED_SUBJECT = "Alarm: emails that show people to each other may be leaving"
CANARY_DEFERRING_SUBJECT = "Alarm: no new email is being sent, because mailguard's test of itself fails"
CANARY_NOT_DEFERRING = "Email is still being sent. People outside may see who else it was sent to."
CANARY_DEFERRING = "No new email is being sent. Mail programs keep it and try again; nothing is lost."
CANARY_FAILED = "mailguard tested itself with invented emails, and the test failed twice."
CANARY_FOUND = "What went wrong"
CANARY_DO_POLICY = "If the rules were changed lately, put them back as they were. That is the most likely cause."
CANARY_DO_RUN = "Ask whoever looks after mailguard to run: mailguard canary run. It says what is wrong now."
CANARY_DO_STOP = "Until this is mended, do not send to many people outside at once."
CANARY_UNTIL = "The test was made at {moment}. It is repeated by itself, and we will tell you when it passes again."
CANARY_RECOVERED_SUBJECT = "All clear: mailguard's test of itself passes again"
CANARY_RECOVERED_LEAD = "mailguard's test of itself, which had failed, passed at {moment}."
CANARY_RECOVERED_NEXT = (
    "You do not need to do anything. If many people outside were written to meanwhile, see what they could read."
)

NOT_TOLD_NULL_PATH = "The email has no return address, as is usual for automatic replies."
NOT_TOLD_OUTSIDE = "Its return address is not at {organisation}."
NOT_TOLD_UNTRUSTED = "It did not come through a sign-in or from an allowed computer, so the sender may be forged."
NOT_TOLD_ANOTHER = "The account that it was sent with may not use its return address, which may be somebody else's."
NOT_TOLD_AUTOMATIC = "It was sent by a computer program or to a mailing list, where nobody reads replies."
NOT_TOLD_UNREAD = "Its return address is one that nobody reads."
NOT_TOLD_AS_BEFORE = "The sender could not be told when the email was held either."
NOT_TOLD_UNWRITABLE = "Its return address cannot be written to."

# Delivery status notifications.

FAILED_SUBJECT = "Not delivered: {subject}"
FAILED_LEAD = "Your email could not be delivered to {people}."
FAILED_OTHERS = "This is only about the people listed here, not about anybody else that it was sent to."
DELAYED_SUBJECT = "Not delivered yet: {subject}"
DELAYED_LEAD = "Your email has not reached {people} yet. You do not need to do anything: we keep trying."
DELAYED_UNTIL = "We will tell you if it has still not been delivered by {due}."
DONE_SUBJECT = "Passed on: {subject}"
DONE_LEAD = "Your email was passed on for {people}. The next mail server may not confirm when it arrives."
RECIPIENTS = "Who it concerns"
RECIPIENT_SAID = "{address}: {reason} The mail server said: {said}"
RECIPIENT = "{address}: {reason}"
RECIPIENTS_REST = "and {people} more, listed in the attached report"
FAILED_DO = "Check each address for a spelling mistake, and send your email again to the right one."
FAILED_DO_OTHER = "If the address is right, reach the person in another way, or ask them whether their mailbox works."
REPORT_NOTE = "The attached report is for your IT support. Your email's text is not in it."

WHY_ADDRESS = "this address does not exist or does not take mail."
WHY_MAILBOX = "the mailbox is full or does not take this email."
WHY_NETWORK = "the mail server could not be reached in time."
WHY_EXPIRED = "it could not be delivered for {duration}, so we stopped trying."
WHY_CONTENT = "the mail server does not take this kind of email."
WHY_POLICY = "the mail server refused it by its rules."
WHY_OTHER = "the mail server refused it."
WHY_DELAYED = "the mail server asked us to try again later."
WHY_PASSED_ON = "passed on."


def people(count: int) -> str:
    """For example "1 person" and "1,204 people"."""
    return f"{count:,} {'person' if count == 1 else 'people'}"


def emails(count: int) -> str:
    """For example "1 email" and "12 emails"."""
    return f"{count:,} {'email' if count == 1 else 'emails'}"


def of_emails(forms: tuple[str, str], count: int, **values: str) -> str:
    """A sentence about so many emails: the first form for one, the second, with {emails} in it, for other numbers."""
    return forms[count != 1].format(emails=emails(count), **values)


def sentence(text: str) -> str:
    """A reason as a sentence: a capital first, a full stop last. Empty stays empty."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…" else ".")
