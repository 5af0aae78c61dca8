"""Chat templates, rendered as the servers render them, and rows cut where generation begins.

A row is worth training on only when its prompt is, token for token, what the model is sent when
it writes: so the prompt of a row is the template's own generation prompt, and the completion is
what the model has to write after it, think block included.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import ConfigError
from novelcraft.state.calls import Message
from novelcraft.tools.models.thinking import CLOSE, OPEN

ThinkBlock = Literal["none", "optional", "always"]
"""Whether a template has a think block: `optional` when a request can tell it not to think."""

_DATE = datetime(2024, 7, 26)
"""What a template that prints the date is told: the same rows come out on every day."""
_PROBE = (Message(role="system", content="<<s>>"), Message(role="user", content="<<u>>"))
_FIX = "Use the chat template of an instruct model, as its publisher ships it."


@dataclass(frozen=True)
class ChatTemplate:
    """The chat template of a model, rendered as transformers does."""

    source: str
    """The Jinja text."""
    specials: Mapping[str, str] = field(default_factory=dict)
    """The special tokens that it may name: `bos_token`, `eos_token`, …"""

    @property
    def hash(self) -> str:
        """SHA-256 of the template and its special tokens, 64 hex digits."""
        named = json.dumps([self.source, sorted(self.specials.items())], ensure_ascii=False)
        return hashlib.sha256(named.encode("utf-8")).hexdigest()

    def render(
        self, messages: Sequence[Message], *, add_generation_prompt: bool, **fields: Any
    ) -> str:
        """The text that a model is sent.

        Args:
            messages: The conversation. Where the template knows no system role, the system
                message goes into the message after it, as llama.cpp's server does it.
            add_generation_prompt: Whether to end where the assistant begins.
            fields: What a request may set, such as `enable_thinking`.

        Raises:
            ConfigError: The template is broken, or refuses the conversation.
        """
        asked = _folded(messages) if self._lacks_system else messages
        try:
            return self._rendered(asked, add_generation_prompt, fields)
        except (jinja2.TemplateError, TypeError) as error:
            raise ConfigError(
                f"The chat template cannot render the narrator's prompt: {error}", fix=_FIX
            ) from error

    @cached_property
    def think_block(self) -> ThinkBlock:
        """Whether the template has a think block, found out by what it renders."""
        thinking = self.render(_PROBE, add_generation_prompt=True, enable_thinking=True)
        silent = self.render(_PROBE, add_generation_prompt=True, enable_thinking=False)
        if thinking != silent:
            return "optional"
        return "always" if _opened(silent) else "none"

    def serving(self, think: ThinkMode | None) -> dict[str, Any]:
        """What a request must tell the template, so that it asks as the rows were trained."""
        return {"enable_thinking": think == "beats"} if self.think_block == "optional" else {}

    @cached_property
    def _lacks_system(self) -> bool:
        try:
            return "<<s>>" not in self._rendered(_PROBE, True, {})
        except jinja2.TemplateSyntaxError:
            return False
        except jinja2.TemplateError:
            return True

    @cached_property
    def _template(self) -> jinja2.Template:
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, jinja2.ext.loopcontrols],
        )
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = _DATE.strftime
        return environment.from_string(self.source)

    def _rendered(
        self, messages: Sequence[Message], generate: bool, fields: Mapping[str, Any]
    ) -> str:
        plain = [{"role": m.role, "content": m.content} for m in messages]
        given = {**self.specials, "tools": None, "documents": None, **fields}
        return self._template.render(messages=plain, add_generation_prompt=generate, **given)


CHATML = ChatTemplate(
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""The template that servers take for a model that brings none."""


def with_plan(plan: str, text: str) -> str:
    """An assistant's message that thinks a plan before its text; the text alone without one."""
    return f"{OPEN}\n{plan.strip()}\n{CLOSE}\n\n{text}" if plan.strip() else text


def split_plan(content: str) -> tuple[str, str]:
    """What `with_plan` was given: the plan, empty where there is none, and the text."""
    if not content.startswith(f"{OPEN}\n"):
        return "", content
    plan, _, text = content.removeprefix(OPEN).partition(CLOSE)
    return plan.strip(), text.lstrip("\n")


def row_texts(
    template: ChatTemplate, messages: Sequence[Message], think: ThinkMode | None
) -> tuple[str, str]:
    """Where generation begins, a row falls into what is given and what is learnt.

    The two are to be tokenised apart, as they are when the model is served: the prompt before
    it writes, its own tokens one by one.

    Args:
        template: The base model's chat template.
        messages: The prompt's messages and, last, the assistant's, as `with_plan` makes it.
        think: What rows have in a think block; of no consequence for a template without one.

    Returns:
        The prompt, equal to the one that a server renders for the messages but the last, and
        the completion, with the template's end of turn.

    Raises:
        ConfigError: The template does not end its prompt where it begins its answers.
    """
    *asked, answer = messages
    plan, text = split_plan(answer.content)
    fields = template.serving(think)
    prompt = template.render(asked, add_generation_prompt=True, **fields)
    spoken = (*asked, Message(role="assistant", content=text))
    whole = template.render(spoken, add_generation_prompt=False, **fields)
    if _opened(prompt):
        # The tag's line is already broken, so that another line break would join its token.
        return prompt, f"{_line(plan)}{CLOSE}\n\n{text}{_ending(whole, text)}"
    if template.think_block == "optional" and think == "beats":
        return prompt, f"{OPEN}\n{_line(plan) or chr(10)}{CLOSE}\n\n{text}{_ending(whole, text)}"
    if not whole.startswith(prompt):
        raise ConfigError(
            "The chat template renders an answered conversation otherwise than the question "
            f"before it: the prompt ends {prompt[-40:]!r}, which the conversation lacks.",
            fix=_FIX,
        )
    return prompt, whole[len(prompt) :]


def _ending(whole: str, text: str) -> str:
    """What a template puts after an answer."""
    before, found, after = whole.rpartition(text.strip())
    if not found or not before:
        raise ConfigError("The chat template loses a part of the assistant's answer.", fix=_FIX)
    return after


def _line(plan: str) -> str:
    return f"{plan}\n" if plan else ""


def _opened(prompt: str) -> bool:
    return prompt.rstrip().endswith(OPEN)


def _folded(messages: Sequence[Message]) -> list[Message]:
    if len(messages) < 2 or messages[0].role != "system":
        return list(messages)
    joined = f"{messages[0].content}\n{messages[1].content}"
    return [messages[1].model_copy(update={"content": joined}), *messages[2:]]


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _to_json(value: Any, indent: int | None = None, **_options: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


class _Generation(jinja2.ext.Extension):
    """The tag that marks what an assistant wrote; it changes nothing in the text."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it so

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node | list[jinja2.nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)
