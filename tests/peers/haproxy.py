"""A real HAProxy with the configuration of deploy/compose.yaml, on loopback, with these guards in place of its own."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.end_to_end.service import eventually
from tests.ports import free_port

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "compose" / "haproxy.cfg"


@contextlib.contextmanager
def balancer(servers: Sequence[tuple[int, int]], folder: Path, configuration: Path = CONFIGURATION) -> Iterator[int]:
    """servers: where each guard takes mail, and where it is asked for /readyz. The port where it listens. Only
    addresses and what finds them are replaced; a machine without HAProxy is a failure.
    """
    port = free_port()
    text = configuration.read_text().replace("bind :2525", f"bind 127.0.0.1:{port}")
    text = text.replace(" check port 9109", " check").replace(" resolvers containers init-addr last,libc,none", "")
    text = re.sub(r"resolvers containers\n(    .*\n)+", "", text)
    lines = [
        f"    server guard-{number} 127.0.0.1:{mail} port {checked}"
        for number, (mail, checked) in enumerate(servers, 1)
    ]
    text = re.sub(r"(    server .*\n)+", "\n".join(lines) + "\n", text)
    file = folder / "haproxy.cfg"
    file.write_text(text)
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    assert program, "HAProxy is not installed; on Debian: apt-get install haproxy"
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([program, "-db", "-f", str(file)], stdout=log, stderr=log)
    try:
        eventually(lambda: _answers(port), 10, "HAProxy listens")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False
