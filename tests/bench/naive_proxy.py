"""What somebody writes in an afternoon: aiosmtpd in front, aiosmtplib behind, no policy, nothing recorded.

    .venv/bin/python tests/bench/naive_proxy.py LISTEN_PORT SINK_PORT

Both libraries as they are, on uvloop; connections to the sink are kept and used again. A peer of bench_all.py.
"""

from __future__ import annotations

import asyncio
import sys

import aiosmtplib
import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session


class Proxy:
    def __init__(self, sink_port: int) -> None:
        self._sink_port = sink_port
        self._free: list[aiosmtplib.SMTP] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        while self._free:
            sink = self._free.pop()
            if sink.is_connected:
                break
        else:
            sink = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._sink_port, start_tls=False)
            await sink.connect()
        assert isinstance(envelope.content, bytes)
        _, answer = await sink.sendmail(str(envelope.mail_from), envelope.rcpt_tos, envelope.content)
        self._free.append(sink)
        return f"250 {answer}"


async def main(listen_port: int, sink_port: int) -> None:
    proxy = Proxy(sink_port)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(proxy, hostname="naive.example", data_size_limit=50_000_000), "127.0.0.1", listen_port
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(*map(int, sys.argv[1:])))
