"""The public interface from a shell, sentence by sentence, without a running service.

Written from the interface alone: nothing here knows what lies behind the commands.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.end_to_end.interface_shell import POLICY, ROOT, Shell, cold, eml, settings
from tests.end_to_end.service import eventually

LIST = "a@one.example, b@two.example, c@three.example"
TRY_FIELDS = {
    "schema", "disposition", "rewrite", "rules", "facts", "visible", "findings", "defects", "policy_revision",
    "content_sha256", "sent_sha256",
}  # fmt: skip

SETTINGS_OF_THE_INTERFACE = """\
organisation:
  name: Elm Road Surgery
  domains: [elmroad.example]            # inside; their subdomains too
  addresses: []                         # inside mailboxes in a domain that is shared with others
  trusted_domains: []                   # exempt from the count, never from the rewrite
  time_zone: Europe/London
listen:
  - {address: 127.0.0.1:2525, tls: none}        # none | starttls | implicit; certificate: key:
    # allow: [127.0.0.0/8]  and/or  sign_in: smarthost (pass the client's AUTH through) | local | none
    # line_ends: refuse (default) | normalise (before judging; only CRLF.CRLF ends DATA in both)
smarthost: {address: 127.0.0.1:2526, tls: none}  # none | opportunistic | required | implicit; username, password_file,
                                                 # messages_per_minute, max_recipients, partial: bounce | refuse_all
