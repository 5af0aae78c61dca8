#!/usr/bin/env python3
"""Stands for the command `vllm`: answers /health at its port, or does what FAKE_VLLM says.

`die:TEXT` prints the text and ends with 1; `die-later:TEXT` does so after it was ready; `deaf`
ignores SIGTERM; `worker` starts a process of its own, as vLLM does; `silent` never answers.
"""

import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


act, _, text = os.environ.get("FAKE_VLLM", "").partition(":")
say("fake vllm", *sys.argv[1:])


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def die() -> None:
    say(text)
    os._exit(1)


if act == "die":
    die()
if act == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if act == "worker":
    say("worker", subprocess.Popen(["sleep", "600"]).pid)
if act == "silent":
    signal.pause()
server = HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler)
if act == "die-later":
    threading.Timer(1.0, die).start()
server.serve_forever()
