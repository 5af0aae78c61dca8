"""What a person can set, as checked models. Where the values come from is `config.load`.

A field is documented by the string beneath it; the same strings become the comments of the
`novel.toml` that `novelcraft new` writes.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator

from novelcraft.config.language import language_tag
from novelcraft.config.layouts import LayoutName

RoleName = Literal["reasoning", "narrator", "cheap"]
ROLES: tuple[RoleName, ...] = get_args(RoleName)

GateName = Literal["plan", "chapter", "scene"]
PresetName = Literal["auto", "small", "standard"]
Provider = Literal["embedded", "openai"]
HistoryName = Literal["full", "summary", "window"]

Positive = Annotated[int, Field(ge=1)]

_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_RANDOM = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}")
"""Letters and digits as nobody names a variable, and every key is made of."""

MIN_PAGES = 1
MAX_PAGES = 2_000


class Section(BaseModel):
    """Base of all sections: unknown keys are refused, values are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


BOUND_TO_MODEL = ("adapter", "context", "think", "sampling", "extra", "price_in", "price_out")
"""Fields that describe one model. They say nothing about another one on the same server."""


class RoleSettings(Section):
    """One model role: who serves it, and how it samples."""

    model: str = "embedded:auto"
    """`provider:model`. Providers: `embedded` (llama.cpp, run for you; `auto` takes the best
    model you have pulled) and `openai` (any server that speaks the OpenAI protocol)."""
    base_url: str = ""
    """URL of the server, for example http://127.0.0.1:8000/v1. Not used by `embedded`."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key. A local server needs none."""
    adapter: str = ""
    """A LoRA adapter: the name under which the server knows it, or its folder. The embedded engine
    takes a folder with an `adapter.gguf` in it, or that file. Empty: `house`, the house narrator,
    for the embedded SmolLM2 in its usual layout, else the bare model; `none`: always the bare."""
    context: int = Field(default=0, ge=0)
    """Context length in tokens; 0 asks the server."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds to wait for an answer, or between two tokens of a streamed one."""
    patience: float = Field(default=300.0, ge=0)
    """Seconds to keep asking a server that is busy, loading or failing; 0 gives up at once."""
    max_concurrency: int = Field(default=0, ge=0)
    """Calls in flight at once; 0 takes 1 for `embedded` and 8 for a server."""
    fallback: tuple[str, ...] = ()
    """Models to go on with, in this order, when the one before cannot be used: each
    `provider:model`, then for a server its URL, then the environment variable of its key, with
    blanks between, such as `openai:gpt-4o https://api.openai.com/v1 OPENAI_API_KEY`."""
    price_in: float = Field(default=0.0, ge=0)
    """What a million tokens of prompts cost, in your currency; caps on cost rest on it."""
    price_out: float = Field(default=0.0, ge=0)
    """What a million tokens of answers cost."""
    think: bool = True
    """Let a reasoning model think where its family can be told not to."""
    sampling: dict[str, Any] = Field(default_factory=dict)
    """Overrides of the model family's preset: temperature, top_p, min_p, ..."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request body, passed to the server as they are."""

    def cost(self, read: int, written: int) -> float:
        """What so many tokens of prompts and of answers cost."""
        return (read * self.price_in + written * self.price_out) / 1_000_000

    @field_validator("model")
    @classmethod
    def _provider_and_model(cls, value: str) -> str:
        provider, colon, name = value.partition(":")
        if not colon or not name.strip() or provider not in get_args(Provider):
            known = " or ".join(f"{p}:NAME" for p in get_args(Provider))
            raise ValueError(f"must be {known}, not {value!r}")
        return value

    @field_validator("api_key_env")
    @classmethod
    def _name_not_key(cls, value: str) -> str:
        if value and (not _VARIABLE.fullmatch(value) or _RANDOM.search(value)):
            raise ValueError("must be the name of an environment variable, not the key itself")
        return value

    @field_validator("fallback")
    @classmethod
    def _models_and_places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            model, *place = one.split() or [""]
            cls._provider_and_model(model)
            if len(place) > 2:
                raise ValueError(f"must be MODEL URL VARIABLE, not {one!r}")
            cls._name_not_key(place[1] if len(place) == 2 else "")
        return value

    @property
    def fallbacks(self) -> list[RoleSettings]:
        """The settings of the models to go on with: what describes one model is theirs alone."""
        found = []
        for one in self.fallback:
            model, *place = one.split()
            url, variable = (*place, "", "")[:2]
            described = {} if model == self.model else dict.fromkeys(BOUND_TO_MODEL)
            plain = {name: getattr(_PLAIN_ROLE, name) for name in described}
            changes = {"model": model, "base_url": url, "api_key_env": variable, "fallback": ()}
            found.append(self.model_copy(update=plain | changes))
        return found

    @property
    def provider(self) -> str:
        """The part before the colon."""
        return self.model.partition(":")[0]

    @property
    def name(self) -> str:
        """The part after the colon."""
        return self.model.partition(":")[2]


