"""The base model's tokenizer and chat template, wherever they can be had.

Lengths of rows are exact only when the tokens are those of the model that is trained. Without a
base model the embedded model's tokens are counted, and whoever shows such a number says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from novelcraft.config.prep import ThinkMode
from novelcraft.errors import ConfigError, ModelDownloadError
from novelcraft.state.calls import Message
from novelcraft.tools.books.rows.chat_template import CHATML, ChatTemplate, row_texts
from novelcraft.tools.models.embedded.fetch import Notify, quiet
from novelcraft.tools.models.embedded.library import AUTO, ModelLibrary
from novelcraft.tools.models.embedded.vocabulary import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    tokenizer_folder,
)
from novelcraft.tools.models.thinking import CLOSE, OPEN

if TYPE_CHECKING:
    from tokenizers import AddedToken, Tokenizer

TEMPLATE_FILE = "chat_template.jinja"
SPECIALS_FILE = "special_tokens_map.json"
_HUB_FILES = (TOKENIZER_FILE, CONFIG_FILE, TEMPLATE_FILE, SPECIALS_FILE)

_MARK, _ALIAS = "\U0010fffe", "\U0010ffff"
"""Noncharacters: no text has them."""
_NO_MARKS = str.maketrans("", "", _MARK + _ALIAS)

Snapshot = Callable[[str], Path]
"""Gives a folder with the tokenizer's files of a repository on the hub."""


@dataclass(frozen=True)
class BaseTokenizer:
    """A tokenizer, and the chat template that comes with it."""

    name: str
    """The model that it belongs to, as it was named."""
    exact: bool
    """Whether it is the base model's own; otherwise its counts are approximate."""
    template: ChatTemplate | None
    """None for a model that is not made for conversations."""
    fingerprint: str
    """SHA-256 of its `tokenizer.json`, 64 hex digits."""
    tokenizer: Tokenizer

    def encode(self, rendered: str) -> list[int]:
        """The tokens of what a chat template rendered. None is added around it."""
        return list(self.tokenizer.encode(rendered, add_special_tokens=False).ids)

    def count(self, text: str) -> int:
        """How many tokens a text has, in which control tokens are spelled as any other word."""
        return len(self._encode_marked(self._marked(text)))

    def encode_row(
        self, messages: Sequence[Message], think: ThinkMode | None
    ) -> tuple[list[int], list[int]]:
        """The tokens of a row's prompt and of its completion, see `row_texts`.

        The two are tokenised apart, as they are when the model is served. The control tokens of
        the template are such; what is spelled alike in a message, as `<|im_end|>` in a scene that
        speaks of it, is text.

        Args:
            messages: The prompt's messages and, last, the assistant's.
            think: What rows have in a think block.

        Raises:
            ConfigError: The chat template cannot render the row.
        """
        marked = [m.model_copy(update={"content": self._marked(m.content)}) for m in messages]
        prompt, completion = row_texts(self.template or CHATML, marked, think)
        return self._encode_marked(prompt), self._encode_marked(completion)

    def _marked(self, text: str) -> str:
        """A text in which each spelled control token is broken by a mark after its first letter."""
        plain = text.translate(_NO_MARKS)
        if not self._control or not self._control.search(plain):
            return plain
        begins = re.compile(f"(?={self._control.pattern}).", re.DOTALL)
        return begins.sub(rf"\g<0>{_MARK}", plain)

    def _encode_marked(self, rendered: str) -> list[int]:
        if not self._control or _MARK not in rendered:
            return self.encode(rendered)
        spelling, aliases = self._spelling
        whole = self._control.sub(lambda token: _alias(token.group()), rendered)
        tokens = spelling.encode(whole.replace(_MARK, ""), add_special_tokens=False).ids
        return [aliases.get(token, token) for token in tokens]

    @property
    def control_tokens(self) -> dict[int, AddedToken]:
        """The special tokens by their numbers; prose has none of them.

        Those around a think block are none: the assistant's message has them on purpose.
        """
        added = self.tokenizer.get_added_tokens_decoder()
        return {n: t for n, t in added.items() if t.special and t.content not in (OPEN, CLOSE)}

    @cached_property
    def _control(self) -> re.Pattern[str] | None:
        """Finds control tokens, the longest first; None for a tokenizer without any."""
        written = sorted((t.content for t in self.control_tokens.values()), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, written))) if written else None

    @cached_property
    def _spelling(self) -> tuple[Tokenizer, dict[int, int]]:
        """A tokenizer that spells control tokens and knows them by aliases, and what those are."""
        from tokenizers import AddedToken

        spelling = type(self.tokenizer).from_str(self.tokenizer.to_str())
        spelling.encode_special_tokens = True
        spelling.add_tokens(
            [
                AddedToken(
                    _alias(token.content),
                    lstrip=token.lstrip,
                    rstrip=token.rstrip,
                    normalized=token.normalized,
                )
                for token in self.control_tokens.values()
            ]
        )
        vocabulary = spelling.get_vocab(with_added_tokens=True)
        return spelling, {
            vocabulary[_alias(token.content)]: number
            for number, token in self.control_tokens.items()
        }


