"""What the pure steps cost: parse, judge, rewrite; parsing beside the standard library. Asserts nothing.

    .venv/bin/python tests/bench/bench_core.py

Invented messages with n people in Cc, a body of 4 kB, the default policy. The best of several turns, in milliseconds.
"""

from __future__ import annotations

import email
import email.policy
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mailguard.core.envelope import Envelope
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.policy.judge import judge
from mailguard.core.policy.load import Policy, load_policy
from tests.core.rewrite.submission import ORGANISATION, envelope, hide_bcc, hide_separate, letter

POLICY = Path(__file__).parents[2] / "policies" / "default.yaml"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
COUNTS = (1, 10, 288, 5_000)
LIBRARY_UP_TO = 1_000
"""The standard library is quadratic: 10,000 addresses take it seconds."""


def best(work: Callable[[], object], turns: int) -> float:
    """Milliseconds of the fastest of so many turns."""
    found = []
    for _ in range(turns):
        begun = time.perf_counter()
        work()
        found.append(1_000 * (time.perf_counter() - begun))
    return min(found)


def library(raw: bytes) -> int:
    """The recipients as the standard library finds them."""
    read = email.message_from_bytes(raw, policy=email.policy.default)
    return sum(len(value.addresses) for name in ("to", "cc") for value in read.get_all(name, []))


def judged(raw: bytes, sent: Envelope, policy: Policy) -> object:
    return judge(observe(parse(raw), sent, ORGANISATION, {}), policy, NOW)


def main() -> None:
    policy = load_policy({"default.yaml": POLICY.read_bytes()})
    print(f"{'people':>7}{'parse':>10}{'library':>10}{'judge':>10}{'bcc':>10}{'separate':>10}   ms")
    for count in COUNTS:
        people = [f"person{number}@patients.example" for number in range(count)]
        cc = b",\r\n ".join(b"Person %d <%s>" % (number, each.encode()) for number, each in enumerate(people))
        raw = letter(b"To: office@elmroad.example", b"Cc: " + cc, body=b"Good morning\r\n" * 290)
        sent = envelope(*people)
        turns = 50 if count < 1_000 else 5
        steps: list[Callable[[], object]] = [
            partial(parse, raw),
            partial(library, raw),
            partial(judged, raw, sent, policy),
            partial(hide_bcc, raw, *people),
            partial(hide_separate, raw, *people),
        ]
        cells = ["-" if step is steps[1] and count > LIBRARY_UP_TO else f"{best(step, turns):.2f}" for step in steps]
        print(f"{count:>7}" + "".join(f"{cell:>10}" for cell in cells), flush=True)
    print("judge, bcc and separate parse the message too")


if __name__ == "__main__":
    main()
