"""What servers take, and how to use them, for a person."""

from __future__ import annotations

from collections.abc import Iterator

from novelcraft.graphs.server_status import WatchedServer
from novelcraft.graphs.serving import PreparedServers
from novelcraft.tools.serving.fitting import Share
from novelcraft.tools.serving.status import Load, ServerStatus


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


def status_lines(
    watched: WatchedServer, status: ServerStatus | None, before: ServerStatus | None
) -> Iterator[str]:
    """How a server is.

    Args:
        watched: The server, and for whom it is.
        status: What it says now; None for the embedded engine.
        before: What it said earlier, for its speed.
    """
    roles = ", ".join(watched.roles) or "no role"
    if status is None:
        model = next(iter(watched.roles.values())).name
        yield f"{roles}: {model} on this machine, loaded while something is written"
        return
    yield f"{roles}: {status.url}" + (f", process {watched.pid}" if watched.pid else "")
    if status.problem:
        yield f"  not well: {status.problem}"
        return
    models = [
        name + (f", context {context:,}" if context else "")
        for name, context in (status.models or {}).items()
    ]
    yield f"  well ({_FLAVOURS[status.flavour]}): {'; '.join(models[:3]) or 'it lists no models'}"
    yield from (f"  {line}" for line in _of_roles(watched, status))
    if status.adapters:
        yield f"  adapters: {', '.join(status.adapters)}"
    if status.load:
        yield f"  {_load_line(status.load, before.load if before else None)}"


_FLAVOURS = {"vllm": "vLLM", "llamacpp": "llama.cpp", "openai": "OpenAI's protocol"}


def _of_roles(watched: WatchedServer, status: ServerStatus) -> Iterator[str]:
    """What a role names that is not served."""
    served = {*(status.models or {}), *status.adapters}
    for role, given in watched.roles.items():
        if served and given.name not in served:
            yield f"{role} names {given.name}, which is not among them"


def _load_line(load: Load, before: Load | None) -> str:
    parts = []
    if before is not None:
        parts += [
            f"{speed:.0f} tokens/s {what}"
            for what, speed in (
                ("written", load.written_since(before)),
                ("read", load.read_since(before)),
            )
            if speed is not None
        ]
    shares = {"cache": load.cache_use, "prefix hits": load.prefix_hits}
    counts = {"running": load.running, "waiting": load.waiting}
    parts += [f"{count} {name}" for name, count in counts.items() if count is not None]
    parts += [f"{name} {share:.0%}" for name, share in shares.items() if share is not None]
    return ", ".join(parts)
