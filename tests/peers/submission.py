"""A real Postfix as organisations run it for their mail programs: TLS and sign-in or nothing.

    with Submission(authority, {"jo@elmroad.example": "pass word"}) as submission:
        ... 127.0.0.1:submission.starttls, as port 587 ...
        ... 127.0.0.1:submission.implicit, as port 465 ...
        ... submission.postfix.port: plain, trusts loopback's address ...

Sign-in is answered by a real Dovecot: PLAIN, LOGIN, XOAUTH2, OAUTHBEARER. Whoever has not signed in is refused.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.peers.authority import Authority
from tests.peers.dovecot import Dovecot
from tests.peers.postfix import Postfix
from tests.ports import free_port

SERVICE = """
127.0.0.1:{port} inet n - n - - smtpd
  -o syslog_name=postfix/{name}
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_wrappermode={wrapped}
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
"""


class Submission:
    """accounts: name -> password."""

    def __init__(self, authority: Authority, accounts: dict[str, str]) -> None:
        self.starttls, self.implicit = free_port(), free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="mg-sasl-", dir="/tmp"))
        self.dovecot = Dovecot(self._folder, accounts)
        self.postfix = Postfix(
            certificate=authority.issue("localhost"),
            extra={
                "smtpd_sasl_type": "dovecot",
                "smtpd_sasl_path": str(self.dovecot.socket),
                "smtpd_sasl_security_options": "noanonymous",
                "smtpd_error_sleep_time": "0",
            },
            services=SERVICE.format(port=self.starttls, name="submission", wrapped="no")
            + SERVICE.format(port=self.implicit, name="submissions", wrapped="yes"),
        )
        self._stack = ExitStack()

    def __enter__(self) -> Submission:
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            stack.enter_context(self.dovecot)
            stack.enter_context(self.postfix)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
