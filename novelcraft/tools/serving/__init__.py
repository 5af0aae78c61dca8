"""Run vLLM for a person: which model, with which flags, whether it fits, and watching over it.

vLLM itself is a process in an environment of its own; nothing here imports it.
"""
