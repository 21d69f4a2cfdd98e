"""mailguard init: a folder to start from. It never overwrites, and asks only on a terminal."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ..core.errors import SettingsError
from . import output
from .packaged import policy_files

EXAMPLE_DOMAIN = "elmroad.example"
TESTED_DOMAIN = "organisation.example"
"""What is inside in the packaged policy tests: they must hold in the new folder too."""
SCHEMA_LINE = "# yaml-language-server: $schema=policy.schema.json\n"
TESTS_SCHEMA_LINE = "# yaml-language-server: $schema=../policy-tests.schema.json\n"
SERVICE_DATA = Path("/var/lib/mailguard")


@dataclass(frozen=True, slots=True)
class Answers:
    """What is asked for: the rest has defaults. domains: at least one."""

    name: str = "Elm Road Surgery"
    domains: tuple[str, ...] = (EXAMPLE_DOMAIN,)
    smarthost: str = "127.0.0.1:2526"
    contact: str = f"manager@{EXAMPLE_DOMAIN}"

    @property
    def asked(self) -> bool:
        return self != Answers()


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to; it is made if it is not there.")] = Path(),
) -> None:
    """Write mailguard.yaml, policies/ with tests, and their JSON Schema. Rules are on. Nothing is overwritten.

    Example: mailguard init /etc/mailguard
    """
    files = _files(folder, Answers())
    _refuse_overwriting(files)
    if sys.stdin.isatty() and sys.stderr.isatty():
        files = _files(folder, _ask())
    _write(files)
    for path in files:
        output.result(str(path))
    _print_next(folder)


def _ask() -> Answers:
    name = typer.prompt("The name of your organisation", err=True)
    domains = typer.prompt("Your mail domains (with spaces between them)", err=True, value_proc=_domains)
    smarthost = typer.prompt(
        "The mail server that checked mail goes to (HOST:PORT)", "127.0.0.1:2526", err=True, value_proc=_host_port
    )
    contact = typer.prompt("Who reviews held mail (an address)", f"manager@{domains[0]}", err=True, value_proc=_address)
    return Answers(name, domains, smarthost, contact)


def _domains(text: str) -> tuple[str, ...]:
    domains = tuple(text.replace(",", " ").lower().split())
    if not domains or not all(re.fullmatch(r"[^\s@:,/]+\.[^\s@:,/]+", domain) for domain in domains):
        raise typer.BadParameter("for example: elmroad.example elmroad.nhs.example")
    return domains


def _host_port(text: str) -> str:
    if not re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}", text):
        raise typer.BadParameter("for example: mail.elmroad.example:25")
    return text


def _address(text: str) -> str:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", text):
        raise typer.BadParameter("for example: manager@elmroad.example")
    return text


def _files(folder: Path, answers: Answers) -> dict[Path, str]:
    files = {folder / "mailguard.yaml": settings_text(folder, answers)}
    for name, text in policy_files().items():
        # Each names its schema, so that an editor completes its keys.
        head = TESTS_SCHEMA_LINE if "/" in name else SCHEMA_LINE
        files[folder / "policies" / name] = head + text.replace(TESTED_DOMAIN, answers.domains[0])
    from ..core.policy.schema import policy_schema, trials_schema

    for schema, made in (("policy", policy_schema()), ("policy-tests", trials_schema())):
        files[folder / "policies" / f"{schema}.schema.json"] = json.dumps(made, indent=2) + "\n"
    return files


def _refuse_overwriting(files: dict[Path, str]) -> None:
    there = [path for path in files if path.exists() or path.is_symlink()]
    if there:
        raise SettingsError(f'"{there[0]}" is already there; nothing was written. Name another folder')


def _write(files: dict[Path, str]) -> None:
    """Write every file anew. What was written stays if a later one fails; the error says which."""
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = 0o640 if path.name == "mailguard.yaml" else 0o644
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as cause:
            raise SettingsError(f'"{path}" cannot be written: {cause.strerror}') from cause


def _print_next(folder: Path) -> None:
    output.message("\nNext:")
    for number, step in enumerate(next_steps(folder), 1):
        output.message(f"  {number}. {step}")


def next_steps(folder: Path) -> list[str]:
    """What to do now; for a service as its user: what root begins, that user cannot go on with."""
    settings = folder / "mailguard.yaml"
    service = _data(folder.resolve()) == SERVICE_DATA
    run = "runuser -u mailguard -- mailguard" if service else "mailguard"
    return [
        f"Look through {settings}: your domains, and the mail server that checked mail goes to.",
        *([f"chgrp mailguard {settings}        (the user of the service, docs/operating.md)"] if service else []),
        f"{run} -C {settings} check",
        f"{run} -C {settings} serve",
        first_admin(run, settings, service=service),
        "Let your mail server or line-of-business system send through the listener.",
    ]


def first_admin(run: str, settings: Path, *, service: bool) -> str:
    """How somebody gets into the review console the first time: `serve` prints the link where somebody reads it."""
    if service:
        return f"{run} -C {settings} user link        (prints a link for the first admin of the review console)"
    return "Open the link that it prints for the first admin of the review console (later: `mailguard user link`)."


def settings_text(folder: Path, answers: Answers) -> str:
    """mailguard.yaml with every key, those that have a default commented out."""
    domain = answers.domains[0]
    data = _data(folder.resolve())
    return TEMPLATE.format(
        note="" if answers.asked else "# These are example values: set your own name, domains and mail server.\n",
        name=json.dumps(answers.name, ensure_ascii=False),
        domains=", ".join(answers.domains),
        smarthost=json.dumps(answers.smarthost),
        contact=json.dumps(answers.contact),
        sender=json.dumps(f"mailguard@{domain}"),
        store=json.dumps(f"sqlite:////{str(data / 'mailguard.db').lstrip('/')}", ensure_ascii=False),
        keys=data / "mailguard.keys",
    )


def _data(folder: Path) -> Path:
    """Where the store goes: beside the settings, but not in /etc, which the user of a service does not write."""
    return SERVICE_DATA if folder.is_relative_to("/etc") else folder / "data"


TEMPLATE = """\
# mailguard settings. `mailguard check` tries them. Unknown keys are errors; lines that begin with # show the defaults.
{note}
organisation:
  name: {name}                    # in notices to senders
  domains: [{domains}]            # inside; their subdomains too. A domain that is missing here counts as outside
  # addresses: []                 # inside mailboxes in a domain that is shared with others
  # trusted_domains: []           # partners: exempt from the count of outsiders, never from the rewrite
  # teams: []                     # senders who count as one, for `sender_team` and `sensitive_sender` in policies
  # time_zone: Europe/London      # of the times in notices

