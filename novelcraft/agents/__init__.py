"""The agents: each a prompt, a schema and an async function."""
