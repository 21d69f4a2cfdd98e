"""Every stage times every misbehaviour: the outcome has the right class, nothing hangs, nothing is raised (T13)."""

from __future__ import annotations

import asyncio

import pytest

from mailguard.core.outcome import Stage
from tests.fakes.smarthost import CUT, STALL, Act, ScriptedSmarthost, endless, half, raw, say, say_and_cut

from .samples import MESSAGE, A, D, R, U, envelope, outcomes, transmit

OPENING = ("connect", "banner", "ehlo")
ENVELOPE = ("mail", "rcpt:1", "rcpt:2", "data")

MALFORMED: dict[str, Act] = {
    "garbage": raw(b"\x80\xffhello there\r\n"),
    "nul": raw(b"25\x000 OK\r\n"),
    "nul in text": raw(b"250 O\x00K\r\n"),
    "code 999": raw(b"999 9.9.9 OK\r\n"),
    "code 000": raw(b"000 OK\r\n"),
    "code 199": raw(b"199 OK\r\n"),
    "two digits": raw(b"25 OK\r\n"),
    "four digits": raw(b"2500 OK\r\n"),
    "no space": raw(b"250OK\r\n"),
    "empty line": raw(b"\r\n"),
    "http": raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "other code in a continuation": raw(b"250-one\r\n550 two\r\n"),
    "endless lines": endless(b"250-more\r\n" * 100),
    "endless line": endless(b"2" * 4096),
    "one megabyte": half(b"250 " + b"x" * 1_048_576 + b"\r\n"),
    "half a line": half(b"250 O"),
    "half a reply": half(b"250-one\r\n"),
    "cut": CUT,
    "421": say_and_cut(b"421 4.3.2 Going down"),
    "stall": STALL,
}
"""What tells nothing, or tells of the smarthost's own trouble, wherever it stands."""


READ_AS_250 = ("four digits", "no space")
"""aiosmtplib reads these in the opening as 250 without an extension: harmless, nothing is promised by it."""


async def _times_out_soon(script: dict[str, Act], which: str) -> tuple[list, object]:
    """which: of its times is a second; the others are so long that no busy machine comes to them."""
    async with ScriptedSmarthost(script) as smarthost:
        async with asyncio.timeout(15):
            sent = await transmit(smarthost.port, envelope(2), **{f"{which}_timeout_seconds": 1})
        return outcomes(sent), (sent, smarthost)


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        *(("connect", name) for name in ("cut", "stall")),
        *(("banner", name) for name in MALFORMED),
        *(("ehlo", name) for name in MALFORMED if name not in READ_AS_250),
    ],
)
async def test_trouble_in_the_opening_defers(stage: str, name: str) -> None:
    found, (sent, smarthost) = await _times_out_soon({stage: MALFORMED[name]}, "connect")
    assert found == [D, D] and sent.trouble and sent.stage is Stage.CONNECT
    assert not smarthost.transactions


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("stage", ENVELOPE)
async def test_trouble_in_the_envelope_defers_everybody(stage: str, name: str) -> None:
    found, (sent, smarthost) = await _times_out_soon({stage: MALFORMED[name]}, "command")
    assert found == [D, D] and sent.trouble and sent.stage in (Stage.MAIL, Stage.RCPT, Stage.DATA)
    assert not smarthost.messages


@pytest.mark.parametrize("name", [name for name in MALFORMED if name not in ("stall", "empty line")])
async def test_trouble_amid_the_content_defers_and_no_dot_leaves(name: str) -> None:
    async with ScriptedSmarthost({"body": MALFORMED[name]}, read_slowly=(4096, 0.001)) as smarthost:
        sent = await transmit(smarthost.port, envelope(2), b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 3_000_000)
        assert outcomes(sent) == [D, D] and sent.trouble and sent.stage is Stage.BODY
        assert not smarthost.messages


@pytest.mark.parametrize("name", MALFORMED)
async def test_no_answer_to_the_final_dot_is_uncertain(name: str) -> None:
    found, (sent, _) = await _times_out_soon({"dot": MALFORMED[name]}, "final")
    expected = D if name == "421" else U  # 421 says that the message was not taken
    assert found == [expected, expected] and sent.trouble and sent.stage is Stage.FINAL


@pytest.mark.parametrize("code", [b"530 5.7.0", b"535 5.7.8", b"538 5.7.11", b"421 4.7.0"])
@pytest.mark.parametrize("stage", [*OPENING[1:], *ENVELOPE, "dot"])
async def test_codes_of_the_guards_own_trouble_never_refuse(stage: str, code: bytes) -> None:
    async with ScriptedSmarthost({stage: say(code + b" Sign in first")}) as smarthost:
        sent = await transmit(smarthost.port, envelope(2))
        assert outcomes(sent) == [D, D] and sent.trouble
        assert sent.reply is not None and str(sent.reply.code).encode() == code[:3]


