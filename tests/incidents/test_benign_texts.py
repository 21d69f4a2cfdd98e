"""The texts of more than three hundred benign messages, judged for people: a rule on findings leaves them alone."""

from __future__ import annotations

import time
from collections import Counter

from mailguard.core.mail.parse import parse
from mailguard.core.observation import inspected, observe
from mailguard.core.policy.trial import envelope_of
from mailguard.inspection.inspector import SandboxedInspector
from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.settings import InspectionSettings
from tests.core.policy.conftest import ELM
from tests.incidents.benign.corpus import corpus

CONTACT = {"email", "phone", "postcode"}


async def test_none_of_them_lists_people_or_identifiers() -> None:
    """Five or more addresses stand in threads and in what was sent on: the conditions on addresses count those."""
    settings = InspectionSettings()
    inspecting = SandboxedInspector(settings, WorkerPool(settings))
    rows: list[str] = []
    identifiers: list[str] = []
    contact: Counter[str] = Counter()
    took, octets = 0.0, 0
    for mail in corpus():
        message = parse(mail.raw)
        seen = observe(message, envelope_of(mail.reverse_path or "", list(mail.recipients)), ELM)
        began = time.process_time()
        known = {each.part: each for each in await inspecting.inspect(message, seen.bodies)}
        took += time.process_time() - began
        assert all(each.uninspectable is None for each in known.values())
        octets += len(mail.raw)
        for each in inspected(seen, known).findings:
            if each.kind == "people_rows" and each.count >= 5:
                rows.append(f"{mail.structure}: {each.count}")
            elif each.kind not in CONTACT and each.count >= 5:
                identifiers.append(f"{mail.structure}: {each.kind} {each.count}")
            elif each.count >= 5:
                contact[f"{each.kind} in {mail.structure}"] += 1
    each_took = took / len(corpus()) * 1e3
    print(
        f"{len(corpus())} messages, {octets:,} octets, {each_took:.2f} ms of processor time each; {rows}, {identifiers}"
    )
    print(dict(contact))
    assert not rows and not identifiers
    assert not [each for each in contact if not each.startswith("email")]
