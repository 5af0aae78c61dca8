"""Structured answers, read: valid as they came, or once what is too long in them is cut."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

T = TypeVar("T", bound=BaseModel)

_TOO_LONG = ("string_too_long", "too_long")


def read_answer(schema: type[T], text: str) -> tuple[T | None, str]:
    """What an answer says.

    A string or list that is longer than its bound is cut to it: not every server holds a model
    to the bounds while it decodes.

    Returns:
        The value and no problem, or no value and what is wrong with the text.
    """
    try:
        return schema.model_validate_json(text), ""
    except ValidationError as error:
        faults = error.errors(include_url=False)
    if all(fault["type"] in _TOO_LONG for fault in faults):
        whole = json.loads(text)
        for fault in sorted(faults, key=lambda fault: -len(fault["loc"])):
            _cut(whole, fault)
        return read_answer(schema, json.dumps(whole))
    where = ".".join(map(str, faults[0]["loc"]))
    return None, f"{faults[0]['msg']}{f' at {where}' if where else ''}"


def _cut(whole: Any, fault: ErrorDetails) -> None:
    *above, last = fault["loc"]
    for part in above:
        whole = whole[part]
    whole[last] = whole[last][: fault["ctx"]["max_length"]]
