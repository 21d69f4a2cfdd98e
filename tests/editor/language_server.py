"""The YAML language server from npm, spoken to as an editor does (Language Server Protocol 3.17, over stdio)."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from typing import Any, Self

from tests import npm

HERE = Path(__file__).parent
ANSWER_SECONDS = 60.0
CONFIGURATION = {
    # It asks nobody on the network which schema a file has.
    "yaml": {
        "schemaStore": {"enable": False},
        "validate": True,
        "completion": True,
        "hover": True,
        "disableDefaultProperties": True,
    }
}


class LanguageServer:
    """folder: what the editor has open; schemas are found from there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._told = threading.Condition()

    def __enter__(self) -> Self:
        packages = npm.installed(HERE, "yaml-language-server")
        script = packages / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
        command = ["node", str(script), "--stdio"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._folder)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        capabilities = {
            "textDocument": {
                "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": True}},
                "hover": {"contentFormat": ["markdown"]},
                "publishDiagnostics": {},
            },
            "workspace": {"configuration": True},
        }
        parameters = {"processId": None, "rootUri": self._folder.as_uri(), "capabilities": capabilities}
        self.ask("initialize", {**parameters, "workspaceFolders": None})
        self._send({"method": "initialized", "params": {}})
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": CONFIGURATION}})
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(10)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def open(self, name: str, text: str) -> list[dict[str, Any]]:
        """Has a file open with this text, and gives what the server finds wrong with it."""
        uri = (self._folder / name).as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        with self._told:
            assert self._told.wait_for(lambda: uri in self._diagnostics, ANSWER_SECONDS), "the server says nothing"
            return self._diagnostics[uri]

    def completions(self, name: str, line: int, column: int) -> dict[str, str]:
        """What it offers at a place (from nought), with what it says about each."""
        found = self.ask("textDocument/completion", self._place(name, line, column))
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"]: _said(item.get("documentation")) for item in items}

    def hover(self, name: str, line: int, column: int) -> str:
        found = self.ask("textDocument/hover", self._place(name, line, column))
        return _said(found["contents"]) if found else ""

    def ask(self, method: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        while True:
            answer = self._answers.get(timeout=ANSWER_SECONDS)
            if answer["id"] == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _place(self, name: str, line: int, column: int) -> dict[str, Any]:
        place = {"line": line, "character": column}
        return {"textDocument": {"uri": (self._folder / name).as_uri()}, "position": place}

    def _send(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while head := self._process.stdout.readline():
            length = 0
            while head.strip():
                name, _, value = head.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
                head = self._process.stdout.readline()
            self._take(json.loads(self._process.stdout.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._answers.put(message)
        elif message["method"] == "textDocument/publishDiagnostics":
            with self._told:
                self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
                self._told.notify_all()
        elif "id" in message:
            self._send({"id": message["id"], "result": self._answer(message)})

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        return [CONFIGURATION.get(each.get("section", "")) for each in message["params"]["items"]]


def _said(documentation: Any) -> str:
    if isinstance(documentation, dict):
        return str(documentation.get("value", ""))
    return str(documentation or "")
