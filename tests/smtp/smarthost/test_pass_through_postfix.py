"""A client's own sign-in at a real Postfix with a real Dovecot behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailguard.core.rewrite.content import Content
from mailguard.core.sign_in import Credentials, SignInOutcome
from mailguard.smtp.routes import SmarthostRoutes
from tests.guard.world import SESSION
from tests.peers.authority import Authority
from tests.peers.dovecot import token
from tests.peers.submission import Submission

from .samples import MESSAGE, A, envelope, outcomes, settings

ACCOUNT, PASSWORD = "jo@elmroad.example", "pass word"
ANNA = replace(SESSION, identifier="a" * 16, bound=True, account=ACCOUNT)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def submission(authority: Authority) -> Iterator[Submission]:
    with Submission(authority, {ACCOUNT: PASSWORD}) as found:
        yield found


def credentials(mechanism: str, *, right: bool = True) -> Credentials:
    password = PASSWORD if right else "wrong"
    bearer = token(ACCOUNT) if right else "nonsense"
    responses = {
        "PLAIN": (f"\0{ACCOUNT}\0{password}",),
        "LOGIN": (ACCOUNT, password),
        "XOAUTH2": (f"user={ACCOUNT}\1auth=Bearer {bearer}\1\1",),
        "OAUTHBEARER": (f"n,a={ACCOUNT},\1auth=Bearer {bearer}\1\1",),
    }[mechanism]
    return Credentials(mechanism, ACCOUNT, tuple(each.encode() for each in responses))


def routes(submission: Submission, authority: Authority, tls: str) -> SmarthostRoutes:
    port = submission.starttls if tls == "required" else submission.implicit
    made = settings(port, address=f"localhost:{port}", tls=tls, ca_file=authority.ca_file, connect_timeout_seconds=15)
    return SmarthostRoutes([made], hostname="guard.elmroad.example")


@pytest.mark.parametrize("tls", ["required", "implicit"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"])
async def test_signed_in_and_sent(submission: Submission, authority: Authority, mechanism: str, tls: str) -> None:
    found = routes(submission, authority, tls)
    try:
        await found.refresh()
        assert mechanism in found.sign_in.mechanisms()
        answer = await found.sign_in.sign_in(ANNA, credentials(mechanism))
        assert answer.outcome is SignInOutcome.ACCEPTED, submission.postfix.log()[-2000:]
        for _ in range(2):
            connected = await found.connect(ANNA)
            assert outcomes(await connected.transmit(envelope(), Content(MESSAGE))) == [A]
            await connected.release()
        assert f"sasl_method={mechanism}, sasl_username={ACCOUNT}" in submission.postfix.log()
    finally:
        await found.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"])
async def test_refused(submission: Submission, authority: Authority, mechanism: str) -> None:
    found = routes(submission, authority, "required")
    try:
        await found.refresh()
        async with asyncio.timeout(30):
            answer = await found.sign_in.sign_in(ANNA, credentials(mechanism, right=False))
        assert answer.outcome is SignInOutcome.REFUSED and answer.reply is not None and answer.reply.code == 535
        assert (answer.challenge is not None) is ("OAUTH" in mechanism)
    finally:
        await found.close()