_PLAIN_ROLE = RoleSettings()


class NovelSettings(Section):
    """The book."""

    premise: str = ""
    """What the novel is about, in a sentence or a page."""
    pages: int = Field(default=100, ge=MIN_PAGES, le=MAX_PAGES)
    """Length of the book in pages."""
    words_per_page: int = Field(default=275, ge=50, le=1_000)
    """Words on a page; in Chinese and Japanese, whose characters are counted, 400 to 500."""
    chapters: int = Field(default=0, ge=0, le=500)
    """Number of chapters; 0 lets the planner's preset decide."""
    title: str = ""
    """Title; empty lets the planner choose."""
    author: str = "Novelcraft"
    """Name on the title page."""
    language: str = "en"
    """Language of the book, as a BCP 47 tag: `en`, `fr-CA`, `zh-Hant`."""
    style: str = ""
    """Wishes for tone and style, given to the planner."""
    ending: str = ""
    """How the book ends, kept word for word; empty lets the planner choose."""
    seed: int = Field(default=1, ge=0)
    """The same seed and the same answers of the server give the same novel."""

    @field_validator("language")
    @classmethod
    def _tag(cls, value: str) -> str:
        return language_tag(value)

    @property
    def target_words(self) -> int:
        """Words that the whole book should have."""
        return self.pages * self.words_per_page


class WriteSettings(Section):
    """How the writing loop works."""

    preset: PresetName = "auto"
    """`small` for models under about 3 billion parameters, `standard` above; `auto` decides by
    the narrator's model."""
    attempts: int = Field(default=3, ge=1, le=20)
    """Drafts of a scene before the best one is kept as it is, if it is a scene at all."""
    stop_after_capped: int = Field(default=3, ge=0)
    """Stop when so many scenes in a row were kept although their checks failed; 0: never stop for
    that."""
    attend: tuple[GateName, ...] = ()
    """Where to stop for a person: any of plan, chapter, scene. Empty: never."""
    layout: Literal["auto", LayoutName] = "auto"
    """How the narrator is asked: `standard`, `small` or `lean`, see the guide to preparation.
    `auto` takes that of the adapter's card, and without an adapter the preset's."""
    history: Literal["auto", HistoryName] = "auto"
    """What of the story so far the narrator is given, in the context that layout and scene leave:
    `full`, the whole story; `summary`, the rolling summary and the last chapters; `window`, the
    summary, more key facts and the last scenes. `auto` takes the first of them that fits; with an
    adapter, or the small preset, the layout as it is."""
    allow_other_layout: bool = False
    """Write with an adapter in another layout than the one it was trained on."""
    scene_words: int = Field(default=0, ge=0, le=10_000)
    """Words of a scene; 0 takes the layout's."""
    most_tokens: int = Field(default=0, ge=0)
    """Stop before a novel takes more tokens than these, of prompts and answers, over all its runs;
    0: no limit."""
    most_cost: float = Field(default=0.0, ge=0)
    """Stop before a novel costs more than this, by the roles' prices; 0: no limit."""
    replan: bool = True
    """Revise the coming scenes at each chapter's end by what was really written."""
    continuity_blocks: bool = False
    """Let the continuity agent's findings call for a redraft, not only warn."""
    embedding: Literal["minilm", "hash"] = "minilm"
    """How passages are found again: by meaning (`minilm`), or by shared words alone (`hash`)."""
    registry: str = "adapters"
    """The folder in which to look for the cards of adapters, which say what the gate found."""
    allow_failed_adapter: bool = False
    """Write with an adapter that failed the gate: it repeats the books it was trained on."""


Tokens = Annotated[int | None, Field(ge=0)]


class BudgetSettings(Section):
    """Tokens of each part of the narrator's prompt; what is not set is the layout's."""

    system: Tokens = None
    """The narrator's standing instructions."""
    world: Tokens = None
    """The constitution of the book."""
    summary: Tokens = None
    """The story so far."""
    canon: Tokens = None
    """Facts and passages that were looked up for the scene; 0 leaves them out."""
    tail: Tokens = None
    """The last words of the scene before; 0 leaves them out."""
    brief: Tokens = None
    """What the scene must do."""
    cautions: Tokens = None
    """Room for your note to a scene that is drawn again."""
    scene: Tokens = None
    """The longest scene."""
