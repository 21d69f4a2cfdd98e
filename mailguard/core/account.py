"""The guard's own accounts: what a name, a role and a password may be. Pure; a fault is a sentence for an admin.

Contract: `canonical_account` is the one form in which names are compared, `prepare_password` the one form in which
passwords are hashed, when they are set and when a client signs in (RFC 8265 OpaqueString, without its refusals of
characters that the next version of Unicode may allow). There are no rules of composition (NIST SP 800-63B section
3.1.1.2): length, not the name, and not one of the worst.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from .federated import PREFIX
from .mail.canonical import canonical_address

SENDER = "sender"
VIEWER = "viewer"
REVIEWER = "reviewer"
ADMIN = "admin"
ESCALATION = "escalation"
REVEAL = "reveal"
DOWNLOAD = "download"
ROLES = {
    SENDER: "may sign in to send mail",
    VIEWER: "sees in the console what is held and why, without subjects, people and text",
    REVIEWER: "sees held messages in the console, with subjects, people and text",
    ADMIN: "looks after accounts and settings, and sees what a viewer sees",
    ESCALATION: "is whom others turn to about held messages, and sees what a viewer sees",
    REVEAL: "besides reviewer: may have the rows of an attachment shown unmasked, for ten minutes and with a reason",
    DOWNLOAD: "besides reviewer: may take a held message and its attachments along as they are",
}
TEAM_ROLES = frozenset({VIEWER, REVIEWER, ESCALATION, REVEAL, DOWNLOAD})
"""Those that can be given for one team, as `reviewer:sexual-health`; without a team they count for everybody's mail."""
MAX_NAME_CHARACTERS = 254
LEAST_PASSWORD_CHARACTERS = 12
MAX_PASSWORD_CHARACTERS = 256
LEAST_DIFFERENT_CHARACTERS = 5

_BLANK = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})
_AROUND_NAME = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_WORST_TEXT = (
    "password1234 password12345 password123456 passwordpassword mypassword123 passw0rd1234 p@ssw0rd1234 "
    "123456789012 1234567890123 12345678901234 123456789123 1234567891011 123123123123 0987654321098 098765432109 "
    "qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyuiopasdfgh qwerty123456 qwerty1234567 qwertyqwerty "
    "1q2w3e4r5t6y 1qaz2wsx3edc zaq12wsxcde3 asdfghjkl123 abcdefghijkl abcdefghijklm abc123abc123 abcd12345678 "
    "iloveyou1234 letmein12345 letmeinletmein welcome12345 welcome123456 changeme1234 changemechangeme "
    "administrator administrator1 correcthorsebatterystaple monkey123456 football1234 trustno1trustno1"
)
_WORST = frozenset(_WORST_TEXT.split())


def canonical_account(name: str) -> str:
    """The form in which names are compared: NFKC and lower case; of an address, its canonical form. Never raises."""
    return canonical_address(name)


def name_fault(name: str) -> str | None:
    """What is wrong with the name of a new account, None for a good one."""
    if not name or len(name) > MAX_NAME_CHARACTERS:
        return f"a name has 1 to {MAX_NAME_CHARACTERS} characters"
    if any(unicodedata.category(character) in _BLANK for character in name):
        return "a name has no spaces and no invisible characters"
    if canonical_account(name).startswith(PREFIX):
        return f'names that begin with "{PREFIX}" are for who signs in with the organisation\'s own sign-in service'
    local, at, domain = canonical_account(name).rpartition("@")
    if at and not (local and domain):
        return "a name with an at sign is a whole address, for example reception@elmroad.example"
    return None


def roles_fault(roles: Sequence[str], teams: Collection[str] = ()) -> str | None:
    """What is wrong with the roles that an account shall have. teams: the names of those that there are."""
    for each in roles:
        role, colon, team = each.partition(":")
        if role not in ROLES:
            return f'there is no role "{role}"; the roles are: {", ".join(ROLES)}'
        if colon and role not in TEAM_ROLES:
            return f'the role "{role}" is not given for a team; these are: {", ".join(sorted(TEAM_ROLES))}'
        if colon and team not in teams:
            known = ", ".join(teams) or "none"
            return f'there is no team "{team}"; the teams of the settings (organisation.teams) are: {known}'
    return None if roles else "an account has at least one role; `mailguard user disable` locks it"


def prepare_password(password: str) -> str | None:
    """The form that is hashed (RFC 8265 section 4.2.2): NFC, other spaces as ASCII spaces. None for what is none.

    Upper and lower case and leading spaces count. Control characters and more than 256 characters are no password.
    """
    if not password or len(password) > MAX_PASSWORD_CHARACTERS:
        return None
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    prepared = unicodedata.normalize("NFC", spaced)
    return None if any(unicodedata.category(character) in ("Cc", "Cs") for character in prepared) else prepared


def password_fault(name: str, password: str) -> str | None:
    """What is wrong with a new password for the account of that name."""
    prepared = prepare_password(password)
    if len(password) < LEAST_PASSWORD_CHARACTERS:
        return f"a password has at least {LEAST_PASSWORD_CHARACTERS} characters; three or four words make a good one"
    if prepared is None:
        return f"a password has at most {MAX_PASSWORD_CHARACTERS} characters and no control characters"
    if _is_name(name, prepared):
        return "the name of the account is no password for it"
    if prepared.casefold() in _WORST or len(set(prepared.casefold())) < LEAST_DIFFERENT_CHARACTERS:
        return "this password is among the first that anybody tries"
    return None


def _is_name(name: str, password: str) -> bool:
    """The name, or its part before the at sign, also with digits and signs around it."""
    canonical = canonical_account(name)
    names = {canonical, canonical.rpartition("@")[0]} - {""}
    bare_names = names | {_AROUND_NAME.sub("", each) for each in names}
    folded = unicodedata.normalize("NFKC", password).casefold()
    return bool({folded, _AROUND_NAME.sub("", folded)} & (bare_names - {""}))
