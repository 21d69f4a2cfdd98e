"""A real Postfix of the tests' own: its own configuration, queue and loopback port, stopped by its process id.

    with Postfix() as postfix:
        ... send to 127.0.0.1:postfix.port ...
        (message,) = postfix.wait_for(1)
        assert message.content == ...       # byte for byte, as Postfix passed it on (with its own Received field)

It takes everything from 127.0.0.1 and passes it on to a recording sink. Recipients whose local part begins with
"refused" get 550 5.1.1, with "later" 450 4.2.0. Needs root and Debian's postfix package; a missing one is a failure.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.fakes.smarthost import Received
from tests.fakes.threaded import ThreadedSmarthost
from tests.ports import free_port

DAEMONS = Path("/usr/lib/postfix/sbin")
START_SECONDS = 60.0
OWNER = "postfix"

PUBLIC_FOLDERS = ("public", "maildrop")
PRIVATE_FOLDERS = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace",
)  # fmt: skip

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = {owner}
setgid_group = postdrop
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = postfix.example
mydestination =
local_recipient_maps =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{sink}
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/recipients, permit_mynetworks, reject
smtpd_recipient_limit = {recipient_limit}
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = {tls_level}
smtp_tls_security_level = none
smtp_line_length_limit = 0
smtp_destination_recipient_limit = 5000
smtp_destination_concurrency_limit = 5
message_size_limit = 104857600
mailbox_size_limit = 0
queue_minfree = 0
minimal_backoff_time = 1s
queue_run_delay = 1s
local_header_rewrite_clients =
append_dot_mydomain = no
append_at_myorigin = no
"""

MASTER = """
127.0.0.1:{port} {entry}
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -   - trivial-rewrite
bounce    unix  - - n -   0 bounce
defer     unix  - - n -   0 bounce
trace     unix  - - n -   0 bounce
verify    unix  - - n -   1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -   - proxymap
smtp      unix  - - n -   - smtp
relay     unix  - - n -   - smtp
showq     unix  n - n -   - showq
error     unix  - - n -   - error
retry     unix  - - n -   - error
discard   unix  - - n -   - discard
anvil     unix  - - n -   1 anvil
scache    unix  - - n -   1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

RECIPIENTS = """
/^refused/ 550 5.1.1 No such user here
/^later/   450 4.2.0 Mailbox is busy
"""


class Postfix:
    """certificate: (certificate, key) in PEM for STARTTLS. extra: further settings, name -> value. services: further
    lines of master.cf. entry: the service on `port`, as master.cf has it behind the name. relay_to: the port of a
    receiver of the caller's own, in place of the recording sink."""

    def __init__(
        self,
        *,
        recipient_limit: int = 1000,
        certificate: tuple[Path, Path] | None = None,
        extra: dict[str, str] | None = None,
        services: str = "",
        entry: str = "inet n - n - - smtpd",
        relay_to: int | None = None,
    ) -> None:
        self._sink = ThreadedSmarthost() if relay_to is None else None
        self.port = 0
        self._recipient_limit = recipient_limit
        self._certificate = certificate
        self._extra = extra or {}
        self._services = services
        self._entry = entry
        self._relay_to = relay_to
        self._folder = Path()
        self._master: subprocess.Popen[bytes] | None = None

    @property
    def sink(self) -> ThreadedSmarthost:
        """What records all that Postfix passes on, unless there is `relay_to`."""
        assert self._sink is not None
        return self._sink

    @property
    def pid(self) -> int:
        """Of Postfix's master, whose children all its other processes are."""
        assert self._master is not None
        return self._master.pid

    @property
    def messages(self) -> list[Received]:
        return self.sink.messages

    def wait_for(self, count: int, seconds: float = 20.0) -> list[Received]:
        """What Postfix passed on, once there are so many transactions."""
        return self.sink.wait_for(count, seconds)

    def wait_for_recipients(self, count: int, seconds: float = 20.0) -> list[Received]:
        """What Postfix passed on, once it went to so many recipients together."""
        return self.sink.wait_for_recipients(count, seconds)

    def log(self) -> str:
        """Postfix's own log so far."""
        file = self._folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def __enter__(self) -> Postfix:
        assert (DAEMONS / "master").exists(), "Postfix is missing: apt-get install postfix"
        assert os.geteuid() == 0, "Postfix's master runs only as root"
        self._folder = Path(tempfile.mkdtemp(prefix="mg-postfix-", dir="/tmp"))  # a short path: it holds sockets
        if self._sink is not None:
            self._sink.__enter__()
        try:
            self._write()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self._sink is not None:
            self._sink.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self) -> None:
        owner = pwd.getpwnam(OWNER)
        self.port = free_port()
        self._folder.chmod(0o755)
        for name in ("data", "queue", "queue/pid", *(f"queue/{name}" for name in PUBLIC_FOLDERS + PRIVATE_FOLDERS)):
            (self._folder / name).mkdir()
        for name in ("data", *(f"queue/{name}" for name in PUBLIC_FOLDERS + PRIVATE_FOLDERS)):
            (self._folder / name).chmod(0o710 if name == "queue/public" else 0o700)
            os.chown(self._folder / name, owner.pw_uid, owner.pw_gid)
        extra = dict(self._extra)
        if self._certificate is not None:
            extra["smtpd_tls_cert_file"], extra["smtpd_tls_key_file"] = (str(each) for each in self._certificate)
        main = MAIN.format(
            folder=self._folder,
            owner=OWNER,
            sink=self._relay_to or self.sink.port,
            recipient_limit=self._recipient_limit,
            tls_level="may" if self._certificate else "none",
        )
        (self._folder / "main.cf").write_text(_with(main, extra))
        (self._folder / "master.cf").write_text(MASTER.format(port=self.port, entry=self._entry) + self._services)
        (self._folder / "recipients").write_text(RECIPIENTS)

    def _start(self) -> None:
        self._master = subprocess.Popen(
            [str(DAEMONS / "master"), "-c", str(self._folder), "-d"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._master.poll() is None:
            if _greets(self.port):
                return
            time.sleep(0.05)
        raise AssertionError(f"Postfix did not start:\n{self.log()}")

    def _stop(self) -> None:
        if self._master is None:
            return
        self._master.terminate()  # master tells its children, which are its process group
        try:
            self._master.wait(10)
        except subprocess.TimeoutExpired:
            self._master.kill()
            self._master.wait(10)


def _with(main: str, extra: dict[str, str]) -> str:
    """main.cf with further settings in place of its own. Never twice: every process then logs a warning at its start,
    postlogd too, which stands still for ever where the socket that it has to read itself is full by then."""
    kept = [line for line in main.splitlines() if line.partition(" =")[0] not in extra]
    return "\n".join([*kept, *(f"{name} = {value}" for name, value in extra.items())]) + "\n"


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as connection:
            return connection.recv(4) == b"220 "
    except OSError:
        return False
