"""How many messages a second the whole guard relays, beside the same clients and smarthost without it, in one run.

    .venv/bin/python tests/bench/bench_relay.py [--messages 1000] [--sessions 20] [--bytes 4096] [--recipients 1]

The clients are Postfix's smtp-source, the smarthost its smtp-sink; the guard is the real process with the default
policy and SQLite, so each message costs two durable entries. Ways: direct, guard, direct again. Asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.end_to_end.service import Service

PROGRAMS = "/usr/sbin"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start_sink(port: int) -> subprocess.Popen[bytes]:
    sink = subprocess.Popen([f"{PROGRAMS}/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "512"])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return sink
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("smtp-sink does not answer")


def source(port: int, options: argparse.Namespace, *, again: bool) -> float:
    """Messages a second. again: on persistent connections (-d)."""
    command = [
        f"{PROGRAMS}/smtp-source", "-m", str(options.messages), "-s", str(options.sessions), "-l", str(options.bytes),
        "-r", str(options.recipients), "-f", "jo@elmroad.example", "-t", "anna@council.example", "-M", "client.example",
        *(["-d"] if again else []), f"127.0.0.1:{port}",
    ]  # fmt: skip
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return float(options.messages) / (time.perf_counter() - begun)


def seconds_of(pid: int) -> float:
    """Processor time of a process with its threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(service: Service, sink_port: int, options: argparse.Namespace, *, again: bool) -> None:
    before = source(sink_port, options, again=again)
    used = seconds_of(service.pid)
    through = source(service.port, options, again=again)
    used = seconds_of(service.pid) - used
    after = source(sink_port, options, again=again)
    direct = (before + after) / 2
    print(
        f"{'persistent' if again else 'new connection':<16} direct {before:>7.0f} and {after:>7.0f}/s"
        f"   guard {through:>6.0f}/s   1 to {direct / through:.0f}"
        f"   processor {1000 * used / options.messages:.2f} ms/message",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--bytes", type=int, default=4096)
    parser.add_argument("--recipients", type=int, default=1)
    options = parser.parse_args()
    port = free_port()
    sink = start_sink(port)
    limits = {"messages_per_session": 1_000_000, "connections_per_client": 400}
    try:
        with tempfile.TemporaryDirectory() as folder, Service(Path(folder), port, limits=limits) as service:
            for again in (True, False):
                measure(service, port, options, again=again)
            service.stop()
            held = sum(event["event"] == "submission_relayed" for event in service.events())
            print(f"relayed {held} of {2 * options.messages}; load {os.getloadavg()[0]:.1f}")
    finally:
        sink.terminate()
        sink.wait(10)


if __name__ == "__main__":
    main()
