"""Mail servers as clients: Postfix and Exim whose smarthost is the guard, as practices and councils run them."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tests.clients.letter import SENDER, Letter
from tests.clients.program import Program, Said, Server, run
from tests.end_to_end.mailing import submit
from tests.end_to_end.service import ROOT, eventually
from tests.peers.postfix import Postfix

EXIM = str(ROOT / ".run" / "exim4" / "usr" / "sbin" / "exim4")

EXIM_CONFIG = r"""
primary_hostname = pc.example
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
exim_path = {exim}
exim_user = Debian-exim
exim_group = nogroup
keep_environment =
disable_ipv6 = true
syslog_timestamp = false
log_selector = +smtp_confirmation
message_size_limit = 100M

begin routers
guard:
  driver = manualroute
  transport = guard
  route_list = * {host}::{port} byname
  self = send

begin transports
guard:
  driver = smtp
  protocol = {protocol}
  hosts_require_tls = *
  tls_verify_certificates = {ca_file}
  tls_verify_hosts = *
  tls_verify_cert_hostnames = *
  hosts_require_auth = {require_auth}
  max_rcpt = 0

begin retry
* * F,1h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  client_condition = {signs_in}
  client_send = ^{account}^{password}
"""


def exim(server: Server, letter: Letter, folder: Path) -> Said:
    """Exim gives up root before it delivers and then starts itself anew: all that it needs lies where its user can read
    it, which neither pytest's folders nor the checkout promise."""
    with tempfile.TemporaryDirectory(prefix="mg-exim-", dir="/tmp") as name:
        own = Path(name)
        shutil.copy(server.ca_file, own / "ca.pem")
        shutil.copy(EXIM, own / "exim4")
        (own / "spool").mkdir()
        (own / "exim.conf").write_text(_exim_config(server, own))
        for each in (own, own / "spool"):
            shutil.chown(each, "Debian-exim")
        command = [str(own / "exim4"), "-C", str(own / "exim.conf"), "-odf", "-oi", "-f", SENDER]
        command += ["--", *letter.recipients]
        done = run(command, letter.raw, own)
        log = own / "mainlog"
        said = done.stdout + done.stderr + (log.read_text(errors="replace") if log.exists() else "")
    return Said(bool(re.search(r" => .* C=\"250", said)) and " Completed" in said, said, letter.raw)


def _exim_config(server: Server, folder: Path) -> str:
    return EXIM_CONFIG.format(
        folder=folder,
        exim=folder / "exim4",
        host=server.host,
        port=server.port,
        protocol="smtps" if server.tls == "implicit" else "smtp",
        ca_file=folder / "ca.pem",
        require_auth="*" if server.signs_in else ":",
        signs_in="true" if server.signs_in else "false",
        account=server.account,
        password=server.password or "",
    )


def postfix(server: Server, letter: Letter, folder: Path) -> Said:
    settings = {
        "relayhost": f"[{server.host}]:{server.port}",
        "smtp_tls_security_level": "secure",
        "smtp_tls_wrappermode": "yes" if server.tls == "implicit" else "no",
        "smtp_tls_CAfile": str(server.ca_file),
    }
    if server.signs_in:
        passwords = folder / "passwords"
        passwords.write_text(f"{settings['relayhost']} {server.account}:{server.password}\n")
        settings |= {
            "smtp_sasl_auth_enable": "yes",
            "smtp_sasl_password_maps": f"texthash:{passwords}",
            "smtp_sasl_security_options": "noanonymous",
        }
    with Postfix(extra=settings) as client:
        try:
            code, text = submit(client.port, letter.raw, letter.recipients)
        except OSError as cause:
            raise AssertionError(client.log()) from cause
        assert code == 250, text
        outcome = re.compile(r"^.* to=<.*status=(?:sent|deferred|bounced) .*$", re.MULTILINE)
        try:
            eventually(lambda: outcome.search(client.log()))
        except AssertionError as cause:
            raise AssertionError(f"Postfix neither sent the message nor says why not:\n{client.log()}") from cause
        found = outcome.findall(client.log())
        return Said("status=sent" in found[0], found[0], letter.raw)


SERVERS = (
    Program("postfix", "Postfix as client", ("postconf", "-d", "mail_version"), postfix),
    Program("exim", "Exim as client", (EXIM, "-C", "/dev/null", "-bV"), exim),
)
