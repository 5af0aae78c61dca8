"""The plain answer to a request: valid JSON where a schema is given, prose where none is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence

from tests.fakes.chat import Answer, ChatRequest
from tests.fakes.instances import InstanceMaker
from tests.fakes.prose import Novelist

FindNames = Callable[[str], Sequence[str]]

_POINT_OF_VIEW = re.compile(r"^\W*(?:point of view|pov)\W*:\W*([^,;\n(]+)", re.I | re.M)
_EYES = re.compile(r"The scene follows ([^,;\n(.]+)")
_THERE = re.compile(r"; [^;.\n]*\. (.+) (?:is|are) there too\.")
_PRESENT = re.compile(r"^\W*(?:also )?present\W*:(.+)$", re.I | re.M)
_KEEP = re.compile(r"keep these names: (.+)\.", re.I)
_FULL_NAME = re.compile(r"\b[A-Z][\w'’-]+ [A-Z][\w'’-]+\b")

_PAIRS = re.compile(r"\b(?=([A-Z][\w'’-]+ [A-Z][\w'’-]+)\b)")


def find_names(prompt: str) -> list[str]:
    """The people a prompt is about, the point of view first.

    Where the prompt has no line that says so, names of two words that come up more than once.
    """
    found = [name.strip(" *.") for name in _POINT_OF_VIEW.findall(prompt)[-1:]]
    found += [name.strip() for name in _EYES.findall(prompt)[-1:]]
    found += [n for there in _THERE.findall(prompt)[-1:] for n in there.split(" and ")]
    for listed in _PRESENT.findall(prompt)[-1:] + _KEEP.findall(prompt)[-1:]:
        parts = [part.strip(" .") for part in listed.split(",")]
        found += [part for part in parts if _FULL_NAME.fullmatch(part)]
    if not found:
        counted = Counter(_PAIRS.findall(prompt))
        found = [name for name, times in counted.most_common(4) if times > 1]
    return list(dict.fromkeys(found))


def plain_answer(request: ChatRequest, names: FindNames, *, continues: bool) -> Answer:
    """What an able and willing model would say, the same for the same request."""
    cast = names(request.prompt)
    if request.schema is not None:
        maker = InstanceMaker(request.schema, request.key, cast, source=request.user)
        return Answer(json.dumps(maker.make(), ensure_ascii=False))
    novelist = Novelist(request.key, cast)
    opening = request.prefill if continues else ""
    return Answer(novelist.write(request.words_asked, opening))
