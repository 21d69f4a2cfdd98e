"""A sign-in service of our own on a loopback port that lies, hangs and floods, as a test wants it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry
from joserfc.jwt import encode

CLIENT = "mailguard"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
NEW_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})

Answer = tuple[int, dict[str, str], bytes]


def signed(claims: dict[str, Any], key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    head = {"alg": algorithm, "kid": "one", **header}
    return encode(head, claims, key, algorithms=[algorithm], registry=registry)


def as_json(body: Any, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


class Misbehaving:
    """answers: by path, what to answer instead of what a good service would; claims: what the next ID token says over
    what it should; token: makes the ID token of the claims. heard: (path, form, Authorization) of every request.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[], Answer]] = {}
        self.claims: dict[str, Any] = {}
        self.token: Callable[[dict[str, Any]], str] = signed
        self.keys: list[Any] = [KEY]
        self.describes: dict[str, Any] = {}
        self.nonce = ""
        self.heard: list[tuple[str, dict[str, str], str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({})

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self._answer(dict(parse_qsl(self.rfile.read(length).decode())))

            def _answer(self, form: dict[str, str]) -> None:
                service.heard.append((self.path, form, self.headers.get("Authorization", "")))
                status, headers, body = service.answers.get(self.path, lambda: service._good(self.path))()
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # The other side has had enough.

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Misbehaving:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def asked(self, path: str) -> int:
        return sum(each == path for each, _, _ in self.heard)

    def _good(self, path: str) -> Answer:
        if path == "/.well-known/openid-configuration":
            return as_json(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/jwks",
                    "userinfo_endpoint": f"{self.issuer}/userinfo",
                    "code_challenge_methods_supported": ["S256"],
                    **self.describes,
                }
            )
        if path == "/jwks":
            return as_json({"keys": [each.as_dict(private=False) for each in self.keys]})
        if path == "/userinfo":
            return as_json({"sub": "jo", "groups": ["reviewers"]})
        if path == "/token":
            claims = {
                "iss": self.issuer,
                "aud": CLIENT,
                "sub": "jo",
                "iat": int(time.time()),
                "exp": int(time.time()) + 300,
                "nonce": self.nonce,
                "email": "jo@elmroad.example",
                "email_verified": True,
                "groups": ["reviewers"],
                **self.claims,
            }
            said = self.token({name: each for name, each in claims.items() if each is not None})
            return as_json({"access_token": "secret-access", "refresh_token": "secret-refresh", "id_token": said})
        return as_json({}, 404)
