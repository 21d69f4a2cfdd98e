"""A certified OpenID provider (npm oidc-provider), installed once in a cache folder, started on a port of its own."""

from __future__ import annotations

import html
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from tests import npm

HERE = Path(__file__).parent


def installed() -> Path:
    """The folder with its packages. A machine without npm is a failure."""
    return npm.installed(HERE, "oidc-provider")


class CertifiedProvider:
    """people: by subject, the claims of each; they may be changed at any time. claims: where they stand."""

    def __init__(self, folder: Path, *, redirect: str, secret: str | None = "s3cret of a test", **task: Any) -> None:
        self._people = folder / "people.json"
        self.people: Mapping[str, Any] = {}
        self.issuer = ""
        client = {
            "client_id": "mailguard",
            "redirect_uris": [redirect],
            "scope": "openid email groups",
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "none" if secret is None else "client_secret_basic",
        }
        if secret is not None:
            client["client_secret"] = secret
        client |= task.pop("client", {})
        self._task = {"clients": [client], "people": str(self._people), "claims": "id_token", **task}
        self._process: subprocess.Popen[str] | None = None
        self._script = folder / "provider.mjs"

    def knows(self, **people: Mapping[str, Any]) -> None:
        self.people = {**self.people, **people}
        self._people.write_text(json.dumps(self.people))

    def __enter__(self) -> CertifiedProvider:
        # Node looks for packages beside the script.
        self._script.write_text((HERE / "provider.mjs").read_text())
        modules = self._script.parent / "node_modules"
        if not modules.exists():
            modules.symlink_to(installed() / "node_modules")
        self._people.write_text(json.dumps(self.people))
        command = ["node", str(self._script), json.dumps(self._task)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        while not self.issuer:
            line = self._process.stdout.readline()
            assert line, "the provider did not start"
            if line.startswith("{"):
                self.issuer = json.loads(line)["issuer"]
        return self

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()


def signs_in_there(there: httpx.Client, url: str, subject: str, back: str) -> str:
    """What somebody does at the provider: opens its page, signs in, agrees. Where it sends the browser, which begins
    with `back`; nothing there is opened.
    """
    for _ in range(12):
        if url.startswith(back):
            return url
        answer = there.get(url)
        while answer.status_code == 200:
            action = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
            assert action, answer.text
            hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
            form = {**hidden, "login": subject, "password": "any"} if hidden.get("prompt") == "login" else hidden
            answer = there.post(urljoin(url, html.unescape(action[1])), data=form)
        assert answer.status_code in (302, 303), answer.text
        url = urljoin(url, answer.headers["location"])
    raise AssertionError("the provider leads round in circles")
