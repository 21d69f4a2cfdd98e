"""mailguard.yaml as one value, composed of the settings that each part declares for itself.

Unknown keys are errors; secrets come from files or the environment; relative paths count from the file that names them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations, product
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from .core.document import load_model, quoted
from .core.duration import Duration
from .core.errors import SettingsError
from .core.mail.canonical import canonical_address, canonical_domain
from .core.organisation import Organisation
from .core.this_machine import is_this_machine
from .guard.settings import (
    CanarySettings,
    DkimSettings,
    NoticeSettings,
    OutboxSettings,
    TeamSettings,
    outside_senders,
)
from .inspection.settings import InspectionSettings
from .oidc.settings import OidcSettings
from .smtp.listen_settings import HostPort, HostPortSetting, Limits, ListenerSettings
from .smtp.smarthost_settings import SmarthostSettings, canonical_domains, keeps_a_password
from .store.object_settings import ObjectStoreSettings
from .store.store_settings import RetentionSettings, StoreSettings

DEFAULT_FILE = Path("mailguard.yaml")
VARIABLE = "MAILGUARD_CONFIG"


class OrganisationSettings(BaseModel):
    """Who is inside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        min_length=1,
        max_length=200,
        description="The organisation's name in notices. Required. Example: Elm Road Surgery.",
    )
    domains: tuple[str, ...] = Field(
        min_length=1,
        description="Domains that are inside, their subdomains too. Required. Example: [elmroad.example]. "
        "A domain that is missing here counts as outside.",
    )
    addresses: tuple[str, ...] = Field(
        default=(),
        description="Inside mailboxes in a domain that is shared with others. Default: none. "
        "Example: [elmroad@nhs.example].",
    )
    trusted_domains: tuple[str, ...] = Field(
        default=(),
        description="Partners' domains, exempt from the count but never from the rewrite. Default: none. "
        "Example: [council.example].",
    )
    time_zone: str = Field(
        default="Europe/London",
        description="The time zone of the times in notices. Default: Europe/London. Example: Europe/Dublin.",
    )
    teams: tuple[TeamSettings, ...] = Field(
        default=(),
        description="Senders who count as one, for the conditions `sender_team` and `sensitive_sender`. Default: none, "
        "every address stands for itself. Example: [{name: sexual-health, senders: [clinic@elmroad.example], "
        "sensitive: true}].",
    )

    @field_validator("domains", "trusted_domains")
    @classmethod
    def _are_domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        """A name of one label is refused: `uk` for `elmroad.co.uk` would make half the world inside."""
        for domain in domains:
            if not _DOMAIN.fullmatch(_domain(domain)):
                raise ValueError(
                    f"{quoted(domain)} is no domain such as elmroad.example (those below it are meant along)"
                )
        return domains

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as cause:
            raise ValueError(f'there is no time zone "{name}"') from cause
        return name

    @field_validator("teams")
    @classmethod
    def _are_told_apart(cls, teams: tuple[TeamSettings, ...], info: ValidationInfo) -> tuple[TeamSettings, ...]:
        for what, named in (
            ("team", [team.name for team in teams]),
            ("sender", [sender for team in teams for sender in team.senders]),
        ):
            for each in named:
                if named.count(each) > 1:
                    raise ValueError(f"the {what} {quoted(each)} stands twice among the teams")
        inside = Organisation("", *_inside(info.data.get("domains", ()), info.data.get("addresses", ())))
        if {"domains", "addresses"} <= info.data.keys():
            for sender in outside_senders(teams, inside):
                raise ValueError(f"the sender {quoted(sender)} of a team is not inside the organisation")
        return teams

    def organisation(self) -> Organisation:
        """The value that core judges by, in canonical form."""
        return Organisation(
            self.name,
            *_inside(self.domains, self.addresses),
            frozenset(map(_domain, self.trusted_domains)),
            tuple(team.team() for team in self.teams),
        )


