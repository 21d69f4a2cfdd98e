"""Mailers of programming languages: each runs a script of scripts/ as its own process."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.clients.letter import Letter
from tests.clients.program import Program, Said, Send, Server, run_script

SCRIPTS = Path(__file__).parent / "scripts"
PHPMAILER = 'require "/usr/share/php/libphp-phpmailer/src/PHPMailer.php"; echo "PHPMailer ", '
PHPMAILER += "PHPMailer\\PHPMailer\\PHPMailer::VERSION;"
NODEMAILER = 'console.log("nodemailer " + require("/usr/share/nodejs/nodemailer/package.json").version)'
SENDER = 'use Email::Sender; print "Email::Sender ", Email::Sender->VERSION'
SMTPLIB = "import platform; print('Python', platform.python_version(), 'smtplib')"


def script(interpreter: str, name: str) -> Send:
    def send(server: Server, letter: Letter, folder: Path) -> Said:
        return run_script([interpreter, str(SCRIPTS / name)], server, letter, folder)

    return send


LIBRARIES = (
    Program("smtplib", "Python smtplib", (sys.executable, "-c", SMTPLIB), script(sys.executable, "smtplib_mailer.py")),
    Program("nodemailer", "nodemailer", ("node", "-e", NODEMAILER), script("node", "nodemailer.js"), "XOAUTH2"),
    Program("email-sender", "Perl Email::Sender", ("perl", "-e", SENDER), script("perl", "email_sender.pl")),
    Program("phpmailer", "PHPMailer", ("php", "-r", PHPMAILER), script("php", "phpmailer.php")),
)
