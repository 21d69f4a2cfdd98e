"""The tree of errors that the house raises on purpose. Messages: lower case, input quoted, no class names."""

from __future__ import annotations


class MailguardError(Exception):
    """Base of all errors that are expected and explained. str() is for an admin, never for the wire."""


class IllegalTransition(MailguardError):
    """A state change that the lifecycle table does not have."""


class AlreadyDecided(MailguardError):
    """Somebody else decided first: the conditional UPDATE found another version or state."""


class ReferenceTaken(MailguardError):
    """A new reference is already in use; pick another."""


class UnknownReference(MailguardError):
    """There is no such message."""


class NotAllowed(MailguardError):
    """The actor may not do this, for example approve twice."""


class CannotRewrite(MailguardError):
    """A rewrite would break the message or leave an address in it. str() is a sentence for the reviewer."""


class FormForbidden(CannotRewrite):
    """A rule forbids the form that was asked for; str() says which are left."""


class UnknownAccount(MailguardError):
    """There is no account of this name."""


class AccountExists(MailguardError):
    """A new account has the name of one that is there."""


class AccountRefused(MailguardError):
    """A name, a role or a password that no account may have; the text says why."""


class PasswordsUnavailable(MailguardError):
    """Passwords cannot be tried now: too many at once, or no memory for it."""


class FormDoesNotFit(CannotRewrite):
    """The form that was asked for can hide nobody in such a message; another form can."""


class IncidentRefused(MailguardError):
    """A record of an incident that may not be saved; str() says why, a field a line, without what stands in it.

    faults: the same, each as the path of the field and a sentence.
    """

    def __init__(self, text: str, faults: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.faults = faults


class StoreUnavailable(MailguardError):
    """The store cannot be reached, is full, locked or broken."""


class SettingsError(MailguardError):
    """Settings that cannot be used; the text says which, why, and what to do."""


class ArchiveUnreachable(MailguardError):
    """The server that mail is to be read from does not answer, or broke off; the text says which and why."""


class ServiceSilent(MailguardError):
    """The organisation's own sign-in service does not answer, or not as such a service does."""


class NotBelieved(MailguardError):
    """What came back from a sign-in elsewhere cannot be trusted; str() says why, without anything that it says."""


class BackupBroken(MailguardError):
    """A backup that is not what its manifest says, or whose ledger is not whole."""
