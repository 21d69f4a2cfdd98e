"""A smarthost that misbehaves in every way, from outside: for a message that passes and for one that is released.

The client hears the right class of answer, the ledger has the right outcome, and what was not refused arrives once the
smarthost is well.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mailguard.serve.control import call
from tests.end_to_end.service import eventually
from tests.fakes.smarthost import CUT, STALL, Act, endless, half, raw, say, say_and_cut
from tests.fakes.threaded import ThreadedSmarthost
from tests.faults.planted import PlantedService, arrived, smarthost
from tests.ports import free_port

SHORT = {"connect_timeout_seconds": 1, "command_timeout_seconds": 1, "final_timeout_seconds": 1}
WELL_SECONDS = 10.0
PASSED = ("message_relayed", "message_deferred", "message_refused", "message_uncertain")
RELEASED = ("copy_delivered", "copy_deferred", "copy_bounced")


class Fault(NamedTuple):
    """code: what the client hears. passed, released: the first outcome in the ledger."""

    script: dict[str, Act]
    code: int
    passed: str
    released: str


def defers(stage: str, act: Act, code: int = 451) -> Fault:
    return Fault({stage: act}, code, "message_deferred", "copy_deferred")


def refuses(stage: str, act: Act, code: int) -> Fault:
    return Fault({stage: act}, code, "message_refused", "copy_bounced")


def uncertain(act: Act) -> Fault:
    return Fault({"dot": act}, 451, "message_uncertain", "copy_deferred")


def takes(stage: str, act: Act) -> Fault:
    return Fault({stage: act}, 250, "message_relayed", "copy_delivered")


FAULTS = {
    "silent when connected to": defers("connect", STALL),
    "cut when connected to": defers("connect", CUT),
    "a slow banner": takes("banner", Act(b"220 smarthost.example ESMTP\r\n", wait_seconds=0.4)),
    "421 for a banner": defers("banner", say_and_cut(b"421 4.3.2 Not now")),
    "554 for a banner": defers("banner", say(b"554 5.3.2 Go away")),
    "garbage for a banner": defers("banner", raw(b"\x80\xffhello there\r\n")),
    "an endless banner": defers("banner", endless(b"220-more\r\n" * 100)),
    "cut at EHLO": defers("ehlo", CUT),
    "500 to EHLO": defers("ehlo", say(b"500 5.5.1 What?")),
    "535 to the guard's own AUTH": defers("auth", say(b"535 5.7.8 Wrong")),
    "cut at AUTH": defers("auth", CUT),
    "cut at MAIL": defers("mail", CUT),
    "450 to MAIL": defers("mail", say(b"450 4.7.1 Later"), 450),
    "550 to MAIL": refuses("mail", say(b"550 5.7.1 Never"), 550),
    "421 to MAIL": defers("mail", say_and_cut(b"421 4.3.2 Going down")),
    "silent at RCPT": defers("rcpt", STALL),
    "450 to RCPT": defers("rcpt", say(b"450 4.2.1 Full"), 450),
    "550 to RCPT": refuses("rcpt", say(b"550 5.1.1 Nobody"), 550),
    "garbage to RCPT": defers("rcpt", raw(b"25\x000 OK\r\n")),
    "cut at DATA": defers("data", CUT),
    "451 to DATA": defers("data", say(b"451 4.3.0 Later")),
    "554 to DATA": refuses("data", say(b"554 5.6.0 Never"), 554),
    "cut after the final dot": uncertain(CUT),
    "silent after the final dot": uncertain(STALL),
    "half a reply to the final dot": uncertain(half(b"250 2.0")),
    "garbage to the final dot": uncertain(raw(b"999 9.9.9 OK\r\n")),
    "an endless reply to the final dot": uncertain(endless(b"250-more\r\n" * 100)),
    "421 to the final dot": defers("dot", say_and_cut(b"421 4.3.2 Going down")),
    "452 to the final dot": defers("dot", say(b"452 4.3.1 No room"), 452),
    "552 to the final dot": refuses("dot", say(b"552 5.3.4 Too big"), 552),
    "a reply in single octets": takes("dot", Act(b"250 2.0.0 Queued\r\n", drip_seconds=0.01)),
    "cut after 250": takes("dot", say_and_cut(b"250 2.0.0 Queued")),
    "silent at RSET and QUIT": Fault({"rset": STALL, "quit": STALL}, 250, "message_relayed", "copy_delivered"),
}


def outcomes(service: PlantedService, ref: str, *among: str) -> list[str]:
    """The entries of these kinds about one message, in order, less those of notices."""
    entries = call(service.folder / "store" / "mailguard.db.sock", "audit_list", {"ref": ref})
    return [each["kind"] for each in entries if each["kind"] in among and each.get("row") not in ("notice", "dsn")]


def release(service: PlantedService, ref: str) -> None:
    values = {"ref": ref, "form": "original", "reason": "They know each other.", "by": "Sam"}
    list(call(service.folder / "store" / "mailguard.db.sock", "held_release", values))


def last_ref(service: PlantedService, event: str) -> str:
    return str([each["ref"] for each in service.events() if each["event"] == event][-1])


def test_each_fault_for_pass_and_for_release(tmp_path: Path) -> None:
    with smarthost() as sink, PlantedService(tmp_path, sink.port, smarthost=SHORT) as service:
        held = {}
        for number, name in enumerate(FAULTS):
            assert service.send("hold", number) == 250
            held[name] = last_ref(service, "submission_held")
        eventually(lambda: not service.rows("outbox", "list"), 60)
        wrong = [
            f"{name}: {problem}"
            for number, (name, fault) in enumerate(FAULTS.items())
            if (problem := tried(service, sink, number, fault, held[name]))
        ]
        assert not wrong, "\n".join(wrong)
        assert service.run("audit", "verify", check=False).returncode == 0
        service.assert_nothing_told()


def tried(service: PlantedService, sink: ThreadedSmarthost, number: int, fault: Fault, ref: str) -> str:
    """What is wrong with what came of it, "" if nothing is."""
    sink.say_from_now_on(fault.script)
    release(service, ref)
    code = service.send("pass", number)
    if code != fault.code:
        return f"the client heard {service.replies[-1]}"
    passed = last_ref(service, "submission_relayed" if code == 250 else "submission_not_taken")
    outcome = eventually(lambda: outcomes(service, passed, *PASSED))
    if outcome != [fault.passed]:
        return f"the ledger has {outcome}"
    first = eventually(lambda: outcomes(service, ref, *RELEASED)[:1])
    if first != [fault.released]:
        return f"the ledger has {first} of the release"
    if fault.code != 250 and "dot" not in fault.script and arrived(sink, "pass", number):
        return "the smarthost has what the client was not told of"
    sink.say_from_now_on({})
    if fault.code == 250 and not arrived(sink, "pass", number):
        return "the smarthost has not what the client was told of"
    if fault.released != "copy_bounced":
        eventually(lambda: outcomes(service, ref, "copy_delivered"), WELL_SECONDS, "the release arrives")
        if not arrived(sink, "hold", number):
            return "the release did not arrive"
    return ""


def test_nobody_listens_and_then_somebody_does(tmp_path: Path) -> None:
    port = free_port()
    service = PlantedService(tmp_path, port, smarthost=SHORT)
    service.start()
    try:
        assert service.send("hold") == 250 and service.send("separate") == 250
        release(service, last_ref(service, "submission_held"))
        assert service.send("pass") == 451 and service.replies[-1].startswith("451 4.4.1 ")
        with smarthost(port=port) as sink:
            for way in ("hold", "separate"):
                eventually(lambda way=way: arrived(sink, way, 0), WELL_SECONDS, way)
            assert service.send("pass") == 250 and arrived(sink, "pass", 0)
        service.assert_nothing_told()
    finally:
        service.kill()
