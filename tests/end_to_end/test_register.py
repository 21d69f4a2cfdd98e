"""The register through the running service: a held message is a near miss by itself, and stays one after kill -9."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink


def test_a_held_message_is_a_near_miss_before_and_after_a_kill(tmp_path: Path) -> None:
    shown = people(20)
    with Sink() as sink, Service(tmp_path, sink.port) as service:
        code, said = submit(service.port, message(shown), shown)
        assert code == 250 and "Held for checking" in said, said
        ref = said.rpartition(" ")[2]
        eventually(lambda: [each for each in service.events() if each["event"] == "near_misses_entered"])
        (item,) = service.rows("incident", "list")
        assert (item["incident"], item["act"]) == (ref.replace("MG-", "IR-"), "derived")
        assert item["record"]["subjects_max"] == 20 and item["record"]["message"]["ref"] == ref
        added = service.run("incident", "add", "--narrative", "A letter went astray", "--mechanism", "posted_wrongly")
        assert "72 hours left" in added.stderr
        service.kill()
        service.start()
        assert len(service.rows("incident", "list")) == 2
        assert [each["kind"] for each in service.rows("audit", "list")].count("incident_added") == 2
        numbers = service.run("report", "near-miss", "--from", "2020-01-01", "--to", "2999-12-31")
        assert ref in numbers.stdout and "would have been exposed, each message by itself: 20." in numbers.stdout
        assert not any(address in numbers.stdout for address in shown)
