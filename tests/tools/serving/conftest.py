"""A real vLLM, where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from novelcraft.tools.serving.environment import ENVIRONMENT_VARIABLE, find_environment


@pytest.fixture
def vllm_python() -> Path:
    """Python of an environment with vLLM: that which the variable names, or the user's own."""
    environment = find_environment("cpu")
    if not environment.ready:
        pytest.skip(f"no vLLM here: set {ENVIRONMENT_VARIABLE}, or run novelcraft serve once")
    return environment.python
