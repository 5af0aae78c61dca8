"""Load prompt templates: files with a `system` and a `user` block and strict variables.

A template is a Jinja file in `templates/`. A variable that a template names and the caller
does not give is an error at once, never an empty string in a prompt. The hash of a template's
source travels with everything that was made by it, so that a changed prompt can be seen in a
manuscript's provenance.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import jinja2

from novelcraft.state.calls import Message

FENCE = '"""'
"""Opens and closes a block of data. Text inside a block cannot close it, see `as_data`."""


def as_data(text: str) -> str:
    """Wrap text that did not come from a template, so that a model can tell it from orders.

    A fence inside the text is broken up: manuscript and lore are data, whatever they say.
    """
    return f"{FENCE}\n{without_fences(text.strip())}\n{FENCE}"


def without_fences(text: str) -> str:
    """Text that neither opens nor closes a block of data."""
    return text.replace(FENCE, "'''")


_CONTROL = re.compile(
    r"<(?=[|｜][^<>|｜\n]{1,40}[|｜]?>|[^<>|｜\s]{1,40}[|｜]>|</?SYS>>|/?s>|/?think(?:ing)?>"
    r"|/?tool_(?:call|response)>|(?:start|end)_of_turn>|(?:bos|eos|pad|unk|mask)>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|THINK|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\])",
)
"""The bracket of what some family of models takes for a control token, such as `<|im_end|>`."""


def without_control_tokens(text: str) -> str:
    """Text in which no server finds a control token: a blank follows the bracket of each.

    Servers read a whole prompt at once, so that `<|im_end|>` in a premise would end its message.
    """
    return _CONTROL.sub(r"\g<0> ", text)


def bullets(items: Iterable[str]) -> str:
    """Items as a list, a line each."""
    return "\n".join(f"- {item}" for item in items)


@dataclass(frozen=True)
class PromptTemplate:
    """A template that was found and parsed."""

    name: str
    hash: str
    """SHA-256 of the file's text, 64 hex digits."""
    _template: jinja2.Template

    def render(self, **variables: Any) -> tuple[Message, ...]:
        """Render to chat messages. Control tokens in the variables are plain text in them.

        Raises:
            jinja2.UndefinedError: If the template names a variable that was not given.
        """
        context = self._template.new_context(variables)
        parts = {
            name: without_control_tokens("".join(block(context)).strip())
            for name, block in self._blocks().items()
        }
        return (
            Message(role="system", content=parts["system"]),
            Message(role="user", content=parts["user"]),
        )

    def _blocks(self) -> dict[str, Any]:
        return {name: self._template.blocks[name] for name in ("system", "user")}


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        loader=jinja2.PackageLoader("novelcraft.prompts", "templates"),
    )
    environment.filters["data"] = as_data
    environment.filters["bullets"] = bullets
    return environment


@lru_cache
def load_template(name: str) -> PromptTemplate:
    """The template `templates/<name>.jinja`.

    Raises:
        jinja2.TemplateNotFound: If there is no such file.
    """
    template = _environment().get_template(f"{name}.jinja")
    source = resources.files("novelcraft.prompts").joinpath("templates", f"{name}.jinja")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return PromptTemplate(name, digest, template)
