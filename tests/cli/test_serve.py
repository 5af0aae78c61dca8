"""`novelcraft serve`, as far as it starts nothing."""

from __future__ import annotations

import shlex

import pytest

from tests.cli.conftest import Run


def test_a_dry_run_prints_commands_and_what_points_the_roles_at_them(run: Run) -> None:
    told = run("serve", "--preset", "rtx-5090", "--dry-run")
    assert told.code == 0
    reasoning, narrator, *settings = told.out.splitlines()
    assert " serve Qwen/Qwen2.5-14B-Instruct-AWQ " in reasoning
    assert " serve hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4 " in narrator
    assert "VLLM_NO_USAGE_STATS=1" in shlex.split(reasoning)
    assert settings == [
        "export REASONING=openai:qwen2.5-14b-instruct-awq "
        "REASONING_BASE_URL=http://127.0.0.1:8150/v1",
        "export NARRATOR=openai:llama-3.1-8b-instruct-awq "
        "NARRATOR_BASE_URL=http://127.0.0.1:8151/v1",
    ]
    assert "Together" in told.err


def test_one_role_with_another_model(run: Run) -> None:
    told = run(
        "serve",
        "narrator",
        "--preset",
        "rtx-4090",
        "--dry-run",
        "--model",
        "narrator=qwen2.5-7b-instruct",
    )
    assert told.code == 0
    assert "Qwen/Qwen2.5-7B-Instruct " in told.out
    assert "--port 8151" in told.out
    assert "REASONING" not in told.out


def test_what_does_not_fit_ends_with_a_code_of_its_own(run: Run) -> None:
    told = run("serve", "--preset", "rtx-4090", "--model", "all=qwen3-32b", "--dry-run")
    assert told.code == 17
    assert "It does not fit" in told.err
    assert "Any of these would do" in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["cheap"], 2, "none of reasoning, narrator and all"),
        (["--model", "qwen3-32b"], 2, "not ROLE=MODEL"),
        (["--preset", "rtx5090"], 11, "no preset"),
        (["--preset", "cpu", "--adapter", "nowhere"], 11, "no adapter 'nowhere'"),
    ],
)
def test_a_wish_that_cannot_be(run: Run, arguments: list[str], code: int, told: str) -> None:
    said = run("serve", *arguments, "--dry-run")
    assert said.code == code
    assert told in said.err


def test_a_variable_that_vllm_would_pass_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_ATTENTION_BACKEND", "FLASH_ATTN")
    told = run("serve", "--preset", "cpu", "--dry-run")
    assert told.code == 11
    assert "--attention-backend" in told.err
