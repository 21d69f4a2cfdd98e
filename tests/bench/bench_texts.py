"""What reading the text of a message for people costs, by what kind of text it is.

    PYTHONPATH=. python tests/bench/bench_texts.py

Processor time of `SandboxedInspector.inspect`; what it leaves to a worker is read in this process, so that pipes and
starts of workers are not in it. The best of several turns. Asserts nothing about time.
"""

from __future__ import annotations

import asyncio
import time

from mailguard.core.mail.parse import parse
from mailguard.inspection.enclosed import Enclosed
from mailguard.inspection.examine import Examined, examine
from mailguard.inspection.inspector import SandboxedInspector
from mailguard.inspection.pool import WorkerPool
from mailguard.inspection.process import Job
from mailguard.inspection.settings import InspectionSettings

LETTER = (
    "Dear Mary,\r\n\r\nThank you for the long letter that you wrote to us last week, which we\r\nread with interest. "
    "The committee met {} and agreed, after some\r\ndiscussion, to your proposal; the minutes will follow.\r\n\r\n"
    "Kind regards\r\nJo\r\n{}\r\n\r\n"
)
PLAIN = LETTER.format("yesterday", "Elm Road Surgery")
SIGNED = LETTER.format("on 3 March", "0113 496 0000")
HEADS = (
    "> -----Original Message-----\r\n> From: Jo Bloggs <jo@elmroad.example>\r\n> Sent: 27 November 2026 09:12\r\n"
    "> To: Ann Patel <ann@council.example>; Sam Lee <sam@council.example>\r\n> Subject: minutes\r\n>\r\n"
)
LOG = "2026-11-27 12:00:01,123 INFO  server request id=8f3a1 path=/api/v1/items/4711 status=200 time=12ms\r\n"
SOURCE = "".join(f"{line % 10}{'X' * 77}\r\n" for line in range(1, 52))
TEXTS = {
    "as smtp-source makes it, 4 kB": SOURCE,
    "letter without a number, 4 kB": PLAIN * 15,
    "letter with a telephone number, 0.3 kB": SIGNED,
    "letters with telephone numbers, 4 kB": SIGNED * 15,
    "heads of a thread, 4 kB": HEADS * 16,
    "log, 4 kB": LOG * 41,
    "as smtp-source makes it, 10 MB": SOURCE * 2_450,
    "letters without numbers, 10 MB": PLAIN * 38_000,
    "letters with telephone numbers, 2 MB": SIGNED * 7_600,
    "log, 2 MB": LOG * 20_000,
}


class InThisProcess(WorkerPool):
    async def run(self, job: Job, seconds: float) -> tuple[Examined, float]:
        return examine(Enclosed(bytes(job.data), job.media_type, job.names), written=job.written), 0.0


async def main() -> None:
    settings = InspectionSettings()
    inspector = SandboxedInspector(settings, InThisProcess(settings))
    for name, text in TEXTS.items():
        message = parse(f"From: a@elmroad.example\r\nContent-Type: text/plain\r\n\r\n{text}".encode())
        times = 1 if len(text) > 100_000 else 200
        best = float("inf")
        for _ in range(5):
            used = time.process_time()
            for _ in range(times):
                await inspector.inspect(message, [message.root.path])
            best = min(best, (time.process_time() - used) / times)
        print(f"{name:<40}{1e6 * best:>12,.0f} microseconds{len(text) / best / 1e6:>8.1f} MB/s", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
