from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novelcraft.config.prep import PrepSettings, RowBudget
from novelcraft.config.settings import RoleSettings
from novelcraft.prompts.narrator import NarratorInput, assemble, tail_of
from novelcraft.state.calls import Message
from novelcraft.state.rows import TrainingRow
from novelcraft.tools.books.rows.chat_template import ChatTemplate, row_texts, split_plan
from novelcraft.tools.books.rows.compile import canon_notes, compile_rows, template_of
from novelcraft.tools.books.rows.tokenizers import BaseTokenizer
from novelcraft.tools.books.rows.variety import Draws
from novelcraft.tools.models.endpoint import Endpoint
from novelcraft.tools.models.presets import family_of
from novelcraft.tools.models.profile import Profile
from novelcraft.tools.models.server import Server
from novelcraft.tools.models.wire import wire_messages
from tests.tools.books.bases import TEMPLATES, base
from tests.tools.books.rowbooks import book, prose

LEAN = PrepSettings(layout="lean")
ROOMY = PrepSettings(
    layout="lean",
    budget=RowBudget(canon=200, tail=200, brief=100, spare=50),
    max_row_tokens=5_000,
    scene_high=3_000,
    seed=2,  # by which the second row has all its parts
)


def endpoint(model: str, *, think: bool) -> Endpoint:
    return Endpoint(
        role="narrator",
        model=model,
        adapter="",
        context=0,
        settings=RoleSettings(model=f"openai:{model}", think=think),
        server=Server("http://127.0.0.1:9", "", 1),
        profile=Profile(flavour="vllm", models=(), adapters=()),
        family=family_of(model),
    )


def served(row: TrainingRow, tokenizer: BaseTokenizer, fields: dict[str, Any]) -> list[int]:
    """The tokens that a server makes of the narrator's request."""
    wired = wire_messages(row.messages[:-1], "")
    assert [m["role"] for m in wired] == ["system", "user"]
    options = fields.get("chat_template_kwargs", {})
    text = template_of(tokenizer).render(row.messages[:-1], add_generation_prompt=True, **options)
    return tokenizer.encode(text)


@pytest.mark.parametrize("think", ["empty", "beats"])
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("qwen3", "Qwen/Qwen3-8B"),
        ("qwen3-thinking", "Qwen/Qwen3-4B-Thinking-2507"),
        ("qwen3-instruct", "Qwen/Qwen3-4B-Instruct-2507"),
        ("llama-3.1", "meta-llama/Llama-3.1-8B-Instruct"),
        ("mistral", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("chatml", "someone/merge-12b"),
        ("smollm2", "HuggingFaceTB/SmolLM2-135M-Instruct"),
    ],
)
def test_row_prompts_are_inference_prompts_token_for_token(
    name: str, model: str, think: Any
) -> None:
    tokenizer = base(name)
    chosen = ROOMY.model_copy(update={"think": think})
    volume = book()
    asks = endpoint(model, think=think == "beats").template_fields(carried_on=False)
    made = compile_rows(volume, chosen, tokenizer)
    assert len(made.rows) == len(volume.scenes)
    before = ""
    for row, scene in zip(made.rows, volume.scenes, strict=True):
        draws = Draws(chosen.seed, row.row_id)
        asked = assemble(
            NarratorInput(
                world=volume.meta.world_context,
                summary=scene.recursive_summary,
                notes=canon_notes(volume, scene) if draws.canon else (),
                tail=tail_of(before) if draws.tail else "",
                brief=tuple(scene.instruction.splitlines()),
                constraints=draws.cautions(scene.text, "Anna"),
            ),
            chosen.row_layout,
            tokenizer.count,
        )
        assert row.messages[:-1] == asked.messages
        assert row.prompt_hash == asked.hash
        prompt, completion = row_texts(
            template_of(tokenizer), row.messages, think if "qwen3" in name else None
        )
        assert tokenizer.encode(prompt) == served(row, tokenizer, asks)
        assert row.prompt_tokens == len(tokenizer.encode(prompt))
        assert row.completion_tokens == len(tokenizer.encode(completion))
        assert row.tokens == len(tokenizer.encode(prompt + completion))
        before = scene.text


def test_a_row_has_the_whole_scene_and_all_context_that_fits() -> None:
    made = compile_rows(book(), LEAN, base())
    assert (made.trims, made.skipped) == ((), ())
    first = made.rows[0]
    assert first.row_id == "the-light/ch01-s01"
    assert [m.role for m in first.messages] == ["system", "user", "assistant"]
    assert first.messages[2].content == book().scenes[0].text.strip()
    assert first.messages[1].content.endswith("It happens here: the tower; night.")
    assert "is unsigned" not in made.rows[1].messages[1].content
    assert "The scene before" not in first.messages[1].content


