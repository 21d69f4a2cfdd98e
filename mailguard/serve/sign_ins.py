"""What sign-ins are tried with, by the value of a listener's `sign_in` that asks for it."""

from __future__ import annotations

from collections.abc import Mapping

from ..guard.account_sign_in import AccountSignIn
from ..guard.ports import SignIn
from ..smtp.routes import SmarthostRoutes
from .parts import Parts


def sign_ins(parts: Parts, smarthost: SmarthostRoutes) -> Mapping[str, SignIn]:
    """One of each kind; a listener with `sign_in: none` finds nothing here, and nobody signs in there."""
    local = AccountSignIn(accounts=parts.store.accounts, passwords=parts.passwords, clock=parts.clock)
    return {"smarthost": smarthost.sign_in, "local": local}
