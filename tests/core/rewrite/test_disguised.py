"""A list that was held for its disguise can be released: the rewrite takes the disguise out with the addresses."""

from __future__ import annotations

import base64

import pytest

from mailguard.core.mail.parse import parse

from .submission import contents, hide_bcc, hide_separate, letter

PATIENTS = [f"patient{number}@o{number % 3}.example" for number in range(12)]
LIST = ", ".join(PATIENTS).encode()
WORD = b"=?utf-8?b?" + base64.b64encode(", ".join(PATIENTS[:2]).encode()) + b"?="

DISGUISES = {
    "group": [b"Cc: Patients: " + LIST + b";"],
    "encoded word": [b"Cc: " + WORD + b", " + ", ".join(PATIENTS[2:]).encode()],
    "Resent-Cc": [b"Resent-Cc: " + LIST],
    "duplicate field": [b"Cc: " + ", ".join(PATIENTS[:6]).encode(), b"Cc: " + ", ".join(PATIENTS[6:]).encode()],
    "missing commas": [b"Cc: " + " ".join(PATIENTS).encode()],
    "semicolons": [b"Cc: " + ";".join(PATIENTS).encode()],
    "space before the colon": [b"Cc : " + LIST],
    "comments": [b"Cc: " + b", ".join(b"(x)%s(y)" % each.encode() for each in PATIENTS)],
    "unclosed quote": [b'Cc: "Patients ' + LIST],
    "bare and angle": [b"Cc: " + b", ".join(b"%s <%s>" % (a.encode(), a.encode()) for a in PATIENTS)],
    "obsolete field": [b"Apparently-To: " + LIST],
}


@pytest.mark.parametrize("name", DISGUISES)
def test_each_patient_sees_nobody_else(name: str) -> None:
    raw = letter(b"To: nurse@elmroad.example", *DISGUISES[name])
    made = contents(raw, hide_separate(raw, *PATIENTS))
    made |= {"bcc": contents(raw, hide_bcc(raw, *PATIENTS))[PATIENTS[0]]}
    assert len(made) == 13
    for address, content in made.items():
        assert not [each for each in PATIENTS if each != address and each.encode() in content]
        assert {mailbox.address for mailbox in parse(content).visible} == {address, "nurse@elmroad.example"} - {"bcc"}
        assert not any(defect.holds for defect in parse(content).defects)
