"""What earlier messages of an archive say, where a rule has files read, or an invitation was separated."""

from __future__ import annotations

import base64
from pathlib import Path

from mailguard.core.organisation import Organisation
from mailguard.core.policy.invented_file import people_csv
from mailguard.core.policy.load import load_policy
from mailguard.core.policy.model import Policy
from mailguard.core.replay.outcome import Record
from mailguard.replay.archive import open_archive
from mailguard.replay.run import Asked, Replay

ORGANISATION = Organisation("Elm Road", frozenset({"elmroad.example"}))


def policy(rule: str) -> Policy:
    return load_policy({"p.yaml": f"version: 1\nrules:\n  - {rule}\n".encode()})


def records(folder: Path, rules: Policy) -> list[Record]:
    with Replay(Asked(open_archive(folder), (rules,), ORGANISATION, None, 2)) as running:
        return list(running.records())


def with_table(number: int, table: bytes) -> str:
    encoded = base64.encodebytes(table).decode()
    return (
        f"From: jo@elmroad.example\nTo: parent{number}@home{number}.example\nSubject: Report {number}\n"
        f"Date: {number} Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="x"\n\n--x\n\nHello {number}\n--x\n'
        'Content-Type: text/csv\nContent-Disposition: attachment; filename="a.csv"\n'
        f"Content-Transfer-Encoding: base64\n\n{encoded}\n--x--\n"
    )


def test_a_merge_job_that_sends_everybody_the_list_of_all_is_held_from_the_third_on(tmp_path: Path) -> None:
    """What was held has not been sent: the fourth is told of two, as the third was. Another file is another matter."""
    for number in range(1, 5):
        (tmp_path / f"{number}.eml").write_text(with_table(number, people_csv(12)))
    (tmp_path / "5.eml").write_text(with_table(5, people_csv(15)))
    rule = (
        "{id: merge, describe: x, action: hold, "
        "when: {same_attachment: {already_sent_to: {at_least: 2}, people: {at_least: 10}, within: 14d}}}"
    )
    found = records(tmp_path, policy(rule))
    assert [each.outcomes[0].outcome for each in found] == ["relay", "relay", "hold", "hold", "relay"]
    assert [each.outcomes[0].matches[0].number for each in found[2:4]] == [2, 2]


def invitation(people: int, method: str) -> str:
    attendees = "".join(f"ATTENDEE:mailto:p{each}@patients.example\n" for each in range(people))
    return (
        "From: jo@elmroad.example\nTo: p0@patients.example, p1@patients.example\nSubject: Group\n"
        "Date: 2 Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\n"
        f"Content-Type: text/calendar; method={method}; charset=utf-8\n\nBEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n"
        f"METHOD:{method}\nBEGIN:VEVENT\nUID:group@elmroad.example\nDTSTAMP:20260101T090000Z\n"
        f"DTSTART:20260302T090000Z\nORGANIZER:mailto:jo@elmroad.example\n{attendees}END:VEVENT\nEND:VCALENDAR\n"
    )


def test_what_follows_an_invitation_that_was_separated_is_separated(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_text(invitation(2, "REQUEST").replace("UID:group", "UID:other"))
    (tmp_path / "2.eml").write_text(invitation(12, "REQUEST"))
    (tmp_path / "3.eml").write_text(invitation(2, "CANCEL"))
    asked = "{visible_external_recipients: {at_least: 10}}"
    rule = f"{{id: list, describe: x, when: {asked}, action: rewrite, rewrite: separate}}"
    found = [(each.outcomes[0].outcome, each.outcomes[0].rule) for each in records(tmp_path, policy(rule))]
    assert found == [("relay", None), ("rewrite", "list"), ("rewrite", "list")]