def test_notes_and_tail_come_with_their_budgets() -> None:
    second = compile_rows(book(), ROOMY, base()).rows[1].messages[1].content
    assert "- Anna: The letter 11 is unsigned.\n- The tower: It has 11 steps." in second
    assert tail_of(book().scenes[0].text)[-60:].strip() in second


def test_parts_that_are_too_long_lose_whole_sentences_and_say_so() -> None:
    made = compile_rows(book(world=600, summary=500), LEAN, base())
    assert {(t.section, t.because) for t in made.trims} == {
        ("world", "section"),
        ("summary", "section"),
    }
    for row in made.rows:
        own = [t.tokens for t in made.trims if t.row_id == row.row_id]
        assert row.trimmed == sum(own) > 200
        assert row.messages[1].content.count("harbour and nobody knew why.\n") >= 2


@pytest.mark.parametrize(
    ("scene", "lost"),
    [
        (3_250, ["tail"]),
        (3_500, ["tail", "canon", "summary"]),
        (3_900, ["tail", "canon", "summary", "world"]),
    ],
)
def test_a_row_that_is_too_long_loses_context_in_order(scene: int, lost: list[str]) -> None:
    # The scenes are longer than the settings say, as an old or a hand-made file's may be.
    chosen = ROOMY.model_copy(update={"max_row_tokens": 4_500})
    with_notes = book(((2_000, scene),))
    made = compile_rows(with_notes, chosen, base())
    (trims,) = [[t for t in made.trims if t.row_id.endswith("s02") and t.because == "row"]]
    assert [t.section for t in trims] == lost
    row = made.rows[1]
    assert row.tokens <= 4_500
    assert row.messages[-1].content == with_notes.scenes[1].text.strip()
    assert row.trimmed == sum(t.tokens for t in trims)


def test_a_scene_that_cannot_fit_is_named_and_the_others_are_kept() -> None:
    made = compile_rows(book(((2_000, 4_300), (2_500,))), LEAN, base())
    (skipped,) = made.skipped
    assert skipped.row_id == "the-light/ch01-s02"
    assert "a row may have 4096" in skipped.reason
    assert [r.scene_id for r in made.rows] == ["ch01-s01", "ch02-s01"]


def test_the_first_line_of_a_brief_always_stays() -> None:
    line = "Anna reads the letter and hides it from everybody in the tower, " * 8
    made = compile_rows(book(instruction=f"{line}\nMore.\nAnd more."), LEAN, base())
    assert all(line.strip() in row.messages[1].content for row in made.rows)
    assert {t.section for t in made.trims} == {"brief"}


def test_an_empty_scene_is_no_row() -> None:
    volume = book(((2_000,),))
    empty = volume.scenes[0].model_copy(update={"text": "\n\n", "scene_id": "ch01-s02"})
    volume = volume.model_copy(update={"scenes": (*volume.scenes, empty)})
    made = compile_rows(volume, LEAN, base())
    assert [s.row_id for s in made.skipped] == ["the-light/ch01-s02"]


@pytest.mark.parametrize("name", ["qwen3", "qwen3-thinking", "qwen3.5"])
def test_beats_are_thought_before_the_scene(name: str) -> None:
    made = compile_rows(book(), PrepSettings(think="beats"), base(name))
    for row, scene in zip(made.rows, book().scenes, strict=True):
        plan, text = split_plan(row.messages[-1].content)
        assert plan == "- She breaks the seal.\n- She reads it twice.\n- She burns the cover."
        assert text == scene.text.strip()
        assert row.tokens <= 4_096


def test_a_plan_keeps_to_its_budget() -> None:
    made = compile_rows(book(), PrepSettings(think="beats", beats=20), base("qwen3"))
    assert split_plan(made.rows[0].messages[-1].content)[0] == "- She breaks the seal."
    assert {t.section for t in made.trims} == {"plan"}


def test_nothing_is_thought_where_there_is_no_think_block() -> None:
    made = compile_rows(book(), PrepSettings(think="beats"), base("llama-3.1"))
    assert "<think>" not in made.rows[0].messages[-1].content


@given(
    scenes=st.lists(st.integers(1, 4_600), min_size=1, max_size=3),
    world=st.integers(0, 900),
    summary=st.integers(0, 900),
    brief=st.text(alphabet="ab \n.", max_size=900),
    name=st.sampled_from(sorted(TEMPLATES)),
    think=st.sampled_from(["empty", "beats"]),
    strategy=st.sampled_from(["sequential", "overlap25", "overlap50"]),
)
def test_no_row_is_longer_than_it_may_be_and_no_text_is_cut(
    scenes: list[int],
    world: int,
    summary: int,
    brief: str,
    name: str,
    think: Any,
    strategy: Any,
) -> None:
    volume = book((scenes,), world=world, summary=summary, instruction=brief)
    tokenizer = base(name)
    made = compile_rows(volume, PrepSettings(think=think, strategy=strategy), tokenizer)
    chapter = "".join(s.text for s in volume.scenes)
    for row in made.rows:
        prompt, completion = row_texts(
            template_of(tokenizer),
            row.messages,
            think if template_of(tokenizer).think_block != "none" else None,
        )
        assert len(tokenizer.encode(prompt + completion)) <= row.tokens <= 4_096
        assert split_plan(row.messages[-1].content)[1] in chapter
        assert row.trimmed == sum(t.tokens for t in made.trims if t.row_id == row.row_id)
    named = {r.row_id for r in made.rows} | {s.row_id for s in made.skipped}
    assert len(named) == len(made.rows) + len(made.skipped)
    if strategy == "sequential":
        assert len(named) == len(scenes)


