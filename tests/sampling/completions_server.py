"""A completions server, run as a process of its own: answers by seed, and fails as it is told to.

``python completions_server.py FOLDER [PORT]``: writes its port to ``FOLDER/port``, and a line for each
request to ``FOLDER/requests.jsonl``. ``FOLDER/faults.json`` lists what happens to the first requests,
one each: a status (429, 500 ...), ``[status, headers, body]``, ``drop``, ``half``, ``hang``, ``garbage``,
``empty``, ``short``; null serves. ``FOLDER/texts.json`` maps prompts to the texts that are drawn from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_FOLDER = Path(sys.argv[1]) if __name__ == "__main__" else Path()
_LOCK = threading.Lock()
_NEVER = threading.Event()
_DEFAULT = ["    return x\n", "    return x + 1\n", "    y = x\n    return y\n\ndef g():\n", "    pass\n"]


def draw(texts: list[str], prompt: str, seed: int | None, position: int) -> str:
    """The text at a position of a request: the same for the same seed."""
    digest = hashlib.sha256(f"{prompt}\0{seed}\0{position}".encode()).digest()
    return texts[int.from_bytes(digest[:4], "big") % len(texts)]


def tokens_of(text: str) -> list[str]:
    """Tokens: words, each with the space before it."""
    return re.findall(r"\s*\S+|\s+$", text)


def logprob_of(token: str) -> float:
    """The log-probability of a token, by its text."""
    return -(len(token) + ord(token[-1]) % 7) / 10


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: list[Any]
    texts: dict[str, list[str]]
    served = 0
    now = 0
    most = 0

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._send(200, {"data": [{"id": "echo-1"}]}) if self.path == "/v1/models" else self._send(404, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with _LOCK:
            fault = self.faults.pop(0) if self.faults else None
            type(self).now += 1
            type(self).most = max(self.most, self.now)
        try:
            self._answer(body, fault)
        finally:
            with _LOCK:
                type(self).now -= 1

    def _answer(self, body: dict[str, Any], fault: Any) -> None:
        answer = self._choices(body)
        with _LOCK, (_FOLDER / "requests.jsonl").open("a") as stream:
            line = {"body": body, "fault": fault, "key": self.headers.get("Authorization"), "most": self.most}
            stream.write(json.dumps(line) + "\n")
        if isinstance(fault, int):
            self._send(fault, {"error": {"message": f"told to answer {fault}"}})
        elif isinstance(fault, list):
            self._send(fault[0], fault[2], fault[1])
        elif fault == "drop":
            self.close_connection = True
        elif fault == "half":
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
        elif fault == "hang":
            _NEVER.wait()
        elif fault == "endless":
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b" " * 65_536)
        elif fault == "bad gzip":
            self._send(200, answer, {"Content-Encoding": "gzip"})
        elif fault == "deep":
            deep = "[" * 100_000
            self.send_response(400)
            self.send_header("Content-Length", str(len(deep)))
            self.end_headers()
            self.wfile.write(deep.encode())
        elif fault == "counts":
            self._send(200, {**answer, "usage": {"prompt_tokens": 2**63, "completion_tokens": 2**63}})
        elif fault == "garbage":
            self._send(200, "<html>")
        elif fault == "empty":
            self._send(200, {"choices": []})
        else:
            if fault == "short":
                answer["choices"] = answer["choices"][: max(1, len(answer["choices"]) // 2)]
            self._send(200, answer)

    def _choices(self, body: dict[str, Any]) -> dict[str, Any]:
        choices = []
        texts = self.texts.get(body["prompt"], _DEFAULT)
        for position in range(body.get("n", 1)):
            text = draw(texts, body["prompt"], body.get("seed"), position)
            tokens = tokens_of(text)
            stop = min((text.find(s) for s in body.get("stop", []) if s in text), default=None)
            offsets = [sum(map(len, tokens[:i])) for i in range(len(tokens))]
            choices.append(
                {
                    "index": position,
                    "text": text if stop is None else text[:stop],
                    "finish_reason": "stop",
                    # as vLLM, which tells the tokens after the stop as well
                    "logprobs": {
                        "tokens": tokens,
                        "token_logprobs": [logprob_of(token) for token in tokens],
                        "text_offset": [len(body["prompt"]) + offset for offset in offsets],
                    }
                    if "logprobs" in body
                    else None,
                }
            )
        used = sum(len(tokens_of(choice["text"])) for choice in choices)
        return {
            "choices": choices,
            "usage": {"prompt_tokens": len(tokens_of(body["prompt"])), "completion_tokens": used},
        }

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _read(name: str, missing: Any) -> Any:
    file = _FOLDER / name
    return json.loads(file.read_text()) if file.exists() else missing


def _main() -> None:
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    _Handler.faults = _read("faults.json", [])
    _Handler.texts = _read("texts.json", {})
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    temporary = _FOLDER / "port.tmp"
    temporary.write_text(str(server.server_port))
    temporary.rename(_FOLDER / "port")
    server.serve_forever()


if __name__ == "__main__":
    _main()
