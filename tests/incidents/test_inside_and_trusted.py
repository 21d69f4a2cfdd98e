"""Staff shown to outsiders (Kagawa) and partners exempt from hiding (Kagoshima) are counted, and hidden in copies."""

from __future__ import annotations

from mailguard.core.envelope import Envelope, Path, Recipient
from mailguard.core.mail.parse import parse
from mailguard.core.observation import observe
from mailguard.core.organisation import Organisation
from mailguard.core.rewrite.content import Content
from mailguard.core.rewrite.hide import separate
from mailguard.core.verdict import Disposition
from tests.incidents import build
from tests.incidents.test_judged import judged

RECEIVED = b"Received: from x by y id MG-7Q4K-2F; Thu, 12 Mar 2026 09:00:05 +0000\r\n"


def addressed(case: build.Case) -> Envelope:
    path = Path(case.reverse_path.encode(), case.reverse_path)
    return Envelope(path, tuple(Recipient(Path(each.encode(), each)) for each in case.recipients))


def copies(case: build.Case, organisation: Organisation, above: int | None) -> dict[str, bytes]:
    """What each recipient outside gets."""
    rewritten = separate(parse(case.raw), addressed(case), organisation, hide_inside_above=above, top=RECEIVED)
    made = [(copy.recipients, Content(case.raw, copy.edits).to_bytes()) for copy in rewritten.copies]
    return {each.address: content for recipients, content in made for each in recipients}


def reported(incident: str) -> build.Case:
    (case,) = [each for each in (*build.cases(), *build.further_cases()) if each.id == f"{incident}/reported"]
    return case


def test_staff_shown_to_outsiders_are_counted_and_hidden_in_their_copies() -> None:
    case = reported("kagawa")
    observation, verdict = judged(case.raw, case.reverse_path, case.recipients)
    assert observation.facts["internal_recipients_shown_outside"] == len(case.staff) == 85
    assert (verdict.disposition, verdict.deciding) == (Disposition.HOLD, "staff-list-shown-outside")
    made = copies(case, Organisation("Elm Road", frozenset({build.INSIDE})), verdict.hide_inside_above)
    outside = {address: content for address, content in made.items() if not address.endswith(build.INSIDE)}
    assert len(outside) == 12
    for content in outside.values():
        assert not any(address.encode() in content for address in case.staff)


def test_a_trusted_partner_is_not_counted_and_still_sees_nobody() -> None:
    case = reported("kagoshima")
    trusted = Organisation("Elm Road", frozenset({build.INSIDE}), trusted_domains=frozenset({"village.example"}))
    observation = observe(parse(case.raw), addressed(case), trusted)
    partners = [address for address in case.people if address.endswith("@village.example")]
    assert partners
    assert observation.facts["visible_external_recipients"] == len(case.people) - len(partners)
    assert set(partners) <= set(observation.visible)
    for address, content in copies(case, trusted, None).items():
        others = [each for each in case.people if each != address and each.encode() in content.lower()]
        assert not others