# Where your mail server or line-of-business system sends its outgoing mail.
listen:
  - address: "127.0.0.1:2525"     # off loopback, `allow` or `sign_in` is needed
    # tls: none                   # none | starttls | implicit; the last two need `certificate` and `key`
    # allow: [127.0.0.0/8]        # networks whose clients may submit
    # sign_in: none               # none | smarthost (tried at the smarthost) | local (`mailguard user add`); needs TLS
    # line_ends: refuse           # refuse | normalise: what becomes of a bare CR or LF in a message

# The mail server that checked mail goes to; a list of several may stand here (docs/operating.md "Smarthosts").
smarthost:
  address: {smarthost}
  # tls: opportunistic            # none | opportunistic | required | implicit
  # trusts_address: false         # true: it takes mail from this computer without a sign-in
  # username: mailguard           # sign in there; needs TLS
  # password_file: smarthost.password
  # messages_per_minute: 600      # how fast separate copies leave; default: as fast as it takes them
  # max_recipients: 100           # of one transaction; default: as many as it takes
  # partial: bounce               # bounce | refuse_all: if it takes only some of the recipients

# Everything that is kept: held mail, the outbox, the ledger. Encrypted; without the keys nobody can read it again.
store: {store}
# keys: {keys}                    # keep a copy apart from the backups of the store
# incident_register: incidents.yaml  # own code lists and contacts for the register of incidents (docs/incidents.md)
# witness: mailguard.witness      # shows a ledger whose end was cut off; best on another disk
# ledger: main                    # the name of this guard's ledger; each guard on one PostgreSQL has its own

policies: policies/               # a file, or a folder with its *.yaml

# Where people decide about held mail, in a browser. On a terminal `mailguard serve` prints a link for the first admin.
console:
  address: "127.0.0.1:8085"       # in plain HTTP, on this computer: a web server with TLS makes it reachable for others
  base_url: "http://127.0.0.1:8085"   # as browsers have it. Notices link to it: set it to what your senders can open
  # stop_seconds: 30              # how long a decision to send can be stopped
  # process: service              # service | own: own has `mailguard console` serve the pages, apart from the mail
  # oidc: null                    # your organisation's own sign-in service (docs/operating.md)
  # local_accounts: true          # false: only that service signs people in

# Who tells senders that a message is held, and whom they may ask.
notices:
  from: {sender}
  contact: {contact}
  # waiting: true                 # tell senders of each message that waits before it leaves by itself (`delay`)
  # urgent_per_day: 3             # how many messages each sender may call urgent within 24 hours
  # weekly: everybody             # everybody | reviewers | nobody: who gets a summary of the week on Monday morning
  # form: notice                  # notice | dsn: how senders hear that somebody decided not to send their message
  # escalation: null              # who hears too of what nobody has decided when four fifths of the time are over
  # reverse_path: null            # envelope sender of notices; null: nobody gets their bounces

# deadline: 24h                   # a hold that nobody decides in this time ends as not sent
# calendar_memory: 400d           # so long updates of an invitation sent as separate copies are sent so too
# retention: {{held: 30d, evidence: 400d}}   # and near_misses, breaches ... of the register, kept for good unless set
# object_store: null              # an S3 bucket for the bodies of large held messages; see docs/reference.md
# limits: {{recipients: 5000, message_bytes: 52428800}}
# canary: {{defer_mail: false}}     # the guard tests itself every 6 hours; true: no new mail is taken while that fails
# outbox: {{}}                      # how what waits is tried again; see docs/reference.md
# metrics: {{address: "127.0.0.1:9109"}}   # Prometheus metrics and health; off unless set
# dkim: []                        # keys to sign with what was rewritten (docs/operating.md)
# hostname: guard.elmroad.example # in greetings and Received fields; default: this computer's name
# spool: /var/spool/mailguard     # where large messages wait, unlinked; default: the system's temporary folder
# log_level: info
# log_file: null                  # a file to log to; default: stderr
# stop_grace_seconds: 30          # how long a stop waits for messages that are under way
# workers: 1
# inspection: {{workers: 2}}        # processes that read attachments, where a rule asks about them
"""
