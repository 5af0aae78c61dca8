"""The mark of tests that train."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from novelcraft.finetune.stack import STACK

REASON = "needs the training stack: pip install novelcraft[train]"
MISSING = [name for name in STACK if find_spec(name) is None]

needs_stack = pytest.mark.skipif(bool(MISSING), reason=REASON)
# What the libraries warn each other of is not ours to mend.
TRAINS = [pytest.mark.train, needs_stack, pytest.mark.filterwarnings("default")]
