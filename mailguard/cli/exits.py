"""How commands end (INTERFACE.md "Commands"): one status for each kind of ending, the same with and without --json."""

from __future__ import annotations

from enum import IntEnum

from ..core import errors
from ..core.document import DocumentErrors
from ..core.errors import MailguardError
from ..serve import control


class Status(IntEnum):
    """Exit statuses."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_ALLOWED = 4
    DECIDED = 5
    INTERNAL = 70
    INTERRUPTED = 130


STATUSES: tuple[tuple[type[MailguardError], Status], ...] = (
    (errors.AlreadyDecided, Status.DECIDED),
    (errors.NotAllowed, Status.NOT_ALLOWED),
    (errors.FormDoesNotFit, Status.USAGE),
    (errors.FormForbidden, Status.USAGE),
    (errors.CannotRewrite, Status.NOT_ALLOWED),
    (errors.IllegalTransition, Status.NOT_ALLOWED),
    (errors.UnknownReference, Status.USAGE),
    (errors.UnknownAccount, Status.USAGE),
    (errors.AccountExists, Status.USAGE),
    (errors.AccountRefused, Status.USAGE),
    (errors.IncidentRefused, Status.USAGE),
    (errors.ReferenceTaken, Status.USAGE),
    (errors.SettingsError, Status.USAGE),
    (DocumentErrors, Status.USAGE),
    (control.BadArguments, Status.USAGE),
    (errors.BackupBroken, Status.FINDINGS),
    (control.Conflict, Status.UNREACHABLE),
    (errors.StoreUnavailable, Status.UNREACHABLE),
    (errors.ArchiveUnreachable, Status.UNREACHABLE),
    (errors.PasswordsUnavailable, Status.UNREACHABLE),
    (control.ServiceNotRunning, Status.UNREACHABLE),
    (control.ServiceUnreachable, Status.UNREACHABLE),
    (control.InternalError, Status.INTERNAL),
)


def status_of(error: BaseException) -> Status:
    """The status for an error: the first kind in STATUSES that it is; whatever is not listed is INTERNAL."""
    if isinstance(error, KeyboardInterrupt):
        return Status.INTERRUPTED
    return next((status for kind, status in STATUSES if isinstance(error, kind)), Status.INTERNAL)
