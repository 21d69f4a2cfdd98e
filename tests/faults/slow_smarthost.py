"""A smarthost that takes its time over each message, until it is told to be quick: in a process of its own.

    python tests/faults/slow_smarthost.py SECONDS

Prints its port. A line on standard input makes it quick: what waits for an answer gets it then, and what comes later at
once. Keeps nothing but counts, which it prints when its standard input ends: {"taken": N, "at_once": most at one time}.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys


class SlowSmarthost:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.quick = asyncio.Event()
        self.taken = self.open = self.most = 0

    async def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._session(reader, writer)
        self.open -= 1
        writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 slow.example ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(b"250-slow.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 52428800\r\n")
            elif verb == b"DATA":
                writer.write(b"354 go ahead\r\n")
                while await reader.readline() != b".\r\n":
                    pass
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.quick.wait(), self._seconds)
                self.taken += 1
                writer.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            else:
                writer.write(b"250 2.0.0 ok\r\n")


async def main() -> None:
    smarthost = SlowSmarthost(float(sys.argv[1]))
    server = await asyncio.start_server(smarthost.session, "127.0.0.1", 0, backlog=512, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    told = await asyncio.to_thread(sys.stdin.readline)
    if told:
        smarthost.quick.set()
        await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({"taken": smarthost.taken, "at_once": smarthost.most}))
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