@pytest.mark.parametrize("code", [b"554 5.3.2", b"451 4.3.0", b"500 5.5.1"])
@pytest.mark.parametrize("stage", OPENING[1:])
async def test_a_refused_opening_is_trouble(stage: str, code: bytes) -> None:
    async with ScriptedSmarthost({stage: say(code + b" No")}) as smarthost:
        sent = await transmit(smarthost.port, envelope(2))
        assert outcomes(sent) == [D, D] and sent.trouble in ("greeting refuses service", "EHLO refused")


@pytest.mark.parametrize(("code", "outcome"), [(b"550 5.7.1", R), (b"450 4.7.1", D)])
@pytest.mark.parametrize("stage", ["mail", "data", "dot"])
@pytest.mark.parametrize("pipelining", [True, False])
async def test_an_answer_to_the_message_is_everybodys(
    stage: str, code: bytes, outcome: object, pipelining: bool
) -> None:
    extensions = (b"PIPELINING",) if pipelining else ()
    async with ScriptedSmarthost({stage: say(code + b" Not that")}, extensions=extensions) as smarthost:
        sent = await transmit(smarthost.port, envelope(2))
        assert outcomes(sent) == [outcome, outcome] and sent.trouble is None
        assert sent.reply is not None and sent.reply.text == "Not that" and sent.reply.status == code[4:].decode()
        assert sent.stage == {"mail": Stage.MAIL, "data": Stage.DATA, "dot": Stage.FINAL}[stage]


@pytest.mark.parametrize("stage", ["mail", "rcpt:1", "rcpt:2"])
async def test_a_go_ahead_in_the_wrong_place_is_trouble(stage: str) -> None:
    async with ScriptedSmarthost({stage: say(b"354 Go on")}) as smarthost:
        sent = await transmit(smarthost.port, envelope(2))
        assert outcomes(sent) == [D, D] and sent.trouble == "malformed reply" and not smarthost.messages


async def test_completion_instead_of_a_go_ahead_is_trouble() -> None:
    async with ScriptedSmarthost({"data": say(b"250 OK")}) as smarthost:
        sent = await transmit(smarthost.port, envelope(2))
        assert outcomes(sent) == [D, D] and sent.trouble == "malformed reply" and not smarthost.messages


@pytest.mark.parametrize(("code", "outcome"), [(b"552 5.3.4", R), (b"452 4.3.1", D)])
async def test_a_refusal_amid_the_content_counts_and_no_dot_leaves(code: bytes, outcome: object) -> None:
    async with ScriptedSmarthost({"body": say_and_cut(code + b" Too big")}, read_slowly=(4096, 0.001)) as smarthost:
        sent = await transmit(smarthost.port, envelope(2), b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 3_000_000)
        assert outcomes(sent) == [outcome, outcome] and sent.stage is Stage.BODY and not smarthost.messages


async def test_an_answer_before_its_time_never_counts_as_acceptance() -> None:
    """354 and 250 in one breath: the 250 answers nothing."""
    async with ScriptedSmarthost({"data": raw(b"354 Go on\r\n250 2.0.0 Queued\r\n"), "dot": STALL}) as smarthost:
        sent = await transmit(smarthost.port, envelope(2))
        assert outcomes(sent) == [D, D] and sent.trouble


async def test_a_smarthost_that_stops_reading_is_given_up() -> None:
    async with ScriptedSmarthost({"body": STALL}) as smarthost:
        sent = await transmit(
            smarthost.port, envelope(2), MESSAGE + b"0123456789\r\n" * 3_000_000, command_timeout_seconds=1
        )
        assert outcomes(sent) == [D, D] and sent.trouble == "no answer in time" and sent.stage is Stage.BODY


async def test_the_deadline_bounds_everything_together() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with ScriptedSmarthost({"dot": STALL}) as smarthost:
        sent = await transmit(smarthost.port, envelope(2), deadline_seconds=3, final_timeout_seconds=600)
    assert outcomes(sent) == [U, U] and loop.time() - begun < 30


async def test_quit_may_go_wrong() -> None:
    for act in (STALL, CUT, raw(b"garbage\r\n"), endless(b"250-x\r\n")):
        async with ScriptedSmarthost({"quit": act}) as smarthost:
            assert outcomes(await transmit(smarthost.port)) == [A]
