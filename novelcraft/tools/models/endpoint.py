"""A role's settings, made good on a server: which model answers, and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from novelcraft.config.settings import RoleName, RoleSettings
from novelcraft.errors import ConfigError
from novelcraft.tools.models.adapters import ServedAdapter, find_served
from novelcraft.tools.models.faults import Asked, model_not_served
from novelcraft.tools.models.learned import Learned
from novelcraft.tools.models.patience import Patience
from novelcraft.tools.models.presets import Family, Task, family_of
from novelcraft.tools.models.profile import Profile
from novelcraft.tools.models.server import Server
from novelcraft.tools.models.wire import Flavour, check_sampling, sampling_fields, unheeded

THINK_TOKENS = 4_096
"""What a think block may take on top of the tokens that an answer is given."""


@dataclass(frozen=True)
class Endpoint:
    """Where the calls of one role go."""

    role: RoleName
    model: str
    """Name of the model, as the settings and the server know it."""
    adapter: str
    """The LoRA adapter, as the settings name it; empty for the bare model."""
    context: int
    """Context length in tokens; 0 when neither the server nor the settings tell it."""
    settings: RoleSettings
    server: Server
    profile: Profile
    family: Family
    learned: Learned = field(default_factory=Learned)
    """What the model's own answers told about it."""
    served: ServedAdapter | None = None
    """The adapter, as the server knows it."""
    chosen: dict[str, Any] = field(default_factory=dict)
    """The person's own sampling, under our names."""

    @property
    def flavour(self) -> Flavour:
        """Whose extensions of the protocol the server speaks."""
        return self.profile.flavour

    @property
    def supports_prefill(self) -> bool:
        """Whether the server carries on a completion that it is given."""
        return self.flavour != "openai"

    @property
    def wire_model(self) -> str:
        """The name that a request names: but for llama.cpp, an adapter is a model of its own."""
        return self.served.name if self.served and self.flavour != "llamacpp" else self.model

    @property
    def thinks(self) -> bool:
        """Whether the model writes a think block before it answers."""
        return self.meant_to_think or (self.family.thinking != "optional" and self.learned.thinks)

    @property
    def meant_to_think(self) -> bool:
        """Whether the model is known to think before it was asked anything."""
        if self.family.thinking == "optional":
            return self.settings.think
        return self.family.thinking == "always"

    @property
    def compact_json(self) -> bool:
        """Whether answers under a schema come without blanks; see `wire.schema_fields`."""
        return self.server.embedded and not self.thinks

    def sampling(self, task: Task, wanted: dict[str, Any]) -> dict[str, Any]:
        """Sampling for a task, under the server's names.

        Args:
            task: Prose, or an answer under a schema.
            wanted: What this one request wants otherwise.
        """
        preset = self.family.sampling(task, thinks=self.thinks)
        chosen = {**self.chosen, **check_sampling(self.role, wanted)}
        return sampling_fields(self.flavour, preset, chosen)

    def template_fields(self, *, carried_on: bool) -> dict[str, Any]:
        """What tells the chat template whether to think."""
        if self.family.thinking != "optional" or self.flavour == "openai":
            return {}
        return {"chat_template_kwargs": {"enable_thinking": self.thinks and not carried_on}}

    def adapter_fields(self) -> dict[str, Any]:
        """The whole list of adapters, of which llama.cpp must be told every time.

        A request that leaves it out is answered from what another adapter left in the cache.
        """
        count = len(self.profile.adapters)
        if not count:
            return {}
        active = self.served.index if self.served else None
        return {"lora": [{"id": i, "scale": float(i == active)} for i in range(count)]}

    @property
    def asked(self) -> Asked:
        """Who asks whom, for the errors."""
        return Asked(
            role=self.role,
            url=self.server.url,
            model=self.wire_model,
            key_variable=self.settings.api_key_env,
            key_given=bool(self.server.key),
            timeout=self.settings.timeout,
            context=self.learned.context,
            served=tuple(model.id for model in self.profile.models),
        )


async def connect(
    role: RoleName, settings: RoleSettings, server: Server, name: str, patience: Patience
) -> Endpoint:
    """Ask a server for what a role needs of it.

    Args:
        role: The role.
        settings: Its settings.
        server: The server, which roles may share.
        name: Name of the model, with `auto` resolved.
        patience: How long the server is asked again.

    Raises:
        ConfigError: The role's sampling names something unknown, or what the server ignores.
        EngineError, ServerUnreachableError, AuthenticationError, ServerFaultError: The server
            cannot be used.
        ModelNotServedError: It does not have the model or the adapter.
    """
    chosen = check_sampling(role, settings.sampling)
    profile = await server.probe(role, settings.api_key_env, patience)
    _require_heeded(role, profile.flavour, chosen, server, patience)
    served = profile.find(name)
    if served is None:
        ids = [model.id for model in profile.models]
        raise model_not_served(role, server.url, name, ids)
    adapter = find_served(profile, settings.adapter) if settings.adapter else None
    if settings.adapter and adapter is None:
        listed = profile.adapters or tuple(model.id for model in profile.models)
        raise model_not_served(role, server.url, settings.adapter, listed, what="adapter")
    context = min(filter(None, (settings.context, served.context)), default=0)
    return Endpoint(
        role=role,
        model=served.id,
        adapter=settings.adapter,
        context=context,
        settings=settings,
        server=server,
        profile=profile,
        family=family_of(served.id),
        learned=Learned(context=context),
        served=adapter,
        chosen=chosen,
    )


def _require_heeded(
    role: str, flavour: Flavour, chosen: dict[str, Any], server: Server, patience: Patience
) -> None:
    """Refuse sampling that vLLM would ignore in silence; name it where nobody knows."""
    names = ", ".join(unheeded(flavour, chosen))
    if names and flavour == "vllm":
        raise ConfigError(
            f"[roles.{role}] sampling has {names}, which the vLLM at {server.url} would ignore in "
            "silence.",
            fix="Leave that out, or serve the model with llama.cpp.",
        )
    if names:
        patience.tell(
            f"[roles.{role}] sampling has {names}. Whether {server.url} heeds that, nobody knows: "
            "it speaks neither vLLM's nor llama.cpp's protocol."
        )
