"""The nodes: each reads the state, calls one agent or tool, and returns a partial update."""
