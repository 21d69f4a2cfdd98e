"""A real Dovecot that only answers whether somebody may sign in: for Postfix's smtpd_sasl.

    with Dovecot(folder, {"jo@elmroad.example": "pass word"}) as dovecot:
        ... smtpd_sasl_type = dovecot, smtpd_sasl_path = {dovecot.socket} ...
        token("jo@elmroad.example")         # a bearer token that it believes, until it expires

PLAIN and LOGIN go by a file of accounts, XOAUTH2 and OAUTHBEARER by JSON web tokens that Dovecot checks itself against
a key of the test's own (oauth2 passdb, `introspection_mode = local`). Nothing listens but a Unix socket. Needs root and
Debian's dovecot-core; a missing one is a failure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

START_SECONDS = 60.0
KEY = b"the tests' own key, 32 octets .."

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols =
ssl = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_verbose = yes
auth_failure_delay = 0
disable_plaintext_auth = no
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/accounts
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2
}}
userdb {{
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {folder}/auth {{
    mode = 0666
  }}
}}
"""

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""


def token(account: str, seconds: int = 600, *, filler: int = 0) -> str:
    """A signed JSON web token for an account; below 0 seconds one that has expired. filler: octets that lengthen it."""
    now = int(time.time())
    claims: dict[str, object] = {"sub": account, "iat": now - 1200, "nbf": now - 1200, "exp": now + seconds}
    claims |= {"groups": "g" * filler} if filler else {}
    signed = b".".join(_part(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (signed + b"." + _part(hmac.new(KEY, signed, hashlib.sha256).digest())).decode()


def _part(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


class Dovecot:
    """folder: exists, is empty, has a short path (it holds sockets)."""

    def __init__(self, folder: Path, accounts: dict[str, str]) -> None:
        self.socket = folder / "auth"
        self._folder = folder
        self._accounts = accounts
        self._master: subprocess.Popen[bytes] | None = None

    def log(self) -> str:
        file = self._folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def __enter__(self) -> Dovecot:
        program = shutil.which("dovecot", path="/usr/sbin")
        assert program, "Dovecot is missing: apt-get install dovecot-core"
        assert os.geteuid() == 0, "Dovecot's master runs only as root"
        self._write()
        self._master = subprocess.Popen(
            [program, "-F", "-c", str(self._folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._master.poll() is None:
            if self._answers():
                return self
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

    def _write(self) -> None:
        keys = self._folder / "keys" / "default" / "HS256"
        keys.mkdir(parents=True)
        (keys / "default").write_text(base64.b64encode(KEY).decode())
        accounts = "".join(f"{name}:{{PLAIN}}{password}::::::\n" for name, password in self._accounts.items())
        (self._folder / "accounts").write_text(accounts)
        (self._folder / "oauth2").write_text(OAUTH2.format(folder=self._folder))
        (self._folder / "dovecot.conf").write_text(CONFIG.format(folder=self._folder))
        for each in (self._folder, *self._folder.rglob("*")):  # Dovecot's own users read them
            each.chmod(0o755 if each.is_dir() else 0o644)

    def _answers(self) -> bool:
        """The auth process itself greets: Postfix would wait for it."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(2.0)
            try:
                asked.connect(str(self.socket))
                said = b""
                while b"DONE\n" not in said:
                    if not (octets := asked.recv(4096)):
                        return False
                    said += octets
            except OSError:
                return False
        return b"MECH\tPLAIN" in said
