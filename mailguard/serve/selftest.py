"""Before mail is taken: does this computer's Python read a message as mailguard was tested to read it?

Python 3.11.2 (that of Debian 12) matches possessive repeats of groups wrongly (cpython issue 106052): a parser
that relies on them sees no recipients and everything passes. Whatever the cause, a guard that misreads must not start.
"""

from __future__ import annotations

import platform

from ..core.errors import SettingsError
from ..core.mail.parse import parse
from .demo_samples import Sample, samples


def refuse_misreading() -> None:
    """SettingsError where a sample message is not read as it must be."""
    wrong = [sample.title for sample in samples() if not is_read_rightly(sample)]
    if wrong:
        raise SettingsError(
            f"mailguard misreads {len(wrong)} of its sample messages on Python {platform.python_version()}, so it does "
            "not start: mail would pass unjudged. Use a newer Python, and report this"
        )


def is_read_rightly(sample: Sample) -> bool:
    """Whether every field and every visible recipient of the sample is seen, or else a defect holds it."""
    header, _, _ = sample.raw.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0].decode().lower() for line in header.split(b"\r\n") if not line.startswith(b" ")]
    message = parse(sample.raw)
    if [field.name for field in message.fields] != names:
        return False
    shown = {address for address in sample.recipients if address.encode() in sample.raw}
    blind = {address for address in shown if address.endswith("@elmroad.example")}
    return {mailbox.address for mailbox in message.visible} >= shown - blind
