"""The text interface: watch a novel being written, read it, and steer it.

It reads the store and follows the run's events; it never runs a graph in its own process, so that
closing, crashing or slowing it changes nothing of a run. Nothing here loads LangGraph or Chroma.
"""
