"""What signing costs: separate copies with RSA and Ed25519, and the hash of a large body. Asserts nothing.

    .venv/bin/python tests/bench/bench_dkim.py

The best of several turns, in milliseconds; dkimpy beside it, for the same copies one by one.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from mailguard.core.mail.parse import parse
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.dkim import DkimKey, sign
from mailguard.core.rewrite.relaxed import relaxed_body_sha256
from tests.core.rewrite.submission import hide_separate, letter

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
COUNTS = (1, 288, 5_000)
BIG_BODY_BYTES = 25_000_000


def best(work: Callable[[], object], turns: int) -> float:
    """Milliseconds of the fastest of so many turns."""
    found = []
    for _ in range(turns):
        begun = time.perf_counter()
        work()
        found.append(1_000 * (time.perf_counter() - begun))
    return min(found)


def main() -> None:
    rsa_key, ed_key = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
    pem = rsa_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    by_rsa = DkimKey(
        "elmroad.example", "g1", "rsa-sha256", lambda octets: rsa_key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    )
    by_ed = DkimKey(
        "elmroad.example", "g2", "ed25519-sha256", lambda octets: ed_key.sign(hashlib.sha256(octets).digest())
    )
    print(f"{'copies':>7}{'rewrite':>10}{'RSA 2048':>10}{'Ed25519':>10}{'dkimpy RSA':>12}   ms")
    for count in COUNTS:
        people = [f"person{number}@patients.example" for number in range(count)]
        cc = b",\r\n ".join(each.encode() for each in people)
        raw = letter(b"To: office@elmroad.example", b"Cc: " + cc, body=b"Good morning\r\n" * 290)
        message, rewritten = parse(raw), hide_separate(raw, *people)
        contents = [Content(raw, copy.edits).to_bytes() for copy in rewritten.copies]
        turns = 3 if count < 1_000 else 1
        steps: list[Callable[[], object]] = [
            partial(hide_separate, raw, *people),
            partial(sign, message, rewritten, (by_rsa,), NOW),
            partial(sign, message, rewritten, (by_ed,), NOW),
        ]
        cells = [f"{best(step, turns):>10.1f}" for step in steps]
        library = "-"
        if count <= 288:
            library = f"{best(lambda: [dkim.sign(each, b'g1', b'elmroad.example', pem) for each in contents], 1):.1f}"  # noqa: B023
        print(f"{count:>7}{''.join(cells)}{library:>12}", flush=True)
    body = (b"Good \t morning, all of you \r\n" * (BIG_BODY_BYTES // 29 + 1))[:BIG_BODY_BYTES]
    print(
        f"the hash of a body of {BIG_BODY_BYTES:,} octets, once: {best(lambda: relaxed_body_sha256([body]), 3):.0f} ms"
    )


if __name__ == "__main__":
    main()
