"""Settings: what can be set, the presets, and where values come from."""