class MetricsSettings(BaseModel):
    """Where Prometheus metrics and the health pages are served."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: HostPortSetting = Field(
        description="HOST:PORT of /metrics, /healthz and /readyz. Off unless set. Example: 127.0.0.1:9109. "
        "Whoever can reach it sees counts, never addresses."
    )


class ConsoleSettings(BaseModel):
    """Where the review console is served, and what people call it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    process: Literal["service", "own"] = Field(
        default="service",
        description="Which process browsers speak to. Unit: one of service (the one that carries the mail), own "
        "(`mailguard console`, which gets its pages from the service over a socket beside the control socket). "
        "Default: service. Example: own. With `own` nobody reaches the console while `mailguard console` does not "
        "run; mail goes on.",
    )

    address: HostPortSetting = Field(
        default=HostPort("127.0.0.1", 8085),
        description="HOST:PORT of the review console, in plain HTTP. Default: 127.0.0.1:8085. Example: "
        "127.0.0.1:9085. Leave it on this machine and put a web server with TLS before it.",
    )
    base_url: str = Field(
        default="http://127.0.0.1:8085",
        description="The console's address as browsers and links have it, without a path. Default: "
        "http://127.0.0.1:8085. Example: https://mail.elmroad.example. A request for another host is refused; other "
        "than on this machine it must begin with https, or the guard does not start.",
    )

    stop_seconds: int = Field(
        default=30,
        ge=5,
        le=600,
        description="How long a decision to send can be stopped in the console before anything leaves. Default: 30. "
        "Unit: seconds. Example: 60. A release from the shell acts at once.",
    )

    oidc: OidcSettings | None = Field(
        default=None,
        description="The organisation's own sign-in service (OpenID Connect). Default: none. Example: {issuer: "
        "https://login.elmroad.example, client_id: mailguard, groups: [{group: mailguard-admins, roles: [admin]}]}.",
    )
    local_accounts: bool = Field(
        default=True,
        description="Whether accounts of mailguard's own may sign in to the console. Default: true. Example: false, "
        "once an admin has signed in with `oidc`. With false nobody gets in while the sign-in service does not answer; "
        "mail programs' accounts (the role sender) are not meant.",
    )

    @field_validator("base_url")
    @classmethod
    def _is_an_origin(cls, base_url: str) -> str:
        if not _ORIGIN.fullmatch(base_url):
            raise ValueError(
                f"{quoted(base_url)} is no address such as https://mail.elmroad.example: http or https, a name in "
                "small letters, perhaps a port, and nothing behind it"
            )
        return base_url

    @model_validator(mode="after")
    def _let_somebody_in(self) -> ConsoleSettings:
        if not self.local_accounts and (self.oidc is None or not self.oidc.gives_admin):
            raise ValueError(
                'with "local_accounts: false" nobody could look after the console: set "oidc", with a group that has '
                "the role admin"
            )
        return self

    @model_validator(mode="after")
    def _keep_passwords_to_themselves(self) -> ConsoleSettings:
        host = urlsplit(self.base_url).hostname
        if not self.base_url.startswith("https://") and not (self.address.loopback and is_this_machine(host)):
            raise ValueError(
                f'the console at "{self.base_url}" would show passwords on the way: let "base_url" begin with https, '
                "with a web server that has the certificate before the console, or leave both on 127.0.0.1"
            )
        return self


def _one_or_several(value: Any) -> str:
    """So that what is wrong in a smarthost is said once, of the form that was meant."""
    return "several" if isinstance(value, list | tuple) else "one"


SmarthostSetting = Annotated[
    Annotated[SmarthostSettings, Tag("one")]
    | Annotated[tuple[SmarthostSettings, ...], Field(min_length=1), Tag("several")],
    Discriminator(_one_or_several),
]


def _listed(found: SmarthostSetting) -> tuple[SmarthostSettings, ...]:
    return found if isinstance(found, tuple) else (found,)


def _default_route(found: SmarthostSetting) -> tuple[SmarthostSettings, ...]:
    return tuple(each for each in _listed(found) if not each.sender_domains)


