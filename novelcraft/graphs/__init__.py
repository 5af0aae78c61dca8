"""The state machines, and the runner that starts, resumes, forks and steers them."""
