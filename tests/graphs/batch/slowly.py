"""A script for the fake server: every answer takes a while, as a model's does."""

from __future__ import annotations

import time

from tests.fakes import script as s
from tests.fakes.chat import Answer, ChatRequest

SECONDS = 0.15


def _slowly(_request: ChatRequest, plain: Answer) -> Answer:
    time.sleep(SECONDS)
    return plain


def script() -> s.Script:
    made = s.Script()
    made.on(s.anything, _slowly)
    return made