class Settings(BaseModel):
    """All of mailguard.yaml. The names of the attributes are the keys of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    organisation: OrganisationSettings = Field(description="Who is inside. Required.")
    listen: tuple[ListenerSettings, ...] = Field(
        default_factory=lambda: (ListenerSettings.model_validate({"address": "127.0.0.1:2525"}),),
        min_length=1,
        description="Where clients submit. Default: one plain listener on 127.0.0.1:2525.",
    )
    smarthost: SmarthostSetting = Field(
        description="The next mail server, or a list of several that are tried in order. Required."
    )
    store: str = Field(
        description="Where everything is kept. Required. Example: sqlite:////var/lib/mailguard/mailguard.db (four "
        "slashes: absolute) or postgresql://mailguard@127.0.0.1/mailguard."
    )
    keys: Path | None = Field(
        default=None,
        description="Folder of the keys. Default: beside the store, mailguard.keys/. Without it the store cannot be "
        "read: keep a copy apart from the store's backups.",
    )
    witness: Path | None = Field(
        default=None,
        description="File that witnesses the end of the ledger after each group commit. Default: beside the store. "
        "Put it on another disk or ship it elsewhere, or a cut-off tail goes unseen.",
    )
    object_store: ObjectStoreSettings | None = Field(
        default=None,
        description="An object store (S3 API) for the bodies of large held messages. Default: none, they lie in the "
        "database. Example: {url: s3://mailguard-held/elmroad, endpoint: https://s3.eu-west-2.amazonaws.com, region: "
        "eu-west-2}. They are sealed as in the database; a backup of the database does not hold them "
        "(docs/decisions/objects.md). Guards on one PostgreSQL need the same.",
    )
    incident_register: Path | None = Field(
        default=None,
        description="YAML file with the organisation's own code lists, grid and contacts for the register of "
        "incidents (docs/incidents.md). Default: none, the lists that mailguard brings along. Example: incidents.yaml.",
    )
    ledger: str = Field(
        default="main",
        pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$",
        description="The name of this guard's ledger. Default: main. Example: guard-1. Guards that share one "
        "PostgreSQL need a name each, or they wait for each other.",
    )
    policies: Path = Field(
        default=Path("policies/"),
        description="A policy file or a folder of them. Default: policies/ beside the settings.",
    )
    console: ConsoleSettings | None = Field(default=None, description="The review console. Default: not served.")
    metrics: MetricsSettings | None = Field(default=None, description="Metrics and health. Default: off.")
    limits: Limits = Field(default_factory=Limits, description="Limits of the door.")
    notices: NoticeSettings = Field(description="Notices to senders and reviewers. Required: `from`.")
    dkim: tuple[DkimSettings, ...] = Field(
        default=(),
        description="Keys that sign what the guard rewrote (DKIM). Default: none, nothing is signed. Example: "
        "[{domain: elmroad.example, selector: guard1, key_file: keys/dkim.pem}]. Without one, a rewrite leaves mail "
        "unsigned unless a server behind the guard signs it.",
    )
    canary: CanarySettings = Field(
        default_factory=CanarySettings,
        description="Invented messages that prove at intervals that lists of people do not leave. On unless "
        "switched off.",
    )
    outbox: OutboxSettings = Field(default_factory=OutboxSettings, description="How the outbox retries.")
    deadline: Duration = Field(
        default=timedelta(hours=24),
        description="How long a hold waits for a decision before it ends as not sent. Default: 24h. Example: 4h.",
    )
    calendar_memory: Duration = Field(
        default=timedelta(days=400),
        description="How long after its last message an invitation that a rule sent as separate copies is remembered, "
        "so that updates and cancellations of it are sent in the same way. Default: 400d; a number with s, m, h or d. "
        "Example: 730d. After that a small update shows its attendees to each other again.",
    )
    retention: RetentionSettings = Field(default_factory=RetentionSettings, description="How long what is kept.")
    inspection: InspectionSettings = Field(
        default_factory=InspectionSettings, description="How attachments are read, and what reading one may cost."
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes that accept and judge mail; above 1 the service itself keeps the store, the outbox and "
        "the console beside them. Default: 1. Example: 2, on a machine with two or more cores. They share `limits` and "
        "each smarthost's `connections`, of which there have to be more than workers. A change takes a restart.",
    )
    spool: Path | None = Field(
        default=None,
        description="Folder where messages above 1 MB wait, unlinked, while they are received. Default: the system's "
        "temporary folder. Example: /var/spool/mailguard. In a folder that lives in memory they count as memory.",
    )
    hostname: str | None = Field(
        default=None,
        description="The name in greetings and Received fields. Default: the machine's name. Example: "
        "guard.elmroad.example.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least severe events that are logged. Default: info.",
    )
    log_file: Path | None = Field(
        default=None,
        description="File that the log goes to. Default: none, it goes to standard error (the journal, under systemd). "
        "Example: /var/log/mailguard/mailguard.log. Opened anew by itself after logrotate has moved it; "
        "deploy/mailguard.logrotate rotates it.",
    )
    stop_grace_seconds: int = Field(
        default=30,
        ge=1,
        le=600,
        description="How long a stop waits for running messages, then as long for the outbox. Default: 30. Unit: "
        "seconds. Example: 60. What is still open then is cut off: its client tries again, the outbox keeps its own; "
        "systemd's TimeoutStopSec has to exceed twice it by 10 seconds.",
    )

    @field_validator("smarthost")
    @classmethod
    def _lead_onwards(cls, found: SmarthostSetting, info: ValidationInfo) -> SmarthostSetting:
        for smarthost, listener in product(_listed(found), info.data.get("listen", ())):
            if _is_same(smarthost.address, listener.address):
                raise ValueError(
                    f'the smarthost "{smarthost.address}" is the listener "{listener.address}" itself: mail would '
                    "go round in circles; name the mail server that checked mail goes to"
                )
        return found

    @field_validator("smarthost")
    @classmethod
    def _have_a_default_route(cls, found: SmarthostSetting) -> SmarthostSetting:
        if not _default_route(found):
            raise ValueError(
                'every smarthost has "sender_domains": mail of other senders, and notices, would have nowhere to go; '
                "leave it out at one of them"
            )
        for first, second in combinations(_listed(found), 2):
            shared = set(canonical_domains(first)) & set(canonical_domains(second))
            both_default = not first.sender_domains and not second.sender_domains
            if first.address == second.address and (shared or both_default):
                raise ValueError(f'the smarthost "{first.address}" stands twice in the same route')
        return found

    @field_validator("smarthost")
    @classmethod
    def _keep_what_clients_sign_in_with(cls, found: SmarthostSetting, info: ValidationInfo) -> SmarthostSetting:
        first = _default_route(found)[0]
        for listener in info.data.get("listen", ()):
            if listener.sign_in == "smarthost" and not keeps_a_password(first):
                raise ValueError(
                    f'"sign_in: smarthost" would show clients\' passwords on the way to "{first.address}" '
                    f'with "tls: {first.tls}"; use "tls: required" or "tls: implicit" there'
                )
        return found

    @model_validator(mode="after")
    def _give_roles_that_there_are(self) -> Settings:
        oidc = self.console.oidc if self.console else None
        if oidc and (fault := oidc.fault([team.name for team in self.organisation.teams])):
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _have_a_connection_for_each_worker(self) -> Settings:
        for smarthost in self.smarthosts if self.workers > 1 else ():
            if smarthost.connections <= self.workers:
                raise ValueError(
                    f'"workers: {self.workers}" needs more "connections" to the smarthost "{smarthost.address}" than '
                    f"{smarthost.connections}: each worker keeps one, and the outbox another"
                )
        return self

    @property
    def smarthosts(self) -> tuple[SmarthostSettings, ...]:
        """Every smarthost, in order."""
        return _listed(self.smarthost)

    @property
    def default_route(self) -> tuple[SmarthostSettings, ...]:
        """The smarthosts of all mail that no `sender_domains` names, the first one first."""
        return _default_route(self.smarthost)

    @field_validator("hostname")
    @classmethod
    def _can_be_said(cls, hostname: str | None) -> str | None:
        """It stands in EHLO, in the greeting and in Received: a line end there would be another command or field."""
        if hostname is not None and not _HOSTNAME.fullmatch(hostname):
            raise ValueError(
                f"{quoted(hostname)} is no name such as guard.elmroad.example; write one with other letters as xn--..."
            )
        return hostname

    @field_validator("dkim")
    @classmethod
    def _named_once(cls, keys: tuple[DkimSettings, ...]) -> tuple[DkimSettings, ...]:
        names = [(key.selector, key.domain) for key in keys]
        for selector, domain in names:
            if names.count((selector, domain)) > 1:
                raise ValueError(f'the selector "{selector}" of "{domain}" is there twice; one record holds one key')
        return keys

    def store_settings(self) -> StoreSettings:
        """What the store needs to open."""
        values: dict[str, Any] = {"url": self.store, "retention": self.retention, "ledger": self.ledger}
        if self.keys is not None:
            values["keys"] = self.keys
        if self.witness is not None:
            values["witness"] = self.witness
        if self.object_store is not None:
            values["object_store"] = self.object_store
        return StoreSettings(**values)


def find_settings(named: Path | None) -> Path | None:
    """The settings file: the one named, else MAILGUARD_CONFIG, else ./mailguard.yaml if it is there."""
    if named is not None:
        return named
    if variable := os.environ.get(VARIABLE):
        return Path(variable)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def load_settings(path: Path) -> Settings:
    """The settings of a file. Raises DocumentErrors with positions, and SettingsError where it cannot be read."""
    try:
        text = path.read_bytes()
    except OSError as cause:
        raise SettingsError(f'the settings file "{path}" cannot be read: {cause.strerror}') from cause
    settings = load_model(text, str(path), Settings)
    return resolve(settings, path.resolve().parent)


def resolve(settings: Settings, folder: Path) -> Settings:
    """The settings with every relative path counted from `folder`."""
    smarthosts = tuple(_resolve_smarthost(each, folder) for each in settings.smarthosts)
    return settings.model_copy(
        update={
            "listen": tuple(_resolve_listener(listener, folder) for listener in settings.listen),
            "policies": folder / settings.policies,
            "dkim": tuple(key.model_copy(update={"key_file": folder / key.key_file}) for key in settings.dkim),
            "keys": folder / settings.keys if settings.keys else None,
            "witness": folder / settings.witness if settings.witness else None,
            "object_store": _resolve_object_store(settings.object_store, folder),
            "incident_register": folder / settings.incident_register if settings.incident_register else None,
            "console": _resolve_console(settings.console, folder),
            "inspection": _resolve_inspection(settings.inspection, folder),
            "spool": folder / settings.spool if settings.spool else None,
            "log_file": folder / settings.log_file if settings.log_file else None,
            "store": _absolute_store(settings.store, folder),
            "smarthost": smarthosts if isinstance(settings.smarthost, tuple) else smarthosts[0],
        }
    )


def _resolve_smarthost(smarthost: SmarthostSettings, folder: Path) -> SmarthostSettings:
    names = ("ca_file", "password_file")
    paths = {name: folder / value for name in names if isinstance(value := getattr(smarthost, name), Path)}
    return smarthost.model_copy(update=paths)


def _resolve_console(console: ConsoleSettings | None, folder: Path) -> ConsoleSettings | None:
    if console is None or console.oidc is None:
        return console
    names = ("client_secret_file", "ca_file")
    paths = {name: folder / value for name in names if isinstance(value := getattr(console.oidc, name), Path)}
    return console.model_copy(update={"oidc": console.oidc.model_copy(update=paths)})


def _resolve_object_store(found: ObjectStoreSettings | None, folder: Path) -> ObjectStoreSettings | None:
    names = ("access_key_file", "secret_key_file", "ca_file")
    paths = {name: folder / value for name in names if found and isinstance(value := getattr(found, name), Path)}
    return found.model_copy(update=paths) if found else None


def _resolve_inspection(inspection: InspectionSettings, folder: Path) -> InspectionSettings:
    return inspection.model_copy(update={"kinds": folder / inspection.kinds}) if inspection.kinds else inspection


def _resolve_listener(listener: ListenerSettings, folder: Path) -> ListenerSettings:
    names = ("certificate", "key")
    paths = {name: folder / value for name in names if isinstance(value := getattr(listener, name), Path)}
    return listener.model_copy(update=paths)


def _absolute_store(url: str, folder: Path) -> str:
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:////{str(folder / url.removeprefix('sqlite:///')).lstrip('/')}"
    return url


_HOSTNAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?|\[(?:IPv6:)?[0-9A-Fa-f.:]{3,45}\]")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
_DOMAIN = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def _is_same(smarthost: HostPort, listener: HostPort) -> bool:
    """Whether a connection to the smarthost would reach the listener, as far as the settings show it."""
    there, here = (address.host.lower().replace("localhost", "127.0.0.1") for address in (smarthost, listener))
    everywhere = here in ("0.0.0.0", "::")  # noqa: S104  compared, not listened on
    return smarthost.port == listener.port and (there == here or (everywhere and smarthost.loopback))


def _inside(domains: Iterable[str], addresses: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(map(_domain, domains)), frozenset(map(canonical_address, addresses))


def _domain(domain: str) -> str:
    return canonical_domain(domain.removeprefix("@"))
