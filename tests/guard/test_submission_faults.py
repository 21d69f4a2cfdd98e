"""For every method of every port, found by reflection: it raises, hangs, returns nothing, is cancelled.

Then nothing unjudged reached the smarthost, the client got 451 with a reference (or the message is durable), and no
internal text is on the wire.
"""

from __future__ import annotations

import inspect

import pytest

from mailguard.core.outcome import Outcome, SmarthostReply
from mailguard.core.rewrite import top
from mailguard.core.rewrite.mark import Marks
from mailguard.guard import ports, rewriting, submission
from mailguard.guard.submission import SubmissionLimits
from tests.guard.world import SESSION, World, envelope, invitation, message, people

FAULTS = ("raises", "hangs", "returns nothing", "is cancelled")

NAMES = {
    "Ledger": "ledger",
    "Quarantine": "quarantine",
    "Outbox": "outbox",
    "Blobs": "blobs",
    "Inspector": "inspector",
    "Smarthost": "smarthost",
    "SmarthostConnection": "connection",
    "History": "history",
    "Sendings": "sendings",
    "FilesSent": "files_sent",
}

WAYS = {
    "relay": (envelope("a@council.example"), message()),
    "reject": (envelope("a@council.example"), message(subject="secret")),
    "hold": (envelope(*people(20)), message(people(20))),
    "delayed": (envelope("a@slow.example"), message()),
    "separate": (envelope(*people(6)), message(people(6))),
    "invitation": (envelope(*people(6)), invitation(people(6))),
    "bcc": (envelope(*people(4)), message(people(4))),
    "partly deferred": (envelope("a@council.example", "later@council.example"), message()),
    "partly refused": (envelope("a@council.example", "never@council.example"), message()),
    "inspected": (
        envelope("a@council.example"),
        message(extra='Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment'),
    ),
}


def methods() -> list[tuple[str, str]]:
    """Every async method of every port that the stories are handed."""
    found = []
    for name, port in vars(ports).items():
        if inspect.isclass(port) and name in NAMES:
            for method, function in vars(port).items():
                if not method.startswith("_") and inspect.isfunction(function):
                    found.append((NAMES[name], method))
    return found


def test_every_port_is_known_here() -> None:
    declared = {
        name for name, value in vars(ports).items() if inspect.isclass(value) and value.__module__ == ports.__name__
    }
    # What no submission uses, or what has a test of its own below.
    others = {"Clock", "Randomness", "Policies", "Evidence", "SignIn", "Accounts", "Passwords", "ExceptionUses"}
    others |= {"Undecided"}
    assert declared - set(NAMES) == others


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("port", "method"), methods())
async def test_a_fault_in_a_port_lets_nothing_unjudged_out(port: str, method: str, fault: str, way: str) -> None:
    world = World(limits=SubmissionLimits(0.05, 0.05, 0.05))
    world.smarthost.outcomes = {
        "later@council.example": (Outcome.DEFERRED, SmarthostReply(450, "4.2.1", "later")),
        "never@council.example": (Outcome.REFUSED, SmarthostReply(550, "5.1.1", "never")),
    }
    world.told.fault = (port, method, fault)
    sent_to, raw = WAYS[way]
    answer = await world.submission.submit(SESSION, sent_to, raw)
    await world.submission.settle()

    decided = {entry.ref for entry in world.ledger.kept if entry.kind == "message_decided"}
    assert not world.smarthost.taken or decided, "something left without a recorded decision"
    if way in ("reject", "hold", "delayed", "separate", "invitation"):
        assert not world.smarthost.taken
    if answer.code == 250:
        kept = world.smarthost.taken or world.store.messages or world.store.rows
        assert kept, "250 although nobody has the message"
    else:
        assert answer.code in (451, 550)
    assert "planted-secret" not in str(answer) and "@" not in str(answer) and "Error" not in str(answer)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("port", "method", "kind"),
    [("smarthost", "connect", "message_deferred"), ("connection", "transmit", "message_uncertain")],
)
async def test_a_decision_has_an_outcome_where_the_smarthost_port_fails(
    port: str, method: str, kind: str, fault: str
) -> None:
    """Nothing is sent before it connects; of what was to be sent nobody can tell. The client hears the reference."""
    world = World(limits=SubmissionLimits(0.05, 0.05, 0.05))
    world.told.fault = (port, method, fault)
    answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
    await world.submission.settle()
    decided, outcome = world.ledger.kept
    if (method, fault) == ("connect", "returns nothing"):
        kind = "message_uncertain"  # it is asked to send all the same
    assert (decided.kind, outcome.kind, outcome.ref) == ("message_decided", kind, decided.ref)
    assert [each.address for each in outcome.recipients] == ["a@council.example"]
    assert outcome.fields["trouble"].startswith("the sending failed (") and "planted" not in str(outcome.fields)
    assert answer.code == 451 and str(decided.ref) in str(answer)


async def test_a_fault_in_clock_or_randomness_lets_nothing_out() -> None:
    for port, method in (("clock", "now"), ("randomness", "octets")):
        world = World()

        def broken(*_: object) -> bytes:
            raise RuntimeError("planted-secret")

        setattr(getattr(world, port), method, broken)
        try:
            answer = await world.submission.submit(SESSION, envelope("a@council.example"), message())
        except RuntimeError:
            continue  # the listener's outermost handler answers 451 then
        assert answer.code == 451
        assert not world.smarthost.taken


async def test_cancelling_the_task_itself_still_cancels() -> None:
    import asyncio

    world = World()
    world.told.fault = ("ledger", "append", "hangs")
    task = asyncio.create_task(world.submission.submit(SESSION, envelope("a@council.example"), message()))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not world.smarthost.taken


STEPS: dict[str, object] = {
    "parse": submission,
    "observe": submission,
    "judge": submission,
    "examine": Marks,
    "relay": rewriting,
    "bcc": rewriting,
    "separate": rewriting,
    "top_of": rewriting,
    "received_field": top,
}
"""Each with where it is called from."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", ["raises", "returns nothing"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_fault_in_a_step_of_our_own_lets_nothing_out(
    step: str, fault: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []

    def broken(*_: object, **__: object) -> None:
        called.append(step)
        if fault == "raises":
            raise RuntimeError("planted-secret")

    world = World()
    monkeypatch.setattr(STEPS[step], step, broken)
    answer = await world.submission.submit(SESSION, *WAYS[way])
    await world.submission.settle()
    if called:
        assert not world.smarthost.taken and not world.store.rows
        held = way == "delayed" and world.store.messages
        assert answer.code == 451 or held, "a fault was answered with success"
    assert "planted-secret" not in str(answer)
