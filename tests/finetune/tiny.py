"""A base model small enough to train in a test: it knows phrases and the chat's form, and not
yet what follows what. One that knew nothing would learn next to nothing from an adapter.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.finetune.rows import DID, WHEN, WHO
from tests.tools.books.bases import CHATML

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
PHRASES = (*WHO, *DID, *WHEN)
STEPS = 120


def tokenizer() -> Any:
    """A byte-level BPE of the words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    made.train_from_iterator(conversations(random.Random(0), 200), trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = CHATML
    return fast


def conversations(source: random.Random, count: int) -> list[str]:
    """Chats in the form that rows have, whose answers are phrases in no order."""
    return [
        "<|im_start|>system\nYou write a novel.<|im_end|>\n<|im_start|>user\n"
        f"Write scene {source.randrange(100)} of the book.<|im_end|>\n<|im_start|>assistant\n"
        f"{' '.join(source.choices(PHRASES, k=14))}.<|im_end|>\n"
        for _ in range(count)
    ]


def make_base(
    folder: Path, architecture: str = "llama", steps: int = STEPS, **changed: int
) -> Path:
    """Pretrain a base on such chats, and save it as its publisher would."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    words = tokenizer()
    sizes: dict[str, Any] = {
        "vocab_size": len(words),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 1024,
        "bos_token_id": None,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
    }
    if architecture == "qwen3_moe":
        # As the published models of that kind are; llama.cpp knows no other.
        sizes |= {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
        sizes["norm_topk_prob"] = True
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(architecture, **sizes | changed))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    source = random.Random(1)
    for _ in range(steps):
        batch = words(conversations(source, 8), return_tensors="pt", padding=True)
        labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
        out = model(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels
        )
        out.loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