store: sqlite:////var/lib/mailguard/mailguard.db # four slashes: absolute; or postgresql://...
keys: /var/lib/mailguard/mailguard.keys/         # default: beside the store
policies: policies/                              # a file or a folder
console: {address: 127.0.0.1:8085, base_url: http://127.0.0.1:8085}
metrics: {address: 127.0.0.1:9109}               # off unless set
limits: {recipients: 5000, message_bytes: 52428800}
notices: {from: mailguard@elmroad.example, contact: manager@elmroad.example, reverse_path: null}
deadline: 24h
retention: {held: 30d, evidence: 400d}
workers: 1
"""


@pytest.fixture(scope="module")
def mailguard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("shell"))
    yield shell
    shell.close()


# Exit status


def test_wrong_usage_ends_with_2_and_says_why_on_stderr(mailguard: Shell, tmp_path: Path) -> None:
    settings(tmp_path)
    commands: list[tuple[str, ...]] = [
        (), ("sell",), ("policy", "sell"), ("policy", "try"), ("policy", "check", "--sideways"), ("held", "release"),
        ("held", "release", "MG-7Q4K-2F"), ("held", "release", "MG-7Q4K-2F", "--as", "separate"),
        ("held", "release", "MG-7Q4K-2F", "--as", "sideways", "--reason", "x"), ("held", "reject", "MG-7Q4K-2F"),
        ("outbox", "drop", "MG-7Q4K-2F"), ("audit", "export"), ("explain",),
    ]  # fmt: skip
    for said in mailguard.each(commands, tmp_path):
        assert said.status == 2, said
        assert said.err.strip() and "Traceback" not in said.err, said


def test_an_unreadable_file_ends_with_2(mailguard: Shell, tmp_path: Path) -> None:
    settings(tmp_path)
    message = str(eml(tmp_path / "message.eml"))
    commands: list[tuple[str, ...]] = [
        ("policy", "try", "none.eml"), ("policy", "try", "none.eml", "--json"), ("policy", "try", str(tmp_path)),
        ("policy", "try", message, "--policy", "none.yaml"), ("policy", "check", "none.yaml"),
        ("policy", "check", "none.yaml", "--json"), ("policy", "test", "none.yaml"), ("audit", "verify", "none.jsonl"),
        ("-C", "none.yaml", "held", "list"), ("-C", "none.yaml", "serve"), ("-C", "none.yaml", "status", "--json"),
        ("-C", "none.yaml", "policy", "check"), ("-C", "none.yaml", "check"),
    ]  # fmt: skip
    for said in mailguard.each(commands, tmp_path):
        assert said.status == 2 and ("cannot be read" in said.err + said.out or "no policy" in said.err), said
        assert "Traceback" not in said.err


def test_a_reference_cannot_be_looked_up_before_there_is_a_store(mailguard: Shell, tmp_path: Path) -> None:
    settings(tmp_path)
    commands: list[tuple[str, ...]] = [
        ("status",), ("status", "--json"), ("held", "list"), ("held", "list", "--json"), ("held", "show", "MG-7Q4K-2F"),
        ("outbox", "list"), ("audit", "list", "--json"), ("audit", "verify"), ("explain", "MG-7Q4K-2F"),
        ("held", "release", "MG-7Q4K-2F", "--as", "separate", "--reason", "x"),
    ]  # fmt: skip
    for said in mailguard.each(commands, tmp_path):
        assert said.status == 3, said
    assert not (tmp_path / "store").exists(), "a look makes no store"


def test_a_store_that_cannot_be_reached_ends_with_3(mailguard: Shell, tmp_path: Path) -> None:
    file = settings(tmp_path)
    text = file.read_text().replace(f"sqlite:///{tmp_path}/store/mailguard.db", "postgresql://x@127.0.0.1:9/x")
    file.write_text(text + "keys: keys/\n")
    for said in mailguard.each([("held", "list"), ("audit", "list", "--json")], tmp_path):
        assert said.status == 3 and "Traceback" not in said.err, said


def test_findings_end_with_1(mailguard: Shell, tmp_path: Path) -> None:
    settings(tmp_path, policy=POLICY.replace("at_least", "at_lest"))
    (tmp_path / "policies" / "tests").mkdir()
    (tmp_path / "good.yaml").write_text(POLICY)
    (tmp_path / "tests.yaml").write_text(
        "tests:\n  - name: never\n    message: {to: {count: 9, domain: x.example}}\n    expect: {disposition: relay}\n"
    )
    commands: list[tuple[str, ...]] = [
        ("policy", "check"), ("policy", "check", "--json"), ("check",), ("check", "--json"),
        ("policy", "test", "tests.yaml", "--policy", "good.yaml"),
        ("policy", "test", "tests.yaml", "--policy", "good.yaml", "--json"),
    ]  # fmt: skip
    for said in mailguard.each(commands, tmp_path):
        assert said.status == 1, said


def test_policy_try_ends_with_0_whatever_it_finds(mailguard: Shell, tmp_path: Path) -> None:
    (tmp_path / "reject.yaml").write_text(
        POLICY.replace("action: hold", "action: reject").replace("    rewrite: separate\n", "")
    )
    (tmp_path / "odd.eml").write_bytes(b"\x00\xff no header at all \r\r\n")
    (tmp_path / "empty.eml").write_bytes(b"")
    eml(tmp_path / "list.eml", to=LIST)
    for name in ("odd.eml", "empty.eml", "list.eml"):
        said = mailguard("policy", "try", name, "--policy", "reject.yaml", "--json", cwd=tmp_path)
        assert said.status == 0, said
        assert said.json["disposition"] in ("relay", "reject" if name == "list.eml" else "hold"), said


# The settings file that a command uses


def test_minus_c_stands_before_or_after_the_command_or_in_the_environment(mailguard: Shell, tmp_path: Path) -> None:
    file = settings(tmp_path / "there", name="other.yaml")
    eml(tmp_path / "list.eml", to=LIST)
    words = ("policy", "try", "list.eml", "--json")
    revisions = {
        mailguard("-C", str(file), *words, cwd=tmp_path).json["policy_revision"],
        mailguard(*words, "-C", str(file), cwd=tmp_path).json["policy_revision"],
        mailguard("policy", "-C", str(file), *words[1:], cwd=tmp_path).json["policy_revision"],
        mailguard(*words, cwd=tmp_path, MAILGUARD_CONFIG=str(file)).json["policy_revision"],
    }
    assert len(revisions) == 1
    without = mailguard(*words, cwd=tmp_path).json["policy_revision"]
    assert without not in revisions, "without settings it is the policy that mailguard comes with"


def test_paths_count_from_the_file_that_names_them(mailguard: Shell, tmp_path: Path) -> None:
    file = settings(tmp_path / "there", policy=POLICY)
    (tmp_path / "there" / "policies" / "tests").mkdir()
    (tmp_path / "there" / "policies" / "tests" / "one.yaml").write_text(
        "tests:\n  - name: from a file\n    message: {eml: list.eml}\n    expect: {disposition: hold}\n"
    )
    eml(tmp_path / "there" / "policies" / "tests" / "list.eml", to=LIST)
    (tmp_path / "here").mkdir()
    for words in (("policy", "check"), ("policy", "test")):
        said = mailguard("-C", f"../there/{file.name}", *words, cwd=tmp_path / "here")
        assert said.status == 0, said


def test_serve_without_settings_names_init_and_demo_and_ends_with_2(mailguard: Shell, tmp_path: Path) -> None:
    said = mailguard("serve", cwd=tmp_path)
    assert said.status == 2 and said.out == ""
    assert "No configuration found. Run `mailguard init`, or `mailguard demo` to look around." in said.err


def test_results_stand_on_stdout_and_colour_only_on_a_terminal(mailguard: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(POLICY.replace("action: hold", "acton: hold"))
    eml(tmp_path / "list.eml", to=LIST)
    for words in (("policy", "try", "list.eml", "--explain"), ("policy", "check", "bad.yaml"), ("--help",)):
        said = mailguard(*words, cwd=tmp_path)
        assert said.out and "\x1b" not in said.out + said.err


# Settings


def test_the_example_of_the_interface_loads_whole(mailguard: Shell, tmp_path: Path) -> None:
    text = SETTINGS_OF_THE_INTERFACE.replace("/var/lib/mailguard", str(tmp_path / "data"))
    (tmp_path / "mailguard.yaml").write_text(text.replace("2525", "0").replace("9109", "0"))
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yaml").write_text(POLICY)
    said = mailguard("check", cwd=tmp_path)
    problems = [line for line in said.out.splitlines() if line.startswith("PROBLEM")]
    assert len(problems) == 1 and "smarthost" in problems[0], "nobody listens there; all else is well: " + said.out


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("tls: none}        #", "tls: none, allow: [127.0.0.0/8], line_ends: normalise, sign_in: none}  #"),
        (
            "127.0.0.1:2526, tls: none",
            "127.0.0.1:2526, tls: opportunistic, messages_per_minute: 30, max_recipients: 100",
        ),
        ("127.0.0.1:2526, tls: none", "127.0.0.1:2526, tls: required, partial: refuse_all"),
        ("127.0.0.1:2526, tls: none", "127.0.0.1:2526, tls: implicit, username: guard, password_file: password"),
        ("sqlite:////var/lib/mailguard/mailguard.db", "postgresql://mailguard@127.0.0.1/mailguard"),
        ("policies: policies/", "policies: policies/policy.yaml"),
        ("reverse_path: null", "reverse_path: bounces@elmroad.example"),
    ],
)
def test_the_alternatives_in_the_example_are_accepted(mailguard: Shell, tmp_path: Path, key: str, instead: str) -> None:
    assert key in SETTINGS_OF_THE_INTERFACE
    (tmp_path / "mailguard.yaml").write_text(SETTINGS_OF_THE_INTERFACE.replace(key, instead))
    (tmp_path / "password").write_text("not a real one\n")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yaml").write_text(POLICY)
    said = mailguard("policy", "check", cwd=tmp_path)
    assert said.status == 0, said


@pytest.mark.parametrize(
    ("written", "place", "message"),
    [
        ("dedline: 24h\n", "7:1", 'did you mean "deadline"?'),
        ("deadline: 24h\ndeadline: 1h\n", "8:1", "twice"),
        ("workers: many\n", "7:10", "many"),
        ("limits: {recipients: lots}\n", "7:22", "lots"),
        ("limits: {recipient: 5}\n", "7:10", 'did you mean "recipients"?'),
        ("deadline: soon\n", "7:11", "soon"),
        ("log_level: [info\n", "8:", ""),
    ],
)
def test_a_wrong_setting_is_named_with_file_line_column_and_caret(
    mailguard: Shell, tmp_path: Path, written: str, place: str, message: str
) -> None:
    settings(tmp_path, extra=written)
    said = mailguard("check", cwd=tmp_path)
    assert said.status == 1 and f"mailguard.yaml:{place}" in said.out and message in said.out, said
    if message:
        number, column = (int(part) for part in place.split(":"))
        line = (tmp_path / "mailguard.yaml").read_text().splitlines()[number - 1]
        shown = said.out.splitlines()
        at = next(index for index, text in enumerate(shown) if text.endswith(line))
        assert shown[at + 1].index("^") - shown[at].index(line) == column - 1
    assert mailguard("serve", cwd=tmp_path).status == 2


def test_a_password_in_the_settings_or_on_the_command_line_is_refused(mailguard: Shell, tmp_path: Path) -> None:
    file = settings(tmp_path)
    file.write_text(file.read_text().replace("tls: none}", "tls: none, username: guard, password: hunter2}"))
    said = mailguard("check", cwd=tmp_path)
    assert said.status == 1 and "password_file" in said.out
    assert mailguard("serve", "--password", "hunter2", cwd=tmp_path).status == 2


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "mail.elmroad.example:0"])
def test_a_listener_off_loopback_without_allow_is_a_start_error(mailguard: Shell, tmp_path: Path, address: str) -> None:
    file = settings(tmp_path)
    file.write_text(file.read_text().replace("address: 127.0.0.1:0", f'address: "{address}"'))
    for said in mailguard.each([("check",), ("serve",)], tmp_path):
        assert said.status in (1, 2) and "allow" in said.out + said.err, said
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("more", ["tls: starttls", "tls: implicit", "sign_in: smarthost"])
def test_a_setting_that_lacks_what_it_needs_is_a_start_error_and_never_ignored(
    mailguard: Shell, tmp_path: Path, more: str
) -> None:
    """A certificate; and a right of the guard's own to send what it held, where clients sign in at the smarthost."""
    file = settings(tmp_path)
    file.write_text(file.read_text().replace("{address: 127.0.0.1:0}", f"{{address: 127.0.0.1:0, {more}}}"))
    for said in mailguard.each([("check",), ("serve",)], tmp_path):
        assert said.status in (1, 2) and said.status != 0, said


def test_check_tells_of_a_witness_and_a_password_that_a_start_would_miss(mailguard: Shell, tmp_path: Path) -> None:
    more = "tls: required, username: guard, password_file: none.password}"
    file = settings(tmp_path, extra="witness: unmounted/witness\n")
    file.write_text(file.read_text().replace("tls: none}", more))
    said = mailguard("check", cwd=tmp_path)
    problems = "\n".join(line for line in said.out.splitlines() if line.startswith("PROBLEM"))
    assert said.status == 1 and "unmounted" in problems and "none.password" in problems, said
    (tmp_path / "unmounted").mkdir()
    assert "unmounted" not in "".join(
        line for line in mailguard("check", cwd=tmp_path).out.splitlines() if line.startswith("PROBLEM")
    )


def test_store_keys_and_witness_count_from_the_settings_file_too(mailguard: Shell, tmp_path: Path) -> None:
    file = settings(tmp_path / "there", extra="keys: k/\n")
    text = file.read_text().replace(f"sqlite:///{tmp_path}/there/store/mailguard.db", "sqlite:///data/m.db")
    file.write_text(text)
    (tmp_path / "here").mkdir()
    said = mailguard("-C", "../there/mailguard.yaml", "held", "list", cwd=tmp_path / "here")
    assert said.status == 3 and f"{tmp_path}/there/data/m.db" in said.err, said
    assert f"{tmp_path}/there/k" in mailguard("-C", "../there/mailguard.yaml", "check", cwd=tmp_path / "here").out


def opened_for_reading(fifo: Path) -> int | None:
    """A descriptor that writes to it, once somebody reads."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_a_command_that_is_interrupted_ends_with_130(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never.eml")
    words = [sys.executable, "-m", "mailguard", "policy", "try", "never.eml"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        writing = eventually(lambda: opened_for_reading(tmp_path / "never.eml"), 60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        os.close(writing)
    assert process.returncode == 130 and "Traceback" not in said


# init


def test_init_writes_what_check_policy_check_and_policy_test_find_good(mailguard: Shell, tmp_path: Path) -> None:
    said = mailguard("init", "new", cwd=tmp_path)
    assert said.status == 0, said
    folder = tmp_path / "new"
    assert (folder / "mailguard.yaml").is_file() and list((folder / "policies").glob("*.yaml"))
    assert list((folder / "policies" / "tests").glob("*.yaml")) and list(folder.rglob("*.json"))
    rules = yaml.safe_load(next((folder / "policies").glob("*.yaml")).read_text())["rules"]
    assert any(rule.get("mode", "enforce") == "enforce" and rule["action"] == "hold" for rule in rules), "rules are on"
    for words in (("policy", "check"), ("policy", "test")):
        assert mailguard(*words, cwd=folder).status == 0
    problems = [line for line in mailguard("check", cwd=folder).out.splitlines() if line.startswith("PROBLEM")]
    assert all(any(part in line for part in ("smarthost", "listener", "console")) for line in problems), problems


def test_init_overwrites_nothing(mailguard: Shell, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yaml").write_text(POLICY)
    (tmp_path / "mailguard.yaml").write_text("mine: true\n")
    mailguard("init", cwd=tmp_path)
    assert (tmp_path / "mailguard.yaml").read_text() == "mine: true\n"
    assert (tmp_path / "policies" / "default.yaml").read_text() == POLICY


# Policy


def test_policy_errors_name_file_line_column_with_the_line_a_caret_and_a_suggestion(
    mailguard: Shell, tmp_path: Path
) -> None:
    (tmp_path / "p.yaml").write_text(POLICY.replace("visible_external_recipients", "visible_external_recipient"))
    said = mailguard("policy", "check", "p.yaml", cwd=tmp_path)
    assert "p.yaml:5:12:" in said.out and 'did you mean "visible_external_recipients"?' in said.out, said
    line, caret = next(
        pair for pair in zip(said.out.splitlines(), said.out.splitlines()[1:], strict=False) if pair[1].strip() == "^"
    )
    assert line[caret.index("^") :].startswith("visible_external_recipient:")
    (error,) = mailguard("policy", "check", "p.yaml", "--json", cwd=tmp_path).json["errors"]
    assert (error["line"], error["column"]) == (5, 12) and error["file"].endswith("p.yaml")


BASE = "version: 1\nrules:\n  - {id: r, describe: A rule., when: {subject: {is: x}}, action: hold}\n"


def with_rule(**keys: str) -> str:
    values = {"id": "r", "describe": "A rule.", "when": "{subject: {is: x}}", "action": "hold"} | keys
    return "version: 1\nrules:\n  - {" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}\n"


GOOD = [
    *({"action": action} for action in ("relay", "rewrite", "hold", "reject")),
    *({"mode": mode} for mode in ("off", "monitor", "enforce")),
    {"rewrite": "separate"}, {"rewrite": "bcc"}, {"approvals": "1"}, {"approvals": "2"}, {"deadline": "4h"},
    {"delay": "5m"}, {"sender_may": "[cancel, separate, original]"}, {"unless": '{sender: ["@elmroad.example"]}'},
    {"when": "{sender: [a@elmroad.example]}", "lifts": "[floor-malformed]"},
    *(
        {"when": "{" + when + "}"}
        for when in (
            "visible_external_recipients: {at_least: 1, at_most: 2}", "visible_external_domains: {at_least: 1}",
            "visible_consumer_recipients: {at_least: 1}", "visible_internal_recipients: {at_least: 1}",
            "envelope_recipients: {at_least: 1}", "sender: [a@x.example]", "sender_any: {matches: x}",
            "recipient_domain: x.example", "subject: {matches: x}", "subject: {ends_with: x}", "subject: [x, y]",
            "header: {name: X-Y, matches: x}", "calendar: true", "malformed: true", "uninspectable: true",
            "finding: {kind: nhs_number, count: {at_least: 5}, hidden: true}", "size_bytes: {at_least: 1}",
            "all: [{calendar: true}]", "any: [{calendar: true}]", "not: {calendar: true}",
        )
    ),
]  # fmt: skip

BAD = [
    {"action": "discard"}, {"mode": "on"}, {"rewrite": "original"}, {"approvals": "3"}, {"approvals": "0"},
    {"deadline": "soon"}, {"delay": "-5m"}, {"sender_may": "[release]"}, {"unless": "{subject: {is: x}}"},
    {"unless": "{sender_any: [a@x.example]}"}, {"lifts": "[floor-malformed]"}, {"lifts": "[floor]"}, {"when": "{}"},
    {"when": "{subject: {matches: '(?=x)'}}"}, {"when": "{subject: {matches: '('}}"}, {"when": "{subjct: {is: x}}"},
    {"when": "{visible_external_recipients: ten}"}, {"when": "{visible_external_recipients: {at_least: -1}}"},
    {"when": "{calendar: yes}"}, {"when": "{not: [{calendar: true}]}"}, {"id": "[r]"}, {"approve": "2"},
]  # fmt: skip


def test_every_key_and_condition_of_the_interface_is_accepted(mailguard: Shell, tmp_path: Path) -> None:
    names = []
    for number, keys in enumerate(GOOD):
        names.append(f"{number}.yaml")
        (tmp_path / names[-1]).write_text(with_rule(**{"id": f"r{number}", **keys}))
    said = mailguard("policy", "check", *names, "--json", cwd=tmp_path)
    assert said.status == 0 and said.json["valid"] is True, said


def test_every_wrong_policy_is_refused_where_it_is_wrong(mailguard: Shell, tmp_path: Path) -> None:
    texts = [with_rule(**keys) for keys in BAD]
    texts += ["version: 2\nrules: []\n", "rules: []\n", "", BASE + BASE[10:], BASE.replace("{id", "&a {id")]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text)
    for number, said in enumerate(
        mailguard.each([("policy", "check", f"{number}.yaml") for number in range(len(texts))], tmp_path)
    ):
        assert said.status == 1 and f"{number}.yaml:" in said.out, (texts[number], said)


def test_the_schema_is_json_schema_and_takes_and_refuses_what_check_does(mailguard: Shell, tmp_path: Path) -> None:
    schema = mailguard("policy", "schema", cwd=tmp_path).json
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    takes = validator(schema).is_valid
    assert takes(yaml.safe_load((ROOT / "policies" / "default.yaml").read_text()))
    for keys in GOOD:
        if keys.get("mode") != "off":  # PyYAML reads YAML 1.1, where that word is a truth value
            assert takes(yaml.safe_load(with_rule(**keys))), keys
    assert not takes({"version": 1, "rules": [{"id": "r"}]}) and not takes({"version": 2, "rules": []})
    assert not takes(yaml.safe_load(with_rule(acton="hold")))


def test_a_policy_folder_is_its_own_yaml_files_in_name_order_and_not_its_subfolders(
    mailguard: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "policies"
    (folder / "examples").mkdir(parents=True)
    (folder / "examples" / "broken.yaml").write_text("rules: [\n")
    (folder / "notes.txt").write_text("rules: [\n")
    when = "{envelope_recipients: {at_least: 1}}"
    (folder / "b.yaml").write_text(with_rule(id="second", when=when))
    (folder / "a.yaml").write_text(with_rule(id="first", when=when))
    eml(tmp_path / "m.eml")
    found = mailguard("policy", "try", "m.eml", "--policy", "policies", "--json", cwd=tmp_path).json
    assert [rule["id"] for rule in found["rules"] if not rule["id"].startswith("floor-")] == ["first", "second"]


def test_the_policy_test_of_the_interface_passes_word_for_word(mailguard: Shell, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "tests.yaml").write_text(
        "tests:\n"
        "  - name: 288 patients in Cc are stopped\n"
        "    message: {cc: {count: 288, domain: patients.example}, subject: Flu clinic}     # or eml: FILE\n"
        "    at: 2026-03-12T09:00:00Z\n"
        "    expect: {disposition: hold, rewrite: separate, rules: [visible-list]}\n"
    )
    said = mailguard("policy", "test", "tests.yaml", "--policy", "policy.yaml", cwd=tmp_path)
    assert said.status == 0, said


# policy try


def test_policy_try_prints_one_object_with_the_published_fields(mailguard: Shell, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(POLICY)
    raw = eml(tmp_path / "list.eml", to=LIST + ", sam@elmroad.example").read_bytes()
    found = mailguard("policy", "try", "list.eml", "--policy", "p.yaml", "--json", cwd=tmp_path).json
    assert set(found) == TRY_FIELDS
    assert (found["schema"], found["disposition"], found["rewrite"]) == (1, "hold", "separate")
    rule = next(rule for rule in found["rules"] if rule["id"] == "visible-list")
    assert set(rule) == {"id", "mode", "action", "matched", "error", "reason", "values"}
    assert rule["matched"] is True and rule["error"] is None and rule["reason"].startswith("3 people in To")
    assert rule["values"] == {"visible_external_recipients": 3}
    facts = found["facts"]
    assert (facts["visible_external_recipients"], facts["visible_external_domains"]) == (3, 3)
    assert facts["visible_internal_recipients"] == 1
    assert sorted(found["visible"]) == sorted([*LIST.split(", "), "sam@elmroad.example"])
    assert found["findings"] == [] and found["defects"] == []
    assert found["policy_revision"].startswith("sha256:") and len(found["content_sha256"]) == 64
    assert found["content_sha256"].isalnum() and raw.count(b"\n") == facts["size_bytes"] - len(raw)


def test_policy_try_names_defects_with_kind_and_where(mailguard: Shell, tmp_path: Path) -> None:
    eml(tmp_path / "odd.eml", to="a@one.example b@two.example")
    found = mailguard("policy", "try", "odd.eml", "--json", cwd=tmp_path).json
    assert found["disposition"] == "hold"
    assert [set(defect) for defect in found["defects"]] == [{"kind", "where"}]
    assert found["defects"][0]["kind"] and found["defects"][0]["where"] == "to"


def test_policy_try_takes_envelope_and_time_and_explains(mailguard: Shell, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(POLICY)
    eml(tmp_path / "list.eml", to=LIST)
    words = (
        "policy",
        "try",
        "list.eml",
        "--policy",
        "p.yaml",
        "--mail-from",
        "x@one.example",
        "--at",
        "2026-03-12T09:00:00Z",
    )
    found = mailguard(*words, "--rcpt", "a@one.example", "--rcpt", "z@nine.example", "--json", cwd=tmp_path).json
    assert found["facts"]["visible_internal_recipients"] == 1, "the domain of --mail-from is inside"
    assert found["facts"]["envelope_recipients"] == 2 and found["disposition"] == "relay"
    said = mailguard("policy", "try", "list.eml", "--policy", "p.yaml", "--explain", cwd=tmp_path)
    assert "visible-list" in said.out and "found 3" in said.out
    assert mailguard(*words[:-1], "tomorrow", cwd=tmp_path).status == 2


@pytest.mark.parametrize("words", [("--mail-from", "not an address"), ("--rcpt", "x y"), ("--rcpt", "nobody")])
def test_policy_try_refuses_an_address_that_is_none(mailguard: Shell, tmp_path: Path, words: tuple[str, str]) -> None:
    eml(tmp_path / "list.eml")
    said = mailguard("policy", "try", "list.eml", *words, cwd=tmp_path)
    assert said.status == 2 and said.out == "", said


# demo and the wheel


def test_demo_once_shows_what_happened_to_each_and_ends_with_0(mailguard: Shell, tmp_path: Path) -> None:
    said = cold("demo", "--once", "--smtp", "127.0.0.1:0", "--console", "127.0.0.1:0", cwd=tmp_path)
    assert said.status == 0, said
    assert "mailguard demo. Everything stays on this computer; no email can leave it." in said.out
    assert "288 patients in Cc" in said.out and "MG-" in said.out and "550 5.7.1" in said.out
    assert not list(tmp_path.iterdir())


def test_pip_install_carries_policies_templates_and_migrations_along(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("mailguard", "policies", "README.md", "LICENSE", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "--python", str(tmp_path / "venv" / "bin" / "python"), "install", "-q"]
    shared = sysconfig.get_path("purelib")
    (site / "dependencies.pth").write_text(shared + "\n")
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--ignore-installed", "."],
        cwd=source, capture_output=True, text=True, timeout=120,
        env=os.environ | {"PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (site / "mailguard" / "policies" / "default.yaml").is_file()
    shutil.rmtree(source)
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MAILGUARD_CONFIG")}
    command = str(tmp_path / "venv" / "bin" / "mailguard")
    for words in (
        ["init", "new"],
        ["demo", "--once", "--smtp", "127.0.0.1:0"],
        ["-C", "new/mailguard.yaml", "policy", "test"],
    ):
        run = subprocess.run([command, *words], cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, (words, run.stdout, run.stderr)
