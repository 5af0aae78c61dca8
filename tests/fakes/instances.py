"""A valid instance of any JSON schema, the same for the same seed.

Fields whose names say what belongs in them (name, title, quote, …) get something of that kind,
so that a plan made of such answers reads like a plan.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Mapping, Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

from tests.fakes import words as w
from tests.fakes.prose import Novelist

Schema = Mapping[str, Any]

_FINDINGS = {"findings", "problems", "issues", "contradictions", "errors"}
"""Lists that stay as short as they may: the fake has nothing to complain about."""
_TYPICAL_TEXT = 140


class InstanceMaker:
    """Makes instances of one schema document; full ones have texts and lists at their bounds."""

    def __init__(
        self,
        root: Schema,
        seed: str,
        names: Sequence[str] = (),
        source: str = "",
        *,
        full: bool = False,
    ) -> None:
        self._full = full
        self._root = root
        self._rng = random.Random(seed)
        self._novelist = Novelist(seed, names)
        self._names = tuple(names)
        self._quotes = [s for s in re.split(r"(?<=[.!?])\s+", source) if len(s.split()) > 4]
        self._taken: set[str] = set()

    def make(self) -> Any:
        return self._value(self._root, "")

    def _value(self, schema: Schema, field: str) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._rng.choice(schema["enum"])
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._value(self._choice(schema[union]), field)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((k for k in kind if k != "null"), "null")
        return self._makers()[kind](schema, field)

    def _makers(self) -> dict[str, Callable[[Schema, str], Any]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": self._string,
            "integer": self._integer,
            "number": self._number,
            "boolean": lambda _schema, _field: self._rng.random() < 0.5,
            "null": lambda _schema, _field: None,
        }

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            target: Any = self._root
            for part in schema["$ref"].removeprefix("#").strip("/").split("/"):
                target = target[part] if part else target
            schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
        for part in schema.get("allOf", ()):
            schema = {**schema, **self._resolved(part)}
        return schema

    def _choice(self, options: Sequence[Schema]) -> Schema:
        return next((o for o in options if o.get("type") != "null"), options[0])

    def _object(self, schema: Schema, field: str) -> dict[str, Any]:
        return {name: self._value(sub, name) for name, sub in schema.get("properties", {}).items()}

    def _array(self, schema: Schema, field: str) -> list[Any]:
        fixed = [self._value(s, field) for s in schema.get("prefixItems", ())]
        low = schema.get("minItems", 0 if field in _FINDINGS else 1)
        high = schema.get("maxItems", max(low, 3))
        size = low if field in _FINDINGS else self._rng.randint(min(max(low, 1), high), high)
        size = high if self._full else size
        items = list(fixed)
        tries = 0
        while len(items) < size and schema.get("items", True) is not False and tries < 100:
            tries += 1
            item = self._value(schema.get("items", {}), field)
            if not (schema.get("uniqueItems") and item in items):
                items.append(item)
        return items

    def _integer(self, schema: Schema, field: str) -> int:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 11) - 1)
        step = schema.get("multipleOf", 1)
        return int(step) * self._rng.randint(-(-int(low) // step), int(high) // step)

    def _number(self, schema: Schema, field: str) -> float:
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0.0))
        high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1.0))
        return float(low + (high - low) * self._rng.randint(1, 9) / 10)

    def _string(self, schema: Schema, field: str) -> str:
        low = schema.get("minLength", 0)
        high = schema.get("maxLength", max(low, _TYPICAL_TEXT))
        low = high if self._full and "pattern" not in schema else low
        text = self._text_for(field.lower(), low, high)
        while self._full and len(text) < low:
            text += " " + self._novelist.sentence()
        text = _fit(text, low, high)
        pattern = schema.get("pattern")
        if pattern is None or re.search(pattern, text):
            return text
        return self._matching(pattern, low, high)

    def _matching(self, pattern: str, low: int, high: int) -> str:
        for _ in range(200):
            text = _draw(sre_parser.parse(pattern), self._rng)
            if low <= len(text) <= high and re.search(pattern, text):
                return text
        raise ValueError(f"the fake cannot make {low} to {high} characters of {pattern!r}")

    def _text_for(self, field: str, low: int, high: int) -> str:
        if field in {"name", "names"}:
            return self._new_name()
        if field in {"subject", "character", "who", "pov"} and self._names:
            return self._rng.choice(self._names)
        if "title" in field:
            return f"The {self._word(w.ADJECTIVES)} {self._word(w.NOUNS)}"
        if field.startswith(("place", "where", "location")):
            return f"the {self._rng.choice(w.ADJECTIVES)} {self._rng.choice(w.NOUNS)}"
        if field in {"time", "when"}:
            return self._rng.choice(w.TIMES)
        if field in {"quote", "quotes", "evidence"} and self._quotes:
            return self._rng.choice([q for q in self._quotes if len(q) <= high] or self._quotes)
        text = self._novelist.sentence()
        while len(text) < low:
            text += " " + self._novelist.sentence()
        return text

    def _word(self, options: Sequence[str]) -> str:
        return self._rng.choice(options).capitalize()

    def _new_name(self) -> str:
        for _ in range(100):
            name = f"{self._rng.choice(w.FIRST_NAMES)} {self._rng.choice(w.LAST_NAMES)}"
            if not set(name.split()) & self._taken:
                self._taken.update(name.split())
                return name
        raise ValueError("the fake has run out of names")


def _fit(text: str, low: int, high: int) -> str:
    """Cut at a word's end to at most `high` characters, pad to at least `low`."""
    if len(text) > high:
        shorter = text[:high].rsplit(" ", 1)[0] if " " in text[:high] else text[:high]
        text = shorter.rstrip(' ,."')
        text = text if text.count('"') % 2 == 0 else text.replace('"', "")
    return text + "." * max(0, low - len(text))


def _draw(parsed: Any, rng: random.Random) -> str:
    """A string that a simple regular expression matches: literals, classes, repeats, groups."""
    return "".join(_draw_one(op, argument, rng) for op, argument in parsed)


def _draw_one(op: Any, argument: Any, rng: random.Random) -> str:
    if op is sre.LITERAL:
        return chr(argument)
    if op is sre.IN:
        return rng.choice(_members(argument))
    if op is sre.ANY:
        return rng.choice(string.ascii_lowercase)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        low, high, inner = argument
        times = rng.randint(low, max(low, min(int(high), low + 8)))
        return "".join(_draw(inner, rng) for _ in range(times))
    if op is sre.SUBPATTERN:
        return _draw(argument[-1], rng)
    if op is sre.BRANCH:
        return _draw(rng.choice(argument[1]), rng)
    if op is sre.AT:
        return ""
    raise ValueError(f"the fake does not know the pattern part {op}")


def _members(items: Any) -> list[str]:
    members: set[str] = set()
    for op, argument in items:
        if op is sre.LITERAL:
            members.add(chr(argument))
        elif op is sre.RANGE:
            members.update(chr(c) for c in range(argument[0], min(argument[1], 0x7E) + 1))
        elif op is sre.CATEGORY:
            members.update(_CATEGORIES[argument])
    if items[0][0] is sre.NEGATE:
        members = set(string.ascii_letters + string.digits + " ") - members
    return sorted(members)


_CATEGORIES = {
    sre.CATEGORY_DIGIT: string.digits,
    sre.CATEGORY_WORD: string.ascii_letters,
    sre.CATEGORY_SPACE: " ",
    sre.CATEGORY_NOT_SPACE: string.ascii_letters,
    sre.CATEGORY_NOT_DIGIT: string.ascii_letters,
    sre.CATEGORY_NOT_WORD: " ",
}
