"""A real Postfix that is wrongly set to send everything back to the guard: it ends at once, and the bounce too."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.mailing import message, submit
from tests.end_to_end.service import Service, eventually
from tests.peers.postfix import Postfix
from tests.ports import free_port


def kinds(service: Service) -> list[str]:
    return [entry["kind"] for entry in service.rows("audit", "list")]


def test_a_smarthost_that_sends_back_to_the_guard(tmp_path: Path) -> None:
    """The message passes once and is refused when it comes back; its bounce too passes once; then nothing is left."""
    port = free_port()
    with Postfix(extra={"relayhost": f"[127.0.0.1]:{port}"}) as postfix:
        settings = {"listen": [{"address": f"127.0.0.1:{port}"}]}
        with Service(tmp_path, postfix.port, **settings) as service:
            assert submit(service.port, message(), ["a@council.example"])[0] == 250
            eventually(lambda: kinds(service).count("message_looped") == 2, 60, "two loops")
            # The message, its bounce, and the bounce once more.
            eventually(lambda: postfix.log().count(": removed") == 3, 60, "an empty queue")
            assert "554 5.4.6 Not sent: this message goes round in circles" in postfix.log()
            relayed = [kind for kind in kinds(service) if kind == "message_relayed"]
            assert len(relayed) == 2 and "message_held" not in kinds(service)
            assert not service.rows("outbox", "list")
