"""Other names for the people of training rows, so that no name of a book can be learnt by heart.

Every row draws its own names by its seed, so that a person is called otherwise in each row.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PEOPLE: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("house_people.yaml").read_text(encoding="utf-8")
)
_SAID_OF = re.compile(r"^(?!It happens|The style)[A-Z][\w’'é -]* (is|are) .*\.$")
"""What preparation by rule says of a person in the world of a row: half a sentence of the book."""
_FOLLOWED = re.compile(r"(The scene follows [^,]+), .*?, closely,")


def renamed(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `novelcraft prep` whose people have other names; always the same for a row."""
    people = PEOPLE["books"][row["book_id"]]
    chance = random.Random(f"house:{row['row_id']}")
    everybody = [(n, False) for n in people["men"]] + [(n, True) for n in people["women"]]
    names = _other_names(everybody, chance)
    names = {old: new for old, new in names.items() if old not in PEOPLE["kept"]}
    return {**row, "messages": [_message(one, names) for one in row["messages"]]}


def _message(message: dict[str, str], names: Mapping[str, str]) -> dict[str, str]:
    text = message["content"].replace("\u2060", "").replace("\u2011", "-")
    if message["role"] == "user":
        text = _request(text)
    return {**message, "content": _replaced(text, names)}


def _request(text: str) -> str:
    """A request without what rules only seem to know of a person."""
    parts = re.split("(The story so far:|Write the next)", text, maxsplit=1)
    world = "\n".join(line for line in parts[0].split("\n") if not _SAID_OF.match(line))
    return _FOLLOWED.sub(r"\1 closely,", "".join([world, *parts[1:]]))


def _other_names(people: Sequence[tuple[str, bool]], chance: random.Random) -> dict[str, str]:
    women, men = _drawn("women", chance), _drawn("men", chance)
    families = _drawn("families", chance)
    other: dict[str, str] = {}
    for name, woman in sorted(people, key=lambda person: -len(person[0].split())):
        pool, words = women if woman else men, name.split()
        if len(words) == 1:
            if name not in other:
                other[name] = pool.pop()
            continue
        given, family = pool.pop(), families.pop()
        first, last = other.get(words[0], given), other.get(words[-1], family)
        other[name] = f"{first} {last}"
        other.setdefault(words[0], first)
        other.setdefault(words[-1], last)
    return other


def _drawn(kind: str, chance: random.Random) -> list[str]:
    names = PEOPLE["names"][kind]
    return chance.sample(names, len(names))


def _replaced(text: str, names: Mapping[str, str]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, longest_first)) + r")\b")
    return pattern.sub(lambda found: names[found.group(1)], text)
