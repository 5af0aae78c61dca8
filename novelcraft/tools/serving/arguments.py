"""Whether vLLM takes a command: its flags, their values, and the environment variables it knows.

The list is made by `list_arguments.py` from the very package, so that a command can be checked
where there is no vLLM. vLLM itself only warns of a variable that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib.resources import files
from typing import Any, Literal

from novelcraft.errors import ConfigError
from novelcraft.state.base import Frozen

VERSION = "0.32.0"
"""The vLLM that `serve` installs, and that commands are checked for."""
PREFIX = "VLLM_"
ADAPTER_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What `--max-lora-rank` may be; a test holds it against the list."""


class FlagForm(Frozen):
    """What follows a flag."""

    takes: Literal["nothing", "one", "several"]
    choices: tuple[str, ...] = ()
    """Empty where any value may follow."""


class ArgumentList(Frozen):
    """What one version of vLLM takes."""

    version: str
    flags: dict[str, FlagForm]
    variables: frozenset[str]

    def check(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        """Check a command of `vllm serve`, without the model that it begins with.

        Raises:
            ConfigError: vLLM would refuse a flag or its value, or not know a variable.
        """
        for flag, values in _grouped(arguments):
            self._check_flag(flag, values)
        for name in environment:
            if name.startswith(PREFIX) and name not in self.variables:
                raise ConfigError(
                    f"{name} is no environment variable of vLLM {self.version}, which would pass "
                    "it over.",
                    fix=_instead(name, self.variables),
                )

    def _check_flag(self, flag: str, values: Sequence[str]) -> None:
        form = self.flags.get(flag)
        if form is None:
            raise ConfigError(
                f"{flag} is no flag of vLLM {self.version}.", fix=_instead(flag, self.flags)
            )
        wants = {"nothing": len(values) == 0, "one": len(values) == 1, "several": bool(values)}
        if not wants[form.takes]:
            raise ConfigError(
                f"{flag} takes {form.takes} value{'s' if form.takes == 'several' else ''}, not "
                f"{' '.join(values) or 'none'}.",
                fix="Correct it among the flags of your serving.toml.",
            )
        wrong = next((v for v in values if form.choices and v not in form.choices), None)
        if wrong is not None:
            raise ConfigError(
                f"{flag} cannot be {wrong!r}.", fix=f"Use one of: {', '.join(form.choices)}."
            )


def shipped_list() -> ArgumentList:
    """The list of the version that `serve` installs."""
    text = (files(__package__) / f"vllm-{VERSION}.json").read_text(encoding="utf-8")
    return ArgumentList.model_validate_json(text)


def flag_arguments(flags: Mapping[str, Any]) -> list[str]:
    """Flags as a TOML table has them, as arguments.

    `true` gives the flag alone and `false` its `--no-` form; a table becomes JSON.
    """
    import json

    arguments: list[str] = []
    for name, value in flags.items():
        if isinstance(value, bool):
            arguments.append(f"--{name}" if value else f"--no-{name}")
        elif isinstance(value, Mapping):
            arguments += [f"--{name}", json.dumps(value)]
        elif isinstance(value, list):
            arguments += [f"--{name}", *map(str, value)]
        else:
            arguments += [f"--{name}", str(value)]
    return arguments


def allowed_rank(rank: int) -> int:
    """The least `--max-lora-rank` that an adapter's rank fits in.

    Raises:
        ConfigError: It fits in none.
    """
    found = next((allowed for allowed in ADAPTER_RANKS if allowed >= rank), None)
    if found is None:
        raise ConfigError(
            f"An adapter of rank {rank} cannot be served: vLLM {VERSION} takes at most "
            f"{ADAPTER_RANKS[-1]}.",
            fix="Merge it into its base: novelcraft adapter merge.",
        )
    return found


def _grouped(arguments: Sequence[str]) -> list[tuple[str, list[str]]]:
    grouped: list[tuple[str, list[str]]] = []
    for argument in arguments:
        if argument.startswith("--"):
            flag, equals, value = argument.partition("=")
            grouped.append((flag, [value] if equals else []))
        elif grouped:
            grouped[-1][1].append(argument)
    return grouped


_GONE = {
    "VLLM_ATTENTION_BACKEND": "Use the flag --attention-backend.",
    "VLLM_USE_TRTLLM_ATTENTION": "Use the flag --attention-backend FLASHINFER.",
    "VLLM_USE_FLASHINFER_MOE_FP8": "Use the flag --moe-backend.",
    "VLLM_USE_FLASHINFER_MOE_FP4": "Use the flag --moe-backend.",
    "VLLM_FLASHINFER_MOE_BACKEND": "Use the flag --moe-backend.",
}
"""Names of earlier versions that recipes still name, and what took their place."""


def _instead(name: str, known: Mapping[str, Any] | frozenset[str]) -> str:
    if name in _GONE:
        return _GONE[name]
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"Did you mean {near[0]}? Else leave it out." if near else "Leave it out."
