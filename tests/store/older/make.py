"""Makes a small store with the code of an older commit, for the tests of upgrades. How store-0001 was made:

    git worktree add --detach /tmp/older 37b26c9
    cd /tmp/older && PYTHONPATH=/tmp/older PYTHON MAKE store-0001       # MAKE: the full path of this file
    git worktree remove /tmp/older

A real service takes, holds, rejects, releases, relays and defers. What it wrote stays as it is, in NAME.tar.gz beside
this file: database, witness, and keys, which protect invented people and nothing else. NAME.json says what was
delivered, what waits, and what is held. Nothing in it runs out before 2126.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink

HERE = Path(__file__).parent
RULES = """\
version: 1
rules:
  - id: visible-list
    describe: Ten or more people outside would see each other's addresses.
    when: {visible_external_recipients: {at_least: 10}}
    action: hold
    rewrite: separate
  - id: separate-five
    describe: Five to nine people outside get separate copies.
    when: {visible_external_recipients: {at_least: 5, at_most: 9}}
    action: rewrite
    rewrite: separate
"""
LATE = "late@patients.example"
FAR = "36500d"
SETTINGS: dict[str, Any] = {
    "deadline": FAR,
    "retention": {"held": FAR, "evidence": FAR},
    "outbox": {"give_up_after": "30d", "notices_give_up_after": "30d", "first_retry": "1d", "longest_retry": "1d"},
}


def delivered(sink: Sink) -> list[tuple[str, str]]:
    """(recipient, Message-ID) of everything that patients and partners got, notices left out."""
    found = []
    for taken in list(sink.taken):
        identifier = re.search(rb"^Message-ID: (<\d+@elmroad.example>)", taken.content, re.MULTILINE)
        if identifier:
            found += [(recipient, identifier[1].decode()) for recipient in taken.recipients]
    return sorted(found)


def work(service: Service, sink: Sink) -> dict[str, Any]:
    """What the store is to hold."""
    submit(service.port, message(number=1), ["a@council.example"])
    submit(service.port, message(people(12), number=2), people(12))
    submit(service.port, message(people(10), number=3), people(10))
    submit(service.port, message(number=4), ["b@council.example", LATE])
    five = [*people(5), LATE]
    submit(service.port, message(five, number=5), five)
    twelve = [*people(11, "council.example"), LATE]
    submit(service.port, message(twelve, number=6), twelve)
    by_number = {}
    for held in service.rows("held", "list"):
        shown = service.rows("held", "show", held["ref"])[0]["recipients"]
        by_number[len(shown), shown[0]] = held["ref"]
    undecided, rejected = by_number[12, people(12)[0]], by_number[10, people(10)[0]]
    released = by_number[12, people(1, "council.example")[0]]
    service.run("held", "reject", rejected, "--note", "Please use the bulk mail service.")
    service.run("held", "release", released, "--as", "separate", "--reason", "they asked for it")
    expected = [(each, "<6@elmroad.example>") for each in people(11, "council.example")]
    expected += [(each, "<5@elmroad.example>") for each in people(5)]
    eventually(lambda: set(expected) <= set(delivered(sink)), 40)
    eventually(lambda: [row["attempts"] for row in service.rows("outbox", "list")] == [1, 1, 1], 40)
    return {
        "held": undecided,
        "rejected": rejected,
        "releasing": released,
        "recipients": people(12),
        "waiting": [[LATE, f"<{number}@elmroad.example>"] for number in (4, 5, 6)],
        "delivered": delivered(sink),
    }


def main(name: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mailguard-older-"))
    with Sink() as sink:
        sink.refusals[LATE.encode()] = b"450 4.2.1 try later"
        with Service(folder, sink.port, RULES, **SETTINGS) as service:
            expected = work(service, sink)
            status = service.stop()
        if status:
            raise SystemExit(f"the service ended with {status}")
        verified = service.run("audit", "verify", "--json")
        expected["entries"] = json.loads(verified.stdout)["entries"]
    with tarfile.open(HERE / f"{name}.tar.gz", "w:gz") as archive:
        for each in ("mailguard.db", "mailguard.witness", "mailguard.keys"):
            archive.add(folder / "store" / each, each, filter=_nobody)
    (HERE / f"{name}.json").write_text(json.dumps(expected, indent=1) + "\n")
    shutil.rmtree(folder)


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main(sys.argv[1])
