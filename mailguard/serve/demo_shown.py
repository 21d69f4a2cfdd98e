"""What the demo prints: what is where, what became of each sample, and what to try.

INVARIANT: what is printed is what happened: a sample that ends otherwise than it must is a PROBLEM.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..guard.console.demo_outbox import Arrived
from .demo_ground import CONTACT, Say
from .demo_samples import DOMAIN, Ending, Sample
from .demo_sink import Sink


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: its ending, the reference that people are told, and why."""

    ending: Ending
    ref: str | None
    reason: str
    reply: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A sample with what became of it, and what the sink got of it."""

    sample: Sample
    told: Told
    arrived: tuple[Arrived, ...]

    def problems(self) -> list[str]:
        """How this differs from what it must be; empty if it does not."""
        found = []
        if self.told.ending is not self.sample.ending:
            found.append(f"ended as {self.told.ending}, and must be {self.sample.ending}")
        if len(self.arrived) != self.sample.copies:
            found.append(f"{len(self.arrived)} left the guard, and must be {self.sample.copies}")
        if any(b"\r\nbcc:" in b"\r\n" + copy.header.lower() for copy in self.arrived):
            found.append("a Bcc field left the guard")
        if self.sample.ending is Ending.SEPARATE and any(self.shows_another(copy) for copy in self.arrived):
            found.append("a copy shows the address of another")
        return found

    def shows_another(self, copy: Arrived) -> bool:
        """Whether a separate copy names anybody of the group but the one it goes to."""
        others = self.sample.hidden - set(copy.recipients)
        return len(copy.recipients) != 1 or any(other.encode() in copy.raw.lower() for other in others)


def say_welcome(say: Say, link: str, smtp: str, folder: Path, *, keep: bool, once: bool) -> None:
    """Where the console, the listener and the data are. once: the demo is over before anybody can open the link."""
    works = "it ends with the samples, because of --once" if once else "open this, works once"
    kept = "kept when you stop" if keep else "temporary folder, deleted when you stop; --keep to keep it"
    say("mailguard demo. Everything stays on this computer; no email can leave it.\n")
    say(f"  Review console   {link}   ({works})")
    say(f"  Send test mail   {smtp}   (from anybody @{DOMAIN})")
    say(f"  Data             {folder}   ({kept})\n")


def say_ending(say: Say, told: Told, title: str, width: int = 0) -> None:
    detail = told.ref or "-"
    if told.ending is Ending.REFUSED and told.reply:
        detail = " ".join(told.reply.split()[:2])
    if told.ending is Ending.DEFERRED:
        detail = told.reply
    say(f"  {told.ending.value:<9} {title.ljust(width)}   {detail}")
    say(f"            {told.reason}")


def say_sink(say: Say, sink: Sink, shown: Sequence[Shown]) -> None:
    copies = [copy for each in shown if each.sample.ending is Ending.SEPARATE for copy in each.arrived]
    leaks = sum(each.shows_another(copy) for each in shown for copy in each.arrived if copy in copies)
    samples_arrived = sum(len(each.arrived) for each in shown)
    say(f"\nThe next mail server (here: one that keeps everything) got {len(sink.arrived)} messages:")
    none = "none shows the address of another" if not leaks else f"{leaks} SHOW THE ADDRESS OF ANOTHER"
    say(f"  {len(copies)} separate copies, each to one person; {none}")
    say(f"  {samples_arrived - len(copies)} as sent, without any Bcc field")
    reviewers = sum(each.recipients == (CONTACT,) for each in sink.arrived)
    notices = len(sink.arrived) - samples_arrived - reviewers
    say(f"  {notices} notices to senders, and {reviewers} to those who decide, about what was held")
    held = sum(len(each.arrived) for each in shown if each.sample.ending is not Ending.SENT) - len(copies)
    say(f"  {held} of the messages that were held or refused")


def say_ended(say: Say, folder: Path, *, keep: bool) -> None:
    """The last line, once nothing runs any more."""
    say(f"The demo has ended. Its data are in {folder}." if keep else "The demo has ended. Its data are deleted.")


def say_next(say: Say, settings: Path, console: str) -> None:
    """What to do now. console: its address."""
    program = "mailguard" if shutil.which("mailguard") else str(Path(sys.executable).with_name("mailguard"))
    say('\nTry: open the address above, open the first message as reviewer, choose "separate copies",')
    say(f"     then look at what would have been delivered: {console}/demo/outbox")
    say("The same in another terminal:")
    say(f"  {program} -C {settings} held list")
    say(f'  {program} -C {settings} held release REF --as separate --reason "checked"')
    say(f"  {program} -C {settings} explain REF")
    say(f"Use it for real: {program} init        Stop: Ctrl+C\n")
    say("Whatever else is sent to the guard now is shown here:")
