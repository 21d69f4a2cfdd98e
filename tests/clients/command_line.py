"""Programs that are given a message on the command line: swaks, curl, msmtp, s-nail."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tests.clients.letter import SENDER, Letter
from tests.clients.program import Program, Said, Server, run


def swaks(server: Server, letter: Letter, folder: Path) -> Said:
    file = _file(letter, folder)
    command = ["swaks", "--server", server.host, "--port", str(server.port), "--helo", "pc.example", "--from", SENDER]
    command += ["--tls" if server.tls == "starttls" else "--tls-on-connect", "--tls-verify"]
    command += ["--tls-ca-path", str(server.ca_file), "--data", f"@{file}", "--suppress-data", "--pipeline"]
    if server.signs_in:
        command += ["--auth", "--auth-user", server.account, "--auth-password", str(server.password)]
    done = run([*command, "--to", ",".join(letter.recipients)])
    return Said(done.returncode == 0, done.stdout + done.stderr, letter.raw + b"\r\n")  # it ends data with one more


def curl(server: Server, letter: Letter, folder: Path) -> Said:
    scheme = "smtp" if server.tls == "starttls" else "smtps"
    command = ["curl", "-sS", "-v", f"{scheme}://{server.host}:{server.port}/pc.example", "--ssl-reqd"]
    command += ["--cacert", str(server.ca_file), "--mail-from", SENDER, "--upload-file", str(_file(letter, folder))]
    if server.bearer is not None:
        command += ["--user", f"{server.account}:", "--oauth2-bearer", server.bearer]
    elif server.password is not None:
        command += ["--user", f"{server.account}:{server.password}"]
    done = run(command + [word for each in letter.recipients for word in ("--mail-rcpt", each)])
    return Said(done.returncode == 0, done.stderr, letter.raw)


def msmtp(server: Server, letter: Letter, folder: Path) -> Said:
    command = ["msmtp", "-C", "/dev/null", f"--host={server.host}", f"--port={server.port}", f"--from={SENDER}"]
    command += ["--tls=on", f"--tls-starttls={'on' if server.tls == 'starttls' else 'off'}", "--domain=pc.example"]
    command += [f"--tls-trust-file={server.ca_file}", "--timeout=60"]
    if server.signs_in:
        secret = folder / "secret"
        secret.write_text(f"{server.bearer or server.password}\n")
        command += [f"--user={server.account}", f"--passwordeval=cat '{secret}'"]
    command += [f"--auth={'oauthbearer' if server.bearer else 'on' if server.password else 'off'}"]
    done = run([*command, "--", *letter.recipients], letter.raw)
    return Said(done.returncode == 0, done.stdout + done.stderr, letter.raw)


def s_nail(server: Server, letter: Letter, folder: Path) -> Said:
    """It composes the message itself; what it keeps for its sender is what it sent."""
    kept = folder / "sent.mbox"
    secret = server.bearer or server.password
    who = f"{quote(server.account, safe='')}:{quote(secret, safe='')}@" if secret else ""
    scheme = "submission" if server.tls == "starttls" else "submissions"
    auth = "oauthbearer" if server.bearer else "plain" if server.password else "none"
    values = {
        "v15-compat": "yes", "mta": f"{scheme}://{who}{server.host}:{server.port}", "from": f"Jo Reid <{SENDER}>",
        "smtp-auth": auth, "hostname": "pc.example", "record": str(kept),
        "tls-verify": "strict", "tls-ca-file": str(server.ca_file), "ttycharset": "utf-8",
    }  # fmt: skip
    command = ["s-nail", "-:/", "-v", "-Ssendwait", "-Stls-ca-no-defaults", "-Snosave"]
    command += ["-Ssmtp-use-starttls"] if server.tls == "starttls" else []
    command += [f"-S{name}={value}" for name, value in values.items()]
    command += ["-s", letter.subject, *(word for each in letter.files for word in ("-a", str(each)))]
    command += ["-r", SENDER, *(word for each in letter.cc for word in ("-c", each))]
    done = run([*command, letter.to], letter.text.encode(), folder)
    return Said(done.returncode == 0, done.stdout + done.stderr, _from_mbox(kept))


def _from_mbox(file: Path) -> bytes:
    """The one message of a folder in mbox format, with the line ends of the wire."""
    if not file.exists():
        return b""
    _, _, message = file.read_bytes().partition(b"\n")
    return message.removesuffix(b"\n").replace(b"\n>From ", b"\nFrom ").replace(b"\n", b"\r\n")


def _file(letter: Letter, folder: Path) -> Path:
    file = folder / "message.eml"
    file.write_bytes(letter.raw)
    return file


COMMAND_LINE = (
    Program("swaks", "swaks", ("swaks", "--version"), swaks),
    Program("curl", "curl", ("curl", "--version"), curl, "OAUTHBEARER"),
    Program("msmtp", "msmtp", ("msmtp", "--version"), msmtp, "OAUTHBEARER"),
    Program("s-nail", "S-nail (`mail`)", ("s-nail", "-V"), s_nail, "XOAUTH2"),
)
