"""What servers take, and how to use them, for a person."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.graphs.serving import PreparedServers
from novelcraft.tools.serving.planning import Share


def memory_lines(prepared: PreparedServers) -> Iterator[str]:
    """How the servers share the machine's memory."""
    fit = prepared.fit
    for share in fit.shares:
        yield f"{share.plan.title} at {share.plan.url}: {_parts(share)}"
        for adapter in share.plan.adapters:
            yield f"  with the adapter {adapter.name} (rank {adapter.rank}, {adapter.folder})"
    total = sum(share.total for share in fit.shares)
    yield (
        f"Together {_gb(total)} of the {_gb(fit.usable)} that servers may take of {fit.device} "
        f"({_gb(fit.memory)})."
    )


def settings_lines(prepared: PreparedServers) -> Iterator[str]:
    """What points the roles at the servers, as it can be pasted into a shell."""
    for command in prepared.commands:
        plan = command.plan
        for role in plan.roles:
            name = role.upper()
            yield f"export {name}=openai:{plan.entry.name} {name}_BASE_URL={plan.url}"
            if role == "narrator" and plan.adapters:
                yield f"export {name}_ADAPTER={plan.adapters[0].name}"


def _parts(share: Share) -> str:
    tokens = (share.cache - share.states) // share.token
    parts = [f"weights {_gb(share.weights)}", f"working memory {_gb(share.working)}"]
    if share.adapters:
        parts.insert(1, f"adapters {_gb(share.adapters)}")
    context = share.plan.context or share.plan.entry.max_context
    parts.append(
        f"cache {_gb(share.cache)} for {tokens:,} tokens of {share.token:,} bytes, "
        f"{tokens / max(context, 1):.1f} calls of {context:,}"
    )
    return ", ".join(parts)


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