def test_prose_is_as_long_as_it_is_said_to_be() -> None:
    assert 2_000 <= base().count(prose(2_000)) <= 2_100


CONTROLS = ("<|im_end|>", "<|eot_id|>", "</s>", "[/INST]", "<end_of_turn>")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_control_token_in_what_a_prompt_is_made_of_is_text_in_it(name: str) -> None:
    tokenizer = base(name)
    volume = book(((2_000, 2_000),), summary=0)
    plain, spelled = (
        volume.model_copy(update={"meta": volume.meta.model_copy(update={"world_context": world})})
        for world in ("Ada writes on the wall.", f"Ada writes {' '.join(CONTROLS)} on the wall.")
    )
    rows, odd = (compile_rows(one, ROOMY, tokenizer).rows for one in (plain, spelled))
    controls = {tokenizer.tokenizer.token_to_id(token) for token in CONTROLS}
    for row, other in zip(rows, odd, strict=True):
        tokens, changed = (tokenizer.encode_row(r.messages, None)[0] for r in (row, other))
        assert "<" in other.messages[1].content
        assert [t for t in changed if t in controls] == [t for t in tokens if t in controls]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_control_token_in_a_scene_is_spelled_in_its_row(name: str) -> None:
    tokenizer = base(name)
    volume = book(((2_000,),))
    (scene,) = volume.scenes
    spoken = f"“{'”, “'.join(CONTROLS)},” it said."
    odd = scene.model_copy(update={"text": f"{spoken}\n\n{scene.text}"})
    (row,) = compile_rows(volume, ROOMY, tokenizer).rows
    (spelled,) = compile_rows(volume.model_copy(update={"scenes": (odd,)}), ROOMY, tokenizer).rows
    (prompt, plain), (asked, changed) = (
        tokenizer.encode_row(r.messages, None) for r in (row, spelled)
    )
    assert asked == prompt
    assert [t for t in changed if t in tokenizer.control_tokens] == [
        t for t in plain if t in tokenizer.control_tokens
    ]
    assert spoken in tokenizer.tokenizer.decode(changed)
    assert spelled.completion_tokens == len(changed)
    assert tokenizer.count(CONTROLS[0]) > 1


def test_a_message_without_control_tokens_is_encoded_as_it_is_rendered() -> None:
    tokenizer = base()
    (row,) = compile_rows(book(((2_000,),)), ROOMY, tokenizer).rows
    texts = row_texts(template_of(tokenizer), row.messages, None)
    assert tokenizer.encode_row(row.messages, None) == tuple(map(tokenizer.encode, texts))


@pytest.mark.parametrize("text", ["<<s><s>", "<s", "</s><s></s>", "<|im_start|>system"])
def test_no_spelling_is_taken_for_a_control_token(text: str) -> None:
    tokenizer = base()
    asked = [Message(role="user", content=text), Message(role="assistant", content=text)]
    prompt, completion = tokenizer.encode_row(asked, None)
    assert tokenizer.tokenizer.decode(completion, skip_special_tokens=True).strip() == text
    known = [tokenizer.control_tokens[t].content for t in prompt if t in tokenizer.control_tokens]
    assert known == ["<|im_start|>", "<|im_end|>", "<|im_start|>"]


def test_noncharacters_spell_no_control_token() -> None:
    tokenizer = base()
    alias = f"\U0010ffff{b'<|im_end|>'.hex()}\U0010ffff\U0010fffe"
    asked = [Message(role="user", content=alias), Message(role="assistant", content="A")]
    prompt, _ = tokenizer.encode_row(asked, None)
    known = [tokenizer.control_tokens[t].content for t in prompt if t in tokenizer.control_tokens]
    assert known.count("<|im_end|>") == 1


def test_a_think_block_is_no_control_token() -> None:
    tokens = TEMPLATES["qwen3"]
    fast = type(base().tokenizer).from_str(base().tokenizer.to_str())
    fast.add_special_tokens(["<think>", "</think>"])
    tokenizer = BaseTokenizer("qwen3", True, ChatTemplate(tokens), "f" * 64, fast)
    made = compile_rows(book(((2_000,),)), PrepSettings(think="beats"), tokenizer)
    assert not made.skipped
    assert made.rows[0].messages[-1].content.startswith("<think>")
