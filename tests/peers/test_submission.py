"""The peers themselves: a Postfix with sign-in takes mail from whoever signed in, over TLS, and from nobody else."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.mailing import message
from tests.end_to_end.service import eventually
from tests.peers.authority import Authority
from tests.peers.dovecot import token
from tests.peers.submission import Submission

ACCOUNT, PASSWORD = "jo@elmroad.example", "pass word"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def submission(authority: Authority) -> Iterator[Submission]:
    with Submission(authority, {ACCOUNT: PASSWORD}) as found:
        yield found


def session(submission: Submission, authority: Authority, tls: str = "starttls") -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    if tls == "implicit":
        return smtplib.SMTP_SSL("localhost", submission.implicit, "pc.example", timeout=20, context=context)
    found = smtplib.SMTP("localhost", submission.starttls, "pc.example", timeout=20)
    found.starttls(context=context)
    return found


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_mail_of_somebody_who_signed_in(submission: Submission, authority: Authority, tls: str) -> None:
    raw = message(to=f"one@{tls}.example")
    with session(submission, authority, tls) as client:
        client.ehlo()
        assert set(client.esmtp_features["auth"].split()) == {"PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"}
        client.login(ACCOUNT, PASSWORD)
        client.sendmail(ACCOUNT, [f"one@{tls}.example"], raw)
    eventually(lambda: any(each.content.endswith(raw) for each in submission.postfix.messages))
    assert "sasl_method=PLAIN, sasl_username=jo@elmroad.example" in submission.postfix.log()


def plain(password: str) -> str:
    return f"\0{ACCOUNT}\0{password}"


def xoauth2(bearer: str) -> str:
    return f"user={ACCOUNT}\1auth=Bearer {bearer}\1\1"


def oauthbearer(bearer: str) -> str:
    return f"n,a={ACCOUNT},\1auth=Bearer {bearer}\1\1"


@pytest.mark.parametrize("make", [xoauth2, oauthbearer])
def test_tokens(submission: Submission, authority: Authority, make: Callable[[str], str]) -> None:
    mechanism = make.__name__.upper()
    for bearer, expected in ((token(ACCOUNT), 235), (token(ACCOUNT, -60), 535), (token("ann@elmroad.example"), 535)):
        with session(submission, authority) as client:
            client.ehlo()
            code, text = client.docmd("AUTH", f"{mechanism} {base64.b64encode(make(bearer).encode()).decode()}")
            if code == 334:  # what is wrong, as JSON; RFC 7628 section 3.2.3
                code, text = client.docmd("AQ==" if mechanism == "OAUTHBEARER" else "")
            assert code == expected, text


def test_nobody_else(submission: Submission, authority: Authority) -> None:
    with session(submission, authority) as client:
        client.ehlo()
        code, _ = client.docmd("AUTH", f"PLAIN {base64.b64encode(plain('wrong').encode()).decode()}")
        assert code == 535
        client.mail(ACCOUNT)
        assert client.rcpt("one@out.example")[0] == 554
    with smtplib.SMTP("localhost", submission.starttls, "pc.example", timeout=20) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.mail(ACCOUNT)[0] == 530


def test_its_certificate_counts(submission: Submission, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(ssl.SSLCertVerificationError):
        session(submission, Authority(tmp_path / "other"))
