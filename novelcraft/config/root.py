"""The root of all settings: the sections together, and how the cheap role leans on reasoning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from novelcraft.config.prep import PrepSettings
from novelcraft.config.settings import (
    BOUND_TO_MODEL,
    BudgetSettings,
    NovelSettings,
    RoleSettings,
    Section,
    WriteSettings,
)

KeyPath = tuple[str, ...]


def _given(role: Any) -> dict[str, Any] | None:
    if isinstance(role, RoleSettings):
        return role.model_dump(exclude_unset=True)
    return role if isinstance(role, dict) else None


class RolesSettings(Section):
    """The models, by what they do."""

    reasoning: RoleSettings = RoleSettings()
    """Plans the book, checks its continuity and keeps its facts."""
    narrator: RoleSettings = RoleSettings()
    """Writes the prose."""
    cheap: RoleSettings = RoleSettings()
    """Summarises. What is not set here is taken from `reasoning`; but once it names a model of
    its own, what describes a model (adapter, context, prices, think, sampling, extra) is not."""

    @model_validator(mode="before")
    @classmethod
    def _cheap_leans_on_reasoning(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        reasoning, cheap = _given(data.get("reasoning", {})), _given(data.get("cheap", {}))
        if reasoning is None or cheap is None:
            return data
        model = reasoning.get("model", RoleSettings.model_fields["model"].default)
        other_model = cheap.get("model", model) != model
        inherited = {
            key: value
            for key, value in reasoning.items()
            if key in RoleSettings.model_fields and not (other_model and key in BOUND_TO_MODEL)
        }
        return {**data, "cheap": {**inherited, **cheap}}


class Settings(BaseSettings):
    """Everything that can be set. Made by `novelcraft.config.load.load_settings`.

    Made directly, it takes what it is given and the defaults, and looks nowhere else.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, case_sensitive=True
    )

    novel: NovelSettings = NovelSettings()
    """The book."""
    write: WriteSettings = WriteSettings()
    """How the writing loop works."""
    budget: BudgetSettings = BudgetSettings()
    """Tokens of each part of the narrator's prompt; what is not set is the layout's. Only for
    people who know the context of their model."""
    prep: PrepSettings = PrepSettings()
    """How books become training rows."""
    roles: RolesSettings = RolesSettings()
    """The models, by what they do."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing on its own: the sources are named by whoever loads."""
        return (init_settings,)


@dataclass(frozen=True)
class Key:
    """One thing that can be set."""

    path: KeyPath
    """For example `("roles", "narrator", "model")`."""
    field: FieldInfo

    @property
    def table(self) -> str:
        """The TOML table that holds it, without brackets."""
        return ".".join(self.path[:-1])

    @property
    def name(self) -> str:
        """Its name in that table."""
        return self.path[-1]


def keys(model: type[BaseModel] = Settings, above: KeyPath = ()) -> Iterator[Key]:
    """All things that can be set below a section, in the order they are declared."""
    for name, field in model.model_fields.items():
        section = section_of(field)
        if section is None:
            yield Key((*above, name), field)
        else:
            yield from keys(section, (*above, name))


def tables() -> dict[KeyPath, list[Key]]:
    """All things that can be set, by the table that holds them. A table is there once, whole."""
    found: dict[KeyPath, list[Key]] = {}
    for key in keys():
        found.setdefault(key.path[:-1], []).append(key)
    return found


def section_of(field: FieldInfo) -> type[Section] | None:
    """The section that a field holds; None when it holds a value."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None
