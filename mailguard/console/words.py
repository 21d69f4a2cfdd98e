"""Everything that the console says, in one place, so that it can change and be translated. CONSOLE.md has the tone:
consequence first, no jargon, sentence case. `{...}` is filled in by whoever shows it, and escaped by the template.
"""

from __future__ import annotations

from ..core.account import ADMIN, ESCALATION, REVIEWER, VIEWER

PRODUCT = "mailguard"
TITLE = "{page} – mailguard"
ERROR_TITLE = "Error: {page} – mailguard"
SKIP = "Skip to main content"
NAVIGATION = "Pages"
NAV_ACCOUNT = "Your account"
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
SIGN_IN_WRONG_HINT = "A code works once: wait for the next one if you used it already."
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
START_FOR = "The account is {name}. Its old password and its old app stop working."
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
FACTOR_STEP_TYPE = "If you cannot scan it, type this key into the app:"
FACTOR_STEP_URI = "On the phone itself you can also open this address:"
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
}
ROLE_FOR_ALL = "{what}"
ROLE_FOR_TEAM = "{team}: {what}"
