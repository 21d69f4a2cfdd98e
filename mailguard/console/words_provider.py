"""What the pages say about the organisation's own sign-in service: a part of the catalogue (words.py)."""

from __future__ import annotations

from ..guard.console.federation import Trouble

BUTTON = "Sign in with {label}"
LOCAL = "Use a mailguard account"
HELP = "Cannot sign in? Ask {contact}."

GOING_TITLE = "You are going to the sign-in page"
GOING = "If nothing happens, go there yourself."
GOING_LINK = "Go to the sign-in page"

NO_ACCESS_TITLE = "You have not been given access"
NO_ACCESS = (
    "You are signed in to {organisation} as {mailbox}, but you have not been given access to mailguard. Ask {contact}."
)
NO_MAILBOX_TITLE = "We do not know your email address"
NO_MAILBOX = (
    "You are signed in to {organisation}, but its sign-in service does not tell mailguard an email address of yours "
    "that it has confirmed, so you cannot be let in. Ask {contact}."
)
NO_LOCAL_TITLE = "Sign in with {label}"
NO_LOCAL = "Accounts of mailguard’s own are switched off. Sign in with {label}, or ask {contact}."

STALE = "Your sign-in took too long. Start again"
REFUSED = "The sign-in service did not sign you in. Start again. If it happens again, ask {contact}"
SILENT = "The sign-in service is not answering. If this is urgent, ask {contact}"
SILENT_LOCAL = (
    "The sign-in service is not answering. If this is urgent, somebody with a mailguard account can sign in below: ask "
    "{contact}"
)

# Settings.

SETTINGS_LINK = "How people sign in, and a test with your own account"
TITLE = "How people sign in"
LEAD = "This comes from the file mailguard.yaml on the server, and is changed there."
SERVICE = "People sign in with {label}, at {issuer}."
NO_SERVICE = (
    "People sign in with accounts of mailguard’s own. There is no sign-in service of your organisation in the settings."
)
LOCAL_ON = (
    "Accounts of mailguard’s own can sign in too. Keep one for an administrator: it is the way in while the sign-in "
    "service does not answer."
)
LOCAL_OFF = (
    "Accounts of mailguard’s own are switched off. While the sign-in service does not answer, nobody can sign in."
)
LOCAL_ALONE_HINT = (
    "Before you switch off accounts of mailguard’s own (local_accounts: false): sign in with {label} as an "
    "administrator once. The command \u201cmailguard check\u201d refuses the settings until somebody did."
)
GROUPS_TITLE = "What groups may do"
ROLES = "What its members may do"
TRY_TITLE = "Test with your own account"
TRY_LEAD = (
    "You sign in at the service, and see here what it says of you and what you could do with it. Nothing changes, and "
    "you stay signed in as you are."
)
TRY_BUTTON = "Test with my account"
TRIED_TITLE = "What came of your test"
TRIED_AT = "Tested at {at}."
TRIED_IN = "You would be let in."
TRIED_OUT = {
    Trouble.STALE: "The test took too long, or came back to another browser. Test again.",
    Trouble.SILENT: (
        "The service does not answer, or not as it should. The log on the server says why (oidc_unavailable)."
    ),
    Trouble.REFUSED: (
        "Nobody was signed in, or what the service says cannot be trusted. The log on the server says why "
        "(oidc_refused)."
    ),
    Trouble.NO_MAILBOX: "You would not be let in: the service names no email address that it has confirmed.",
    Trouble.NO_ACCESS: "You would not be let in: none of your groups stands in the settings, or you are locked here.",
}
TRIED_SUBJECT = "Who you are there (subject)"
TRIED_MAILBOX = "Email address"
TRIED_UNCONFIRMED = "{mailbox} (not confirmed by the service)"
TRIED_GROUPS = "Groups that it names"
TRIED_KNOWN = "Of these, in the settings"
TRIED_ROLES = "What you could do"
NONE = "none"
MANY_GROUPS = "and {count:,} more"
