"""A scripted stand-in for llama.cpp, vLLM and OpenAI servers: no model, no network, no waiting.

It answers every request with something valid, drawn from a hash of the request, so that the
same questions give the same book. A `script.Script` stages what goes wrong.
"""
