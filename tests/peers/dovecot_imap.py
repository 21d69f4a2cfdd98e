"""A real Dovecot with a mailbox, over TLS: for what reads mail from a server.

    with DovecotImap(folder, authority, {"jo": "pass word"}) as dovecot:
        dovecot.deliver("jo", "Sent", [octets, ...])
        ... imaps://jo@localhost:{dovecot.port}/Sent ...

Needs root and Debian's dovecot-imapd; a missing one is a failure. Listens on loopback.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.peers.authority import Authority
from tests.ports import free_port

START_SECONDS = 60.0
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
mail_location = maildir:{folder}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/accounts
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u
}}
auth_failure_delay = 0
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
  chroot =
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
  chroot =
}}
"""


class DovecotImap:
    """folder: exists, is empty, has a short path (it holds sockets)."""

    def __init__(self, folder: Path, authority: Authority, accounts: dict[str, str]) -> None:
        self.port = free_port()
        self._folder = folder
        self._certificate, self._key = authority.issue("localhost")
        self._accounts = accounts
        self._master: subprocess.Popen[bytes] | None = None

    def log(self) -> str:
        file = self._folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def deliver(self, user: str, name: str, messages: list[bytes]) -> None:
        """Into a folder of this account, which is made if it is not there. name: in modified UTF-7."""
        root = self._folder / "mail" / user
        for each in (
            root / part for base in ("", f".{name}") for part in (f"{base}/{sub}" for sub in ("cur", "new", "tmp"))
        ):
            Path(str(each).replace("//", "/")).mkdir(parents=True, exist_ok=True)
        for number, octets in enumerate(messages):
            (root / f".{name}" / "new" / f"{1_700_000_000 + number}.{number}.host").write_bytes(octets)
        subprocess.run(["chown", "-R", "nobody:nogroup", str(self._folder / "mail")], check=True)

    def __enter__(self) -> DovecotImap:
        program = shutil.which("dovecot", path="/usr/sbin")
        assert program and Path("/usr/lib/dovecot/imap").exists(), "Dovecot is missing: apt-get install dovecot-imapd"
        assert os.geteuid() == 0, "Dovecot's master runs only as root"
        accounts = "".join(f"{name}:{{PLAIN}}{password}::::::\n" for name, password in self._accounts.items())
        (self._folder / "accounts").write_text(accounts)
        (self._folder / "mail").mkdir()
        text = CONFIG.format(folder=self._folder, certificate=self._certificate, key=self._key, port=self.port)
        (self._folder / "dovecot.conf").write_text(text)
        for each in (self._folder, *self._folder.rglob("*")):  # Dovecot's own users read them
            each.chmod(0o755 if each.is_dir() else 0o644)
        self._master = subprocess.Popen(
            [program, "-F", "-c", str(self._folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._master.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise AssertionError(f"Dovecot did not start:\n{self.log()}")

    def __exit__(self, *_: object) -> None:
        if self._master is not None:
            self._master.terminate()
            try:
                self._master.wait(10)
            except subprocess.TimeoutExpired:
                self._master.kill()
                self._master.wait(10)
