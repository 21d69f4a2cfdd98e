"""A proxy before PostgreSQL that can be told to lose the answers to COMMIT: the server has done it, nobody hears so."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import Self

COMMIT = b"COMMIT;\x00"
"""How the driver ends a transaction: a simple query (PostgreSQL manual, 55.7 "Query")."""


class CuttingProxy:
    """lose: how many more commits lose their answers. lost: how many have."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.lose = self.lost = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            client,
            socket.create_connection(("127.0.0.1", self._target)) as server,
            selectors.DefaultSelector() as selector,
        ):
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    octets = source.recv(65536)
                    if not octets:
                        return
                    key.data.sendall(octets)
                    if source is client and COMMIT in octets and self._takes_it():
                        server.recv(65536)  # it is done
                        return

    def _takes_it(self) -> bool:
        with self._lock:
            if not self.lose:
                return False
            self.lose, self.lost = self.lose - 1, self.lost + 1
            return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
