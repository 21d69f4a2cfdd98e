"""The public interface of a running service, sentence by sentence: replies, commands on references, the ledger, files.

Written from the interface alone: nothing here knows what lies behind sockets and commands.
"""

from __future__ import annotations

import base64
import email
import email.policy
import json
import os
import pwd
import re
import signal
import stat
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.interface_shell import Said, Shell, cold
from tests.end_to_end.mailing import message, people, submit
from tests.end_to_end.service import Service, eventually
from tests.end_to_end.sink import Sink
from tests.fakes.smarthost import say
from tests.fakes.threaded import ThreadedSmarthost
from tests.ports import free_port

REFERENCE = r"MG-[0-9A-Z]{4}-[0-9A-Z]{2}"
LONG_REFERENCE = REFERENCE + r"(?:[0-9A-Z]{8})?"
REPLY = re.compile(rf"(2\.0\.0|5\.7\.1|4\.\d\.\d) .*[Rr]ef ({REFERENCE})$")
UNKNOWN = "MG-7Q4K-2F"

POLICY = """\
version: 1
rules:
  - {id: list, describe: Five or more outside would see each other., when: {visible_external_recipients: {at_least: 5}},
     action: hold, rewrite: separate}
  - {id: copies, describe: These get a copy each., when: {subject: {matches: copies}}, action: rewrite}
  - {id: hidden, describe: These are hidden., when: {subject: {matches: hidden}}, action: rewrite, rewrite: bcc}
  - {id: never, describe: Sensitive lists are refused.,
     when: {visible_external_recipients: {at_least: 4}, subject: {is: no}}, action: reject}
  - {id: embargo, describe: Embargoed., when: {subject: {matches: embargo}}, action: hold, approvals: 2}
  - {id: short, describe: Soon over., when: {subject: {matches: short}}, action: hold, deadline: 1s}
  - {id: thoughts, describe: Second thoughts., when: {subject: {matches: thoughts}}, action: hold, delay: 1s}
  - {id: watched, describe: Only watched., when: {visible_external_recipients: {at_least: 2}}, action: reject,
     mode: monitor}
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Sink]]:
    folder = tmp_path_factory.mktemp("house")
    with Sink() as sink, Service(folder, sink.port, POLICY, metrics={"address": "127.0.0.1:0"}) as service:
        yield service, sink


@pytest.fixture(scope="module")
def service(house: tuple[Service, Sink]) -> Service:
    return house[0]


@pytest.fixture(scope="module")
def sink(house: tuple[Service, Sink]) -> Sink:
    return house[1]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("shell"))
    yield made
    made.close()


Command = Callable[..., Said]


@pytest.fixture(scope="module")
def run(service: Service, shell: Shell) -> Command:
    def command(*words: str) -> Said:
        return shell("-C", str(service.settings_file), *words, cwd=service.folder)

    return command


_numbers = iter(range(10_000))


def sent(
    service: Service, count: int, subject: str, sender: str = "jo@elmroad.example"
) -> tuple[int, str, list[str], bytes]:
    """Submit a message to so many outsiders of its own: the code, the text, whom, the bytes."""
    number = next(_numbers)
    whom = people(count, f"n{number}.example")
    raw = message(whom, subject=subject, number=number).replace(b"jo@elmroad.example", sender.encode())
    code, text = submit(service.port, raw, whom, sender)
    return code, text, whom, raw


def reference(text: str) -> str:
    found = REPLY.match(text)
    assert found, text
    return found[2]


def held(
    service: Service, subject: str = "list", count: int = 5, sender: str = "jo@elmroad.example"
) -> tuple[str, list[str], bytes]:
    code, text, whom, raw = sent(service, count, subject, sender)
    assert code == 250 and text.startswith("2.0.0 Held for checking, ref MG-"), text
    return reference(text), whom, raw


def rows(said: Said) -> list[dict[str, Any]]:
    assert said.status == 0, said
    return [json.loads(line) for line in said.out.splitlines()]


def row(run: Command, ref: str) -> dict[str, Any]:
    (found,) = (each for each in rows(run("held", "list", "--json")) if each["ref"] == ref)
    return found


def arrived(sink: Sink, whom: list[str]) -> list[Any]:
    return [taken for taken in list(sink.taken) if set(taken.recipients) & set(whom)]


def kinds(run: Command, ref: str) -> list[str]:
    return [entry["kind"] for entry in rows(run("audit", "list", "--json")) if entry["ref"] == ref]


# SMTP replies


def test_relayed_is_answered_with_the_smarthosts_text(service: Service, sink: Sink) -> None:
    code, text, whom, raw = sent(service, 3, "hello")
    assert (code, text) == (250, "2.0.0 kept")
    (taken,) = arrived(sink, whom)
    assert taken.content.endswith(raw), "a monitored rule changes nothing"


def test_a_hold_is_answered_with_250_and_a_reference_and_nothing_leaves(service: Service, sink: Sink) -> None:
    code, text, whom, _ = sent(service, 6, "list")
    assert (code, re.sub(REFERENCE, "REF", text)) == (250, "2.0.0 Held for checking, ref REF")
    assert not arrived(sink, whom)


def test_separate_copies_are_answered_with_their_number(service: Service, sink: Sink) -> None:
    code, text, whom, _ = sent(service, 3, "copies")
    assert (code, re.sub(REFERENCE, "REF", text)) == (250, "2.0.0 Sending 3 separate copies, ref REF")
    eventually(lambda: len(arrived(sink, whom)) == 3)
    for taken in arrived(sink, whom):
        (alone,) = taken.recipients
        assert alone.encode() in taken.content
        assert not any(other.encode() in taken.content for other in whom if other != alone)


def test_a_rewrite_to_bcc_is_answered_by_the_smarthost_and_hides_all(service: Service, sink: Sink) -> None:
    code, text, whom, _ = sent(service, 3, "hidden")
    assert (code, text) == (250, "2.0.0 kept")
    (taken,) = arrived(sink, whom)
    assert sorted(taken.recipients) == sorted(whom)
    assert not any(address.encode() in taken.content for address in whom)


def test_a_refusal_says_in_one_sentence_who_would_see_whom(service: Service, sink: Sink) -> None:
    code, text, whom, _ = sent(service, 4, "no")
    sentence = "5.7.1 Not sent: 4 people in Cc would see each other's addresses. Ref REF"
    assert (code, re.sub(REFERENCE, "REF", text)) == (550, sentence)
    assert not arrived(sink, whom)


def test_without_a_smarthost_clients_hear_451_with_a_reference(tmp_path: Path) -> None:
    with Service(tmp_path, 9, POLICY) as service:
        code, text, *_ = sent(service, 1, "hello")
    assert code == 451 and re.fullmatch(rf"4\.\d\.\d [^\r\n]*, ref {LONG_REFERENCE}", text), text


def test_without_a_policy_every_message_is_deferred_with_4_3_0(tmp_path: Path, sink: Sink) -> None:
    with Service(tmp_path, sink.port, "rules: [\n") as service:
        code, text, whom, _ = sent(service, 1, "hello")
    sentence = "4.3.0 Cannot check this message now, ref REF"
    assert (code, re.sub(REFERENCE, "REF", text)) == (451, sentence)
    assert not arrived(sink, whom)


# Held messages


def test_held_list_prints_the_published_fields(service: Service, run: Command) -> None:
    ref, *_ = held(service)
    found = row(run, ref)
    published = (
        "ref", "received_at", "sender", "subject", "reason", "rules", "state", "delivery", "due_at", "version",
    )  # fmt: skip
    assert set(published) <= set(found)
    assert (found["sender"], found["subject"], found["state"]) == ("jo@elmroad.example", "list", "held")
    assert found["reason"].startswith("5 people in Cc") and "list" in found["rules"]
    assert isinstance(found["version"], int)
    assert found["received_at"] < found["due_at"]


def test_held_show_shows_one_message_and_the_ledger_records_it(service: Service, run: Command) -> None:
    ref, whom, _ = held(service)
    assert ref in run("held", "show", ref).out
    (found,) = rows(run("held", "show", ref, "--json"))
    assert found["ref"] == ref and whom[0] in json.dumps(found)
    assert kinds(run, ref).count("content_viewed") == 2


def test_an_unknown_reference_ends_with_2(service: Service, run: Command) -> None:
    for words in (
        ("held", "show", UNKNOWN), ("held", "release", UNKNOWN, "--as", "separate", "--reason", "x"),
        ("held", "reject", UNKNOWN, "--note", "x"), ("outbox", "retry", UNKNOWN), ("explain", UNKNOWN),
        ("outbox", "drop", UNKNOWN, "--reason", "x"), ("held", "show", "no reference"), ("explain", UNKNOWN, "--json"),
        ("held", "release", UNKNOWN, "--as", "bcc", "--reason", "x", "--json"), ("held", "show", UNKNOWN, "--json"),
    ):  # fmt: skip
        said = run(*words)
        assert said.status == 2 and said.err and not said.out, said


def test_released_as_separate_each_gets_a_copy_at_once(service: Service, sink: Sink, run: Command) -> None:
    ref, whom, _ = held(service)
    said = run("held", "release", ref, "--as", "separate", "--reason", "they know", "--by", "Sam")
    assert said.status == 0, said
    eventually(lambda: len(arrived(sink, whom)) == 5)
    assert sorted(address for taken in arrived(sink, whom) for address in taken.recipients) == sorted(whom)
    eventually(lambda: row(run, ref)["state"] == "released")


def test_released_as_original_it_leaves_as_it_came(service: Service, sink: Sink, run: Command) -> None:
    ref, whom, raw = held(service)
    assert run("held", "release", ref, "--as", "original", "--reason", "a committee").status == 0
    (taken,) = eventually(lambda: arrived(sink, whom))
    assert sorted(taken.recipients) == sorted(whom) and taken.content.endswith(raw)


def test_released_as_bcc_nobody_sees_the_others(service: Service, sink: Sink, run: Command) -> None:
    ref, whom, _ = held(service)
    assert run("held", "release", ref, "--as", "bcc", "--reason", "hide them").status == 0
    (taken,) = eventually(lambda: arrived(sink, whom))
    assert sorted(taken.recipients) == sorted(whom)
    assert not any(address.encode() in taken.content for address in whom)


def test_released_as_cleaned_is_refused_while_there_is_nothing_to_clean(
    service: Service, sink: Sink, run: Command
) -> None:
    ref, whom, _ = held(service)
    said = run("held", "release", ref, "--as", "cleaned", "--reason", "x")
    assert said.status in (2, 4) and said.err, said
    assert row(run, ref)["state"] == "held" and not arrived(sink, whom)


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_who_comes_second_ends_with_5_and_changes_nothing(
    service: Service, sink: Sink, run: Command, json_too: tuple[str, ...]
) -> None:
    ref, whom, _ = held(service)
    assert run("held", "reject", ref, "--note", "use the newsletter").status == 0
    assert run("held", "release", ref, "--as", "original", "--reason", "x", *json_too).status == 5
    assert run("held", "reject", ref, "--note", "again", *json_too).status == 5
    assert row(run, ref)["state"] == "rejected" and not arrived(sink, whom)
    ref, whom, _ = held(service)
    assert run("held", "release", ref, "--as", "separate", "--reason", "x").status == 0
    assert run("held", "release", ref, "--as", "separate", "--reason", "x", *json_too).status == 5
    assert run("held", "reject", ref, "--note", "too late").status == 5
    eventually(lambda: len(arrived(sink, whom)) == 5)
    time.sleep(0.3)
    assert len(arrived(sink, whom)) == 5


def told(sink: Sink, sender: str) -> list[Any]:
    """The notices to one sender so far. Each test has a sender of its own: many notices to one become a single one."""
    return [taken for taken in list(sink.taken) if taken.recipients == [sender]]


def test_a_rejection_tells_the_sender_the_note(service: Service, sink: Sink, run: Command) -> None:
    ref, *_ = held(service, "list of the choir", sender="kim@elmroad.example")
    assert run("held", "reject", ref, "--note", "Please use the newsletter tool.").status == 0
    eventually(lambda: len(told(sink, "kim@elmroad.example")) == 2)
    texts = (readable(taken.content) for taken in told(sink, "kim@elmroad.example"))
    # Both may lie in the outbox at once, and then either can be the first to arrive.
    at_hold, at_end = sorted(texts, key=lambda text: "Please use the newsletter tool." in text)
    assert ref in at_hold and ref in at_end and "Please use the newsletter tool." in at_end
    assert all(taken.mail.startswith(b"<>") for taken in told(sink, "kim@elmroad.example"))


def readable(content: bytes) -> str:
    """A notice with its parts decoded."""
    found = email.message_from_bytes(content, policy=email.policy.default)
    return "\n".join(part.get_content() for part in found.walk() if part.get_content_maintype() == "text")


def test_two_approvals_need_two_users_of_the_system_whatever_by_says(
    service: Service, sink: Sink, run: Command
) -> None:
    ref, whom, _ = held(service, "embargo", 1)
    words = ("held", "release", ref, "--as", "original", "--reason", "agreed")
    assert run(*words, "--by", "Ann").status == 0
    assert row(run, ref)["state"] == "approved_once"
    assert run(*words, "--by", "Ben").status == 4
    assert row(run, ref)["state"] == "approved_once" and not arrived(sink, whom)
    assert run("held", "reject", ref, "--note", "no").status == 0


def test_a_hold_that_nobody_decides_expires_and_the_sender_is_told(service: Service, sink: Sink, run: Command) -> None:
    ref, whom, _ = held(service, "short", 1, sender="lee@elmroad.example")
    eventually(lambda: row(run, ref)["state"] == "expired")
    assert "hold_expired" in kinds(run, ref) and not arrived(sink, whom)
    assert run("held", "release", ref, "--as", "original", "--reason", "x").status == 5
    eventually(lambda: len(told(sink, "lee@elmroad.example")) == 2, what="one notice at hold, one at expiry")
    assert all(ref in readable(taken.content) for taken in told(sink, "lee@elmroad.example"))


def test_a_delayed_message_leaves_by_itself(service: Service, sink: Sink, run: Command) -> None:
    code, text, whom, raw = sent(service, 1, "thoughts")
    ref = reference(text)
    assert (code, text) == (250, f"2.0.0 Waiting 1 second, then sent, ref {ref}")
    assert row(run, ref)["state"] in ("waiting", "releasing", "released")
    (taken,) = eventually(lambda: arrived(sink, whom))
    assert taken.content.endswith(raw)
    eventually(lambda: row(run, ref)["state"] == "released")


# Outbox


def test_deferred_recipients_wait_in_the_outbox_until_retried_or_dropped(
    service: Service, sink: Sink, run: Command
) -> None:
    number = next(_numbers)
    whom = people(2, f"n{number}.example")
    sink.refusals[whom[1].encode()] = b"450 4.2.1 later"
    code, text = submit(service.port, message(whom, number=number), whom)
    assert code == 250, text

    def waiting() -> list[dict[str, Any]]:
        return [each for each in rows(run("outbox", "list", "--json")) if whom[1] in json.dumps(each)]

    (found,) = eventually(waiting)
    ref = found["ref"]
    sink.refusals.clear()
    assert run("outbox", "retry", ref).status == 0
    eventually(lambda: len(arrived(sink, whom)) == 2)
    eventually(lambda: not waiting())
    sink.refusals[whom[1].encode()] = b"450 4.2.1 later"
    submit(service.port, message(whom, number=number), whom)
    (found,) = eventually(waiting)
    assert run("outbox", "drop", found["ref"]).status == 2, "a reason has to be given"
    assert run("outbox", "drop", found["ref"], "--reason", "no such person").status == 0
    assert not waiting() and "outbox_dropped" in kinds(run, found["ref"])


# Ledger


def test_audit_list_prints_one_entry_a_line_in_order(service: Service, run: Command) -> None:
    held(service)
    found = rows(run("audit", "list", "--json"))
    assert all({"ledger", "sequence", "at", "kind", "ref", "hash"} <= set(entry) for entry in found)
    numbers = [entry["sequence"] for entry in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    # `at` is when the story of a message took place; what other messages wrote meanwhile may stand between.
    for ref in {entry["ref"] for entry in found} - {None}:
        of_message = [entry["at"] for entry in found if entry["ref"] == ref]
        assert of_message[0] == min(of_message), "nothing of a message is before its decision"
    documented = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()
    assert all(f"`{kind}`" in documented for kind in {entry["kind"] for entry in found})


def test_the_decision_in_the_ledger_has_the_fields_of_policy_try_and_no_address(service: Service, run: Command) -> None:
    ref, whom, _ = held(service)
    (entry,) = (each for each in rows(run("audit", "list", "--json", ref)) if each["kind"] == "message_decided")
    inner = [value for value in entry.values() if isinstance(value, dict) and "disposition" in value]
    decision = inner[0] if inner else entry
    fields = {
        "schema", "disposition", "rewrite", "rules", "facts", "findings", "defects", "policy_revision",
        "content_sha256", "sent_sha256",
    }  # fmt: skip
    assert fields <= set(decision) and "visible" not in decision
    assert decision["disposition"] == "hold" and decision["facts"]["visible_external_recipients"] == 5
    everything = run("audit", "list", "--json").out
    assert not any(text in everything for text in (whom[0], "jo@elmroad.example", "Flu clinic"))


def test_decided_stands_before_the_outcome(service: Service, run: Command) -> None:
    ref, *_ = held(service)
    assert kinds(run, ref)[:2] == ["message_decided", "message_held"]


def test_audit_verify_proves_store_and_export_and_finds_a_changed_one(
    service: Service, run: Command, tmp_path: Path
) -> None:
    held(service)
    assert run("audit", "verify").status == 0
    export = tmp_path / "ledger.jsonl"
    assert run("audit", "export", "-o", str(export)).status == 0
    alone = cold("audit", "verify", str(export), cwd=tmp_path)
    assert alone.status == 0, "an export is checked without settings, store or service"
    lines = export.read_text().splitlines(keepends=True)
    at = next(index for index, line in enumerate(lines) if '"message_held"' in line)
    for number, changed in enumerate(
        (
            [*lines[:at], *lines[at + 1 :]], [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
            [*lines[:at], lines[at].replace("message_held", "message_sent"), *lines[at + 1 :]],
        )
    ):  # fmt: skip
        (tmp_path / f"{number}.jsonl").write_text("".join(changed))
        said = run("audit", "verify", str(tmp_path / f"{number}.jsonl"))
        assert said.status == 1, (number, said)


def test_explain_tells_rule_sentence_and_values(service: Service, run: Command) -> None:
    ref, *_ = held(service)
    said = run("explain", ref)
    assert said.status == 0 and "list" in said.out and "5 people in Cc" in said.out
    assert rows(run("explain", ref, "--json"))


# The service as a whole


def test_status_tells_that_it_runs_and_is_one_object(service: Service, run: Command) -> None:
    said = run("status", "--json")
    assert said.status == 0 and said.json["running"] is True
    assert run("status").status == 0


def test_data_purge_is_done_by_the_running_service(service: Service, run: Command) -> None:
    assert run("data", "purge").status == 0


def test_socket_and_keys_are_for_their_owner_alone(service: Service) -> None:
    store = service.folder / "store"
    sockets = [each for each in store.iterdir() if stat.S_ISSOCK(each.stat().st_mode)]
    assert len(sockets) == 1, "the control socket stands beside the store"
    assert stat.S_IMODE(sockets[0].stat().st_mode) == 0o600
    keys = store / "mailguard.keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in keys.iterdir())


def test_a_second_serve_on_the_same_store_does_not_start(service: Service, shell: Shell) -> None:
    said = shell("-C", str(service.settings_file), "serve", cwd=service.folder)
    assert said.status == 3, said


def test_logs_are_json_without_addresses_or_subjects(service: Service) -> None:
    _, whom, _ = held(service, "list of the choir members")
    text = service.log_file.read_text()
    written = text.rpartition("\n")[0]  # the last line may be being written
    assert all(isinstance(json.loads(line), dict) for line in written.splitlines())
    assert not any(part in text for part in (whom[0], "jo@", "choir members", base64.b64encode(b"choir").decode()))


def test_commands_without_a_service_open_the_store_themselves(tmp_path: Path, sink: Sink, shell: Shell) -> None:
    service = Service(tmp_path, sink.port, POLICY)
    with service:
        ref, whom, _ = held(service)
        assert service.stop() == 0

        def run(*words: str) -> Said:
            return shell("-C", str(service.settings_file), *words, cwd=tmp_path)

        assert run("status").status == 3
        assert run("status", "--json").json["running"] is False
        assert row(run, ref)["state"] == "held"
        assert run("audit", "verify").status == 0 and run("data", "migrate").status == 0
        assert run("held", "release", ref, "--as", "separate", "--reason", "x").status == 0
        assert run("held", "release", ref, "--as", "separate", "--reason", "x").status == 5
        assert not arrived(sink, whom)
        service.start()
        eventually(lambda: len(arrived(sink, whom)) == 5)


def test_a_store_with_content_and_no_key_is_a_start_error(tmp_path: Path, sink: Sink, shell: Shell) -> None:
    service = Service(tmp_path, sink.port, POLICY)
    with service:
        held(service)
        assert service.stop() == 0
    keys = tmp_path / "store" / "mailguard.keys"
    os.rename(keys, tmp_path / "elsewhere")
    for word in ("serve", "check"):
        said = shell("-C", str(service.settings_file), word, cwd=tmp_path)
        assert said.status != 0 and "key" in (said.out + said.err).lower(), said
    assert not keys.exists(), "no new keys for old content"


def test_metrics_and_health_answer_where_they_are_set(service: Service) -> None:
    started = next(event for event in service.events() if event.get("event") == "service_started")
    for path in ("metrics", "healthz", "readyz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{started['health_port']}/{path}", timeout=60) as answer:
            assert answer.status == 200


def test_init_then_serve_takes_and_holds_mail_on_day_one(tmp_path: Path, sink: Sink, shell: Shell) -> None:
    assert shell("init", "new", cwd=tmp_path).status == 0
    file = tmp_path / "new" / "mailguard.yaml"
    text = file.read_text().replace("127.0.0.1:2525", "127.0.0.1:0").replace("127.0.0.1:2526", f"127.0.0.1:{sink.port}")
    text = text.replace("127.0.0.1:8085", f"127.0.0.1:{free_port()}")
    service = Service(tmp_path / "unused", sink.port)
    service.folder, service.settings_file = tmp_path / "new", file
    service.log_file = tmp_path / "log.jsonl"
    file.write_text(text)
    assert shell("check", cwd=tmp_path / "new").status == 0
    with service:
        code, reply, whom, _ = sent(service, 288, "Flu clinic")
        assert code == 250 and "Held for checking" in reply
        assert sent(service, 2, "hello")[:2] == (250, "2.0.0 kept")
        assert service.stop() == 0
    assert not arrived(sink, whom)


# The smarthost's words, and people's


ANSWERS = [
    (say(b"250 taken"), 250, "2."),
    (say(b"250-2.6.0 first", b"250 2.6.0 last"), 250, "2.6.0"),
    (say(b"250 2.0.0 " + b"x" * 900), 250, "2.0.0"),
    (say(b"250 2.0.0 \xff\x1b[31m\x07 queued"), 250, "2.0.0"),
    (say(b"550 no such person"), 550, "5."),
    (say(b"552 5.3.4 too large"), 552, "5.3.4"),
    (say(b"451 4.7.1 greylisted"), 451, "4.7.1"),
]


def test_the_smarthosts_code_is_kept_and_its_text_is_one_printable_line(tmp_path: Path) -> None:
    script = {"dot": ANSWERS[0][0]}
    with ThreadedSmarthost(script) as smarthost, Service(tmp_path, smarthost.port, POLICY) as service:
        for said, code, enhanced in ANSWERS:
            smarthost.smarthost.script["dot"] = said
            found, text, *_ = sent(service, 1, "hello")
            assert found == code and text.startswith(enhanced), text
            assert text.isascii() and text.isprintable() and len(text.partition(" ")[2]) <= 400


def test_by_is_a_name_for_the_record_and_the_systems_user_stands_beside_it(service: Service, run: Command) -> None:
    ref, *_ = held(service)
    assert run("held", "reject", ref, "--note", "no", "--by", "Sam Patel").status == 0
    (found,) = rows(run("held", "show", ref, "--json"))
    told = json.dumps(found) + run("explain", ref, "--json").out
    assert "Sam Patel" in told and pwd.getpwuid(os.getuid()).pw_name in told


def test_a_form_that_cannot_be_made_ends_with_4_and_the_message_stays_held(
    service: Service, sink: Sink, run: Command
) -> None:
    number = next(_numbers)
    whom = people(5, f"n{number}.example")
    extra = "MIME-Version: 1.0\r\nContent-Type: application/ms-tnef; name=winmail.dat"
    _, text = submit(service.port, message(whom, number=number, extra=extra, body="x\r\n"), whom)
    ref = reference(text)
    for form in ("separate", "bcc"):
        assert run("held", "release", ref, "--as", form, "--reason", "x").status == 4
    assert row(run, ref)["state"] == "held" and not arrived(sink, whom)
    assert run("held", "release", ref, "--as", "original", "--reason", "x").status == 0
    eventually(lambda: arrived(sink, whom))


def test_an_invitation_is_not_released_as_bcc_but_as_separate_copies(
    service: Service, sink: Sink, run: Command
) -> None:
    number = next(_numbers)
    whom = people(5, f"n{number}.example")
    lines = [f"ATTENDEE:mailto:{each}" for each in whom]
    event = ["BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR", ""]
    extra = "MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST"
    _, text = submit(service.port, message(whom, number=number, extra=extra, body="\r\n".join(event)), whom)
    ref = reference(text)
    refused = run("held", "release", ref, "--as", "bcc", "--reason", "x")
    assert refused.status == 2 and "only separate copies can hide them" in refused.err
    assert row(run, ref)["state"] == "held" and not arrived(sink, whom)
    assert run("held", "release", ref, "--as", "separate", "--reason", "x").status == 0
    for address in whom:
        (copy,) = eventually(lambda address=address: arrived(sink, [address]))
        assert [each for each in whom if each.encode() in copy.content] == [address]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 0)])
def test_serve_ends_with_0_when_it_is_told_to_stop(
    tmp_path: Path, sink: Sink, number: signal.Signals, status: int
) -> None:
    with Service(tmp_path, sink.port, POLICY) as service:
        service.signal(number)
        assert service.stop() == status


def test_a_reason_and_a_note_have_to_say_something(service: Service, run: Command) -> None:
    ref, *_ = held(service)
    assert run("held", "release", ref, "--as", "original", "--reason", " ").status == 2
    assert run("held", "reject", ref, "--note", "").status == 2
    assert row(run, ref)["state"] == "held"
