"""An object store that misbehaves as it is told to, so much of the S3 API as is asked of it. For faults alone: what the
guard does with a real server is shown against one (tests/peers/seaweedfs.py).
"""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from mailguard.store.object_settings import ObjectStoreSettings
from tests.ports import free_port


class IllS3:
    """kept: path -> bytes. ill: fault by method; None in it or nothing: well. count: requests by method. written: when
    objects say that they were written, in seconds since 1970.
    """

    def __init__(self, folder: Path) -> None:
        self.kept: dict[str, bytes] = {}
        self.ill: dict[str, str] = {}
        self.count: dict[str, int] = {}
        self.written = time.time()
        self.ended = threading.Event()
        self._keys = folder / "a-key"
        self._keys.write_text("key\n")
        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def settings(self, **changes: object) -> ObjectStoreSettings:
        values = {
            "url": "s3://held/p",
            "endpoint": f"http://127.0.0.1:{self._server.server_address[1]}",
            "access_key_file": self._keys,
            "secret_key_file": self._keys,
            "timeout_seconds": 3.0,
        }
        return ObjectStoreSettings.model_validate(values | changes)

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(world: IllS3) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _key(self) -> str:
            return unquote(urlsplit(self.path).path).partition("/held/")[2]

        def _is_ill(self) -> bool:
            """Whether the fault has taken the request over."""
            world.count[self.command] = world.count.get(self.command, 0) + 1
            ill = world.ill.get(self.command)
            if ill == "slow":
                world.ended.wait(120)
                self.close_connection = True
                return True
            if ill == "cut":
                self.rfile.read(int(self.headers.get("Content-Length") or 0) // 2)
                self._drop()
                return True
            if ill in ("500", "403"):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._answer(int(ill), b"<Error><Code>Ill</Code></Error>")
                return True
            return False

        def _drop(self) -> None:
            self.close_connection = True
            self.connection.close()

        def _answer(self, code: int, body: bytes = b"", modified: bool = False) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"e"')
            if modified:
                self.send_header("Last-Modified", formatdate(world.written, usegmt=True))
            self.end_headers()
            self.wfile.write(body)

        def do_PUT(self) -> None:
            if self._is_ill():
                return
            body = self.rfile.read(int(self.headers["Content-Length"]))
            world.kept[self._key()] = body
            if world.ill.get("PUT") == "kept, answer lost":
                self._drop()
                return
            self._answer(200)

        def do_GET(self) -> None:
            if self._is_ill():
                return
            if "list-type" in parse_qs(urlsplit(self.path).query):
                self._list(parse_qs(urlsplit(self.path).query).get("prefix", [""])[0])
                return
            body = world.kept.get(self._key())
            ill = world.ill.get("GET")
            if body is None or ill == "missing":
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            elif ill == "wrong bytes":
                self._answer(200, body[:50] + bytes([body[50] ^ 1]) + body[51:], modified=True)
            elif ill == "short":
                self._answer(200, body[:-1], modified=True)
            elif ill == "long":
                self._answer(200, body + b"x" * 5_000_000, modified=True)
            elif ill == "cut in the middle":
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("ETag", '"e"')
                self.send_header("Last-Modified", formatdate(world.written, usegmt=True))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
                self._drop()
            else:
                self._answer(200, body, modified=True)

        def do_DELETE(self) -> None:
            if not self._is_ill():
                world.kept.pop(self._key(), None)
                self._answer(204)

        def _list(self, prefix: str) -> None:
            at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(world.written))
            found = "".join(
                f"<Contents><Key>{escape(key)}</Key><LastModified>{at}</LastModified><ETag>e</ETag>"
                f"<Size>{len(body)}</Size></Contents>"
                for key, body in sorted(world.kept.items())
                if key.startswith(prefix)
            )
            text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
            self._answer(200, text.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Nobody reads it."""

    return Handler
