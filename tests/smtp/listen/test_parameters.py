"""ESMTP parameters, as a table."""

from __future__ import annotations

import pytest

from mailguard.smtp import replies
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.parameters import OF_MAIL, OF_RECIPIENT, parameter_trouble

ALL = Capabilities(eight_bit=True, smtputf8=True, dsn=True)


@pytest.mark.parametrize(
    "parameter",
    [
        b"SIZE=0",
        b"size=123",
        b"BODY=7bit",
        b"BODY=8BITMIME",
        b"SMTPUTF8",
        b"RET=full",
        b"ENVID=" + b"x" * 100,
        b"ENVID=QQ+2B+3D",
        b"AUTH=<>",
        b"AUTH=anna+40in.example",
        b"AUTH=a@b.example",
    ],
)
def test_mail(parameter: bytes) -> None:
    assert parameter_trouble([parameter], OF_MAIL, ALL) is None


@pytest.mark.parametrize(
    "parameter",
    [
        b"NOTIFY=NEVER",
        b"NOTIFY=never",
        b"NOTIFY=SUCCESS",
        b"NOTIFY=DELAY,FAILURE,SUCCESS",
        b"ORCPT=rfc822;a@b.example",
        b"ORCPT=utf-8;a+2Bb@\xc3\xbc.example",
        b"ORCPT=x-y;z",
    ],
)
def test_recipient(parameter: bytes) -> None:
    assert parameter_trouble([parameter], OF_RECIPIENT, ALL) is None


@pytest.mark.parametrize(
    "parameter",
    [
        b"NOTIFY",
        b"NOTIFY=",
        b"NOTIFY=NEVER,SUCCESS",
        b"NOTIFY=SUCCESS,NEVER",
        b"NOTIFY=SUCCESS,SUCCESS",
        b"NOTIFY=Delay,FAILURE,delay",
        b"NOTIFY=SUCCESS,",
        b"NOTIFY=,",
        b"ORCPT=rfc822",
        b"ORCPT=;a",
        b"ORCPT=rfc822;",
        b"ORCPT=rfc822;a+2b",
        b"ORCPT=rfc822;a+",
        b"ORCPT=rfc822;" + b"x" * 500,
    ],
)
def test_recipient_wrong(parameter: bytes) -> None:
    assert parameter_trouble([parameter], OF_RECIPIENT, ALL) == replies.BAD_PARAMETER


def test_of_extensions_that_are_not_announced() -> None:
    nothing = Capabilities()
    for parameter in (b"BODY=7BIT", b"SMTPUTF8", b"RET=FULL", b"ENVID=x"):
        assert parameter_trouble([parameter], OF_MAIL, nothing) == replies.UNKNOWN_PARAMETER
    for parameter in (b"NOTIFY=NEVER", b"ORCPT=rfc822;a"):
        assert parameter_trouble([parameter], OF_RECIPIENT, nothing) == replies.UNKNOWN_PARAMETER
    assert parameter_trouble([b"SIZE=1", b"AUTH=<>"], OF_MAIL, nothing) is None


def test_twice_whatever_the_case() -> None:
    assert parameter_trouble([b"RET=FULL", b"ret=HDRS"], OF_MAIL, ALL) == replies.PARAMETER_TWICE
