"""Models by role: who serves them, how they are asked, and the engine that needs no server."""
