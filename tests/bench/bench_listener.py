"""How many messages a second the door takes on one core, beside stock aiosmtpd in the same run. Asserts nothing.

    .venv/bin/python tests/bench/bench_listener.py [--seconds 3] [--core 0] [--client-core 1]

The server runs in a process of its own, pinned to one core, with uvloop; clients are blocking sockets in another
process on another core. `submit` does nothing: what is measured is the door alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import multiprocessing
import os
import resource
import socket
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import uvloop

from mailguard import logs
from mailguard.core.reply import Reply
from mailguard.smtp.capabilities import Capabilities
from mailguard.smtp.listen_settings import Limits, ListenerSettings
from mailguard.smtp.listener import Listener

BODY_1K = b"Subject: x\r\n\r\n" + (b"0123456789" * 6 + b"\r\n") * 16
BODY_50M = b"Subject: x\r\n\r\n" + (b"0123456789" * 7 + b"012345\r\n") * 640_000
MANY = {"messages_per_session": 10_000_000, "commands_per_session": 100_000_000, "connections_per_client": 400}


async def _ours() -> int:
    logs.configure(io.StringIO(), "warning")

    async def submit(*_: object) -> Reply:
        return Reply(250, "2.0.0", "Taken")

    listener = Listener(
        ListenerSettings.model_validate({"address": "127.0.0.1:0"}),
        Limits.model_validate(MANY),
        "guard.example",
        submit,
        lambda: Capabilities(eight_bit=True, smtputf8=True, dsn=True),
    )
    await listener.start()
    return listener.addresses[0][1]


async def _stock() -> int:
    from aiosmtpd.smtp import SMTP

    class Handler:
        async def handle_DATA(self, *_: object) -> str:
            return "250 2.0.0 Taken"

    handler, loop = Handler(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="guard.example", data_size_limit=100_000_000, enable_SMTPUTF8=True),
        "127.0.0.1",
        0,
    )
    return int(server.sockets[0].getsockname()[1])


def _serve(which: str, core: int, pipe: Connection) -> None:
    os.sched_setaffinity(0, {core})

    async def run() -> None:
        pipe.send(await (_ours() if which == "ours" else _stock()))
        loop = asyncio.get_running_loop()
        while (await loop.run_in_executor(None, pipe.recv)) == "cpu":
            used = resource.getrusage(resource.RUSAGE_SELF)
            pipe.send(used.ru_utime + used.ru_stime)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


class Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait(b"220")
        self.socket.sendall(b"EHLO client.example\r\n")
        self._wait(b"250")

    def _wait(self, code: bytes) -> None:
        got = b""
        while not (got.endswith(b"\r\n") and got.rsplit(b"\r\n", 2)[-2].startswith(code + b" ")):
            chunk = self.socket.recv(65536)
            if not chunk:
                raise ConnectionError(got)
            got += chunk

    def message(self, body: bytes, recipients: int = 1) -> None:
        """Envelope in one packet and content in another, as a client that knows PIPELINING does."""
        rcpt = b"".join(b"RCPT TO:<r%d@out.example>\r\n" % number for number in range(recipients))
        self.socket.sendall(b"MAIL FROM:<a@in.example>\r\n" + rcpt + b"DATA\r\n")
        self._wait(b"354")
        self.socket.sendall(body + b".\r\n")
        self._wait(b"250")

    def close(self) -> None:
        self.socket.sendall(b"QUIT\r\n")
        with contextlib.suppress(ConnectionError):
            self._wait(b"221")
        self.socket.close()


def _persistent(port: int, until: float, recipients: int = 1) -> int:
    client, count = Client(port), 0
    while time.monotonic() < until:
        client.message(BODY_1K, recipients)
        count += 1
    client.close()
    return count


def _new_each(port: int, until: float) -> int:
    count = 0
    while time.monotonic() < until:
        client = Client(port)
        client.message(BODY_1K)
        client.close()
        count += 1
    return count


def _fifty(port: int, until: float) -> int:
    return _persistent(port, until, 50)


def _clients(work: Callable[[int, float], int], port: int, seconds: float, core: int, count: int) -> float:
    """Messages a second, by `count` client processes at once."""

    def run(pipe: Connection) -> None:
        os.sched_setaffinity(0, {core})
        pipe.send(work(port, time.monotonic() + seconds))

    context = multiprocessing.get_context("fork")
    pipes = [context.Pipe() for _ in range(count)]
    processes = [context.Process(target=run, args=(theirs,)) for _, theirs in pipes]
    started = time.monotonic()
    for process in processes:
        process.start()
    total = sum(ours.recv() for ours, _ in pipes)
    for process in processes:
        process.join()
    return total / (time.monotonic() - started)


def measure(which: str, options: argparse.Namespace) -> dict[str, float]:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(which, options.core, theirs))
    server.start()
    port = ours.recv()

    def cpu() -> float:
        ours.send("cpu")
        return float(ours.recv())

    found: dict[str, float] = {}
    for name, work in (("persistent", _persistent), ("new connection", _new_each), ("50 recipients", _fifty)):
        before = cpu()
        rate = _clients(work, port, options.seconds, options.client_core, 4)
        found[f"1 KB, {name}, messages/s"] = rate
        found[f"1 KB, {name}, CPU µs/message"] = (cpu() - before) / (rate * options.seconds) * 1e6
    client, before = Client(port), cpu()
    client.message(BODY_50M)
    found["50 MB, CPU ms/MB"] = (cpu() - before) * 1000 / (len(BODY_50M) / 1e6)
    client.close()
    ours.send("stop")
    server.join(5)
    server.kill()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    options = parser.parse_args()
    found = {which: measure(which, options) for which in ("stock", "ours")}
    print(f"{'':44}{'stock + uvloop':>16}{'the door + uvloop':>20}")
    for name, value in found["stock"].items():
        print(f"{name:44}{value:16.1f}{found['ours'][name]:20.1f}")


if __name__ == "__main__":
    main()