def _alias(token: str) -> str:
    return f"{_ALIAS}{token.encode().hex()}{_ALIAS}"


def open_tokenizer(
    base: str | None,
    *,
    library: ModelLibrary | None = None,
    snapshot: Snapshot | None = None,
    notify: Notify = quiet,
) -> BaseTokenizer:
    """The tokenizer of a base model.

    Args:
        base: A model's folder, or `owner/name` on the Hugging Face hub; empty or None for the
            embedded model's.
        library: The embedded models; None takes this user's.
        snapshot: Gets a tokenizer from the hub; None takes the hub's own client.
        notify: Is told when the embedded model has to be fetched first.

    Raises:
        ConfigError: The folder is none, or holds no tokenizer that can be read.
        ModelDownloadError: The hub cannot be reached, or has no such model.
    """
    if not base:
        model = (library or ModelLibrary()).ensure(AUTO, notify=notify)
        return open_folder(tokenizer_folder(model.path), name=model.name, exact=False)
    check_base(base)
    folder = Path(base).expanduser()
    if folder.exists():
        return _open_path(folder, base)
    return open_folder((snapshot or _from_hub)(base), name=base)


def check_base(base: str) -> None:
    """See that a base model is a folder, or could be a name on the hub; empty is the embedded one.

    Raises:
        ConfigError: It is neither.
    """
    parts = base.split("/")
    could_be_name = len(parts) == 2 and all(parts) and not base.startswith((".", "~"))
    if base and not could_be_name and not Path(base).expanduser().exists():
        raise ConfigError(
            f"The base model {base!r} is neither a folder that exists nor a name on the hub.",
            fix="Give the folder with the model's tokenizer.json, or owner/name.",
        )


def _open_path(path: Path, base: str) -> BaseTokenizer:
    if path.is_file() and path.suffix == ".gguf":
        return open_folder(tokenizer_folder(path), name=base)
    return open_folder(path, name=base)


def open_folder(folder: Path, *, name: str, exact: bool = True) -> BaseTokenizer:
    """The tokenizer in a model's folder.

    Raises:
        ConfigError: There is none, or it cannot be read.
    """
    from tokenizers import Tokenizer

    file = folder / TOKENIZER_FILE
    if not file.is_file():
        raise ConfigError(
            f"The base model {name} has no {TOKENIZER_FILE} in {folder}.",
            fix="Give the folder of the base model, with its tokenizer in the fast format; "
            "transformers' save_pretrained writes one.",
        )
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:
        # The library raises bare Exceptions.
        raise ConfigError(
            f"{file} is no tokenizer that can be read: {error}", fix="Download the file again."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    fingerprint = hashlib.sha256(file.read_bytes()).hexdigest()
    return BaseTokenizer(name, exact, _template(folder), fingerprint, tokenizer)


def _template(folder: Path) -> ChatTemplate | None:
    config = _json(folder / CONFIG_FILE)
    specials = {**_tokens(_json(folder / SPECIALS_FILE)), **_tokens(config)}
    file = folder / TEMPLATE_FILE
    if file.is_file():
        return ChatTemplate(file.read_text(encoding="utf-8"), specials)
    given = config.get("chat_template")
    if isinstance(given, list):
        given = next((one["template"] for one in given if one.get("name") == "default"), None)
    return ChatTemplate(given, specials) if given else None


def _json(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(
            f"{file} is no JSON that can be read: {error}", fix="Download the file again."
        ) from error
    return read if isinstance(read, dict) else {}


def _tokens(config: Mapping[str, Any]) -> dict[str, str]:
    """The special tokens that a file names, each written as a text or with its properties."""
    named = {key: value for key, value in config.items() if key.endswith("_token")}
    plain = {k: v.get("content") if isinstance(v, dict) else v for k, v in named.items()}
    return {key: value for key, value in plain.items() if isinstance(value, str)}


def _from_hub(repo: str) -> Path:
    fix = "Check the name and the network, or give the folder of the base model."
    try:
        import huggingface_hub
    except ImportError as error:
        raise ModelDownloadError(
            f"{repo} is on the Hugging Face hub, and its client is not installed.",
            fix="Run `pip install huggingface_hub`, or give the folder of the base model.",
        ) from error
    try:
        return Path(huggingface_hub.snapshot_download(repo, allow_patterns=list(_HUB_FILES)))
    except Exception as error:
        # The client's own faults are of many kinds, and all of them mean that it is not here.
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelDownloadError(
            f"The tokenizer of {repo} could not be fetched from the hub: {said[0]}", fix=fix
        ) from error
