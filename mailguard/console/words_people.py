"""What the pages about accounts and settings say: a part of the catalogue (words.py)."""

from __future__ import annotations

TITLE = "People"
LEAD = "Who may sign in here, and what they may do. Every change is recorded."
NOBODY_DECIDES = (
    "Nobody can decide about held messages here yet. Add whoever decides as a reviewer: what nobody decides about by "
    "its deadline is not sent."
)
NAME = "Account name"
ROLES = "What they may do"
LOCKED = "Locked"
WITH_FACTOR = "Can sign in"
WITHOUT_FACTOR = "Has not set up the app on the phone yet"
SENDS_ONLY = "Sends mail, does not use these pages"
ELSEWHERE = "Signs in with {label}"
ELSEWHERE_NOTHING = "Signs in with {label}, and is in no group any more that may do something here"
ELSEWHERE_NO_MORE = "Cannot sign in: signed in with a service that is not in the settings any more"
ELSEWHERE_ROLES = "What they may do, as their groups were when they signed in last. It is changed there, not here."
CHANGE = "Change"
YOU = "(you)"

ADD_TITLE = "Add somebody"
ADD_NAME_HINT = "Their email address is best"
ADD_BUTTON = "Add and make a one-time link"
ROLE_SENDER = "May sign in to send mail"
ROLE_ADMIN = (
    "Administrator: looks after accounts and health, keeps the register of incidents, and sees no subjects, people and "
    "text"
)
ROLE_VIEWER = "Viewer: sees what is held and why, without subjects, people and text"
ROLE_REVIEWER = "Reviewer: sees held messages whole, and decides"
ROLE_ESCALATION = "Whom others turn to: sees what a viewer sees"
ROLE_REVEAL = "Besides reviewer: may have rows of attachments shown unmasked for ten minutes, with a reason"
ROLE_DOWNLOAD = "Besides reviewer: may take held messages and attachments along as files"
ROLE_FOR_ALL = "{role} (everybody’s mail)"
ROLE_REGISTERS = "{role} (everybody’s mail), and keeps the register of incidents"
ROLE_FOR_TEAM = "{role} (team {team})"
ROLES_NONE = "Choose at least one"

PERSON_TITLE = "Change {name}"
SAVE_ROLES = "Save what they may do"
LOCK = "Lock this account"
LOCK_HINT = "They are signed out and cannot sign in until somebody unlocks them."
UNLOCK = "Unlock this account"
SIGN_OUT = "Sign out everywhere"
SESSIONS = ("They are signed in at 1 browser.", "They are signed in at {count:,} browsers.")
LINK = "Make a one-time link"
LINK_HINT = "With it they choose another password and set up the app again. The old ones work until they use it."
AGAIN = "Take away password and app, and make a one-time link"
AGAIN_HINT = "For a lost phone, or a password that somebody else may know: nobody gets in until they use the link."

LINK_TITLE = "A one-time link for {name}"
LINK_GIVE = "Give them this link, in person or on a way that you trust. It works once, for {minutes} minutes."
LINK_ONCE = "It is shown this once. If it gets lost, make another."
LINK_NONE = "They do not use these pages, so they need no link. A password for sending mail is set on the server."
BACK = "Back to people"

DONE = {
    "roles": "What they may do was changed.",
    "locked": "The account is locked.",
    "unlocked": "The account is unlocked.",
    "signed-out": "They are signed out everywhere.",
}
LAST_ADMIN = "This is the last administrator who can sign in. Make somebody else one first"
UNKNOWN = "There is no such account any more"
CONFLICT = "Somebody else changed this account a moment ago. Look again"

# Settings.

SETTINGS_TITLE = "Settings"
SETTINGS_LEAD = (
    "These come from the file mailguard.yaml on the server, and are changed there. Passwords and keys are not shown."
)
SETTINGS_TEAMS = "Teams"
SETTINGS_TEAM = "{name}: {senders}"
SETTINGS_TEAM_SENSITIVE = "{name}: {senders} (their mail says something about people)"
SETTINGS_NO_TEAMS = "There are no teams: every sender stands alone."
SETTINGS_CAPTION = "Settings in force"
