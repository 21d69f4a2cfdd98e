"""/metrics, /healthz (alive), /readyz (would take mail now) and /health (all is well, or what is not), on an address of
their own, in a thread of their own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

Answers = Callable[[], dict[str, Any]]


class HealthServer:
    """readiness: {"ready": bool, ...}, health: {"ok": bool, ...}, both without personal data; called from the server's
    thread.
    """

    def __init__(self, host: str, port: int, registry: CollectorRegistry, readiness: Answers, health: Answers) -> None:
        self._server = ThreadingHTTPServer((host, port), _handler(registry, readiness, health))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(registry: CollectorRegistry, readiness: Answers, health: Answers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "mailguard"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/healthz":
                self._answer(200, "application/json", b'{"alive": true}\n')
            elif self.path == "/readyz":
                self._answer_found("ready", readiness())
            elif self.path == "/health":
                self._answer_found("ok", health())
            else:
                self._answer(404, "text/plain", b"not found\n")

        def _answer_found(self, key: str, found: dict[str, Any]) -> None:
            body = json.dumps(found).encode() + b"\n"
            self._answer(200 if found[key] else 503, "application/json", body)

        def _answer(self, code: int, kind: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Requests are not logged."""

    return Handler
