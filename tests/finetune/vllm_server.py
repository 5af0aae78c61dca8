"""An HTTP server in vLLM's form whose answers come from real models in transformers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

KEY = "secret"


@contextmanager
def vllm_server(base: Any, adapters: Mapping[str, Any], *, shift: float = 0.0) -> Iterator[str]:
    """Serve a base as `base`, and models with adapters under their names.

    Args:
        base: The base model.
        adapters: Models by name.
        shift: Added to every log-probability, as an engine of less precision would.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            entries = [{"id": "base", "parent": None, "owned_by": "vllm"}]
            entries += [{"id": name, "parent": "base", "owned_by": "vllm"} for name in adapters]
            self._reply(200, {"object": "list", "data": entries})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model = {"base": base, **adapters}.get(body["model"])
            if self.headers["Authorization"] != f"Bearer {KEY}":
                self._reply(401, {"error": "Unauthorized"})
            elif model is None:
                self._reply(404, {"error": {"message": "The model does not exist."}})
            else:
                self._reply(200, completion(model, body, shift))

        def _reply(self, status: int, body: Any) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def completion(model: Any, body: Mapping[str, Any], shift: float) -> dict[str, Any]:
    """What `/v1/completions` answers, as far as it is asked for."""
    from novelcraft.finetune.serving.comparing import logits

    prompt = body["prompt"]
    likely = logits(model, [prompt])[0].log_softmax(-1) + shift
    best = likely[-1].topk(body["logprobs"])
    assert body["return_tokens_as_token_ids"]
    top = {
        f"token_id:{int(token)}": float(value)
        for value, token in zip(best.values, best.indices, strict=True)
    }
    told: list[Any] = [None]
    for at, token in zip(likely[:-1], prompt[1:], strict=True):
        told.append({str(token): {"logprob": float(at[token]), "rank": 1, "decoded_token": "?"}})
    choice = {"index": 0, "text": "?", "logprobs": {"top_logprobs": [top]}, "prompt_logprobs": told}
    return {"object": "text_completion", "choices": [choice]}
