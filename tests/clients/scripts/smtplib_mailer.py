"""Sends a task (JSON on standard input) with Python's smtplib."""

import email
import email.policy
import io
import json
import smtplib
import ssl
import sys
from email.generator import BytesGenerator
from pathlib import Path

task = json.load(sys.stdin)
context = ssl.create_default_context(cafile=task["ca_file"])
if task["tls"] == "implicit":
    session = smtplib.SMTP_SSL(task["host"], task["port"], "pc.example", timeout=60, context=context)
else:
    session = smtplib.SMTP(task["host"], task["port"], "pc.example", timeout=60)
    session.starttls(context=context)
with session:
    if task["password"]:
        session.login(task["account"], task["password"])
    message = email.message_from_bytes(Path(task["raw_file"]).read_bytes(), policy=email.policy.SMTP)
    refused = session.send_message(message, task["sender"], task["recipients"])
made = io.BytesIO()
BytesGenerator(made).flatten(message, linesep="\r\n")  # as send_message does: it writes ">From " where a line begins so
Path(task["sent_file"]).write_bytes(made.getvalue())
sys.exit(1 if refused else 0)
