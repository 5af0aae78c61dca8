from __future__ import annotations

import re

from novelcraft.tools.books.card.card_text import card_text
from novelcraft.tools.books.card.data_card import data_card
from tests.tools.books import cards


def test_the_text_shows_every_part() -> None:
    text = card_text(cards.full())
    for shown in (
        "Data card: 2 books, 2,100 words",
        "Tokens are those of owner/base, the base model's tokenizer.",
        "Asked: small-model",
        "The Light, by A. Keeper",
        "Scenes: 5 of 6 scenes that are no chapter's remainder (83.3%) have 2,000 to 3,000",
        "1 (25%) where embeddings differ most",
        "Facts, for canon notes: 1; not looked for in 6 scenes",
        "Rows: 3 (2 scene, 1 style), 1 over 4,096 tokens",
        "(2.50 to 1)",
        "Kept back by chapter, seed 7: 12.5% of the tokens for 10%",
        "summary: 35 tokens in 1 row",
        "no row a/ch01-s03: 5,000 tokens",
        "sequential (chosen)",
        "6,000",
        "licence: 8 words",
        "1 of them a copy (kept in the rows)",
        "b/ch01-s02: 100% of a/ch01-s02",
        "prep.split",
        "convert 1.0 s, clean 3.0 s",
        "The Light: No chapters were found.",
    ):
        assert shown in text
    assert max(map(len, text.splitlines())) <= 120


def test_the_longest_bar_stands_for_the_largest_class() -> None:
    text = card_text(cards.full(rows=[cards.row("a", n, tokens=1_000 + n) for n in (1, 1, 1, 9)]))
    bars = re.findall(r"1,00\d–1,00\d +(\d) (█+)", text)
    assert [(count, len(bar)) for count, bar in bars] == [("3", 32), ("1", 11)]


def test_approximate_counts_are_called_so() -> None:
    told = cards.manifest()
    rough = told.tokenizer.model_copy(update={"exact": False})
    text = card_text(cards.full(manifest=told.model_copy(update={"tokenizer": rough})))
    assert "Tokens are approximate: counted with owner/base" in text


def test_long_lists_are_cut_and_the_rest_is_counted() -> None:
    skipped = tuple(cards.manifest().skipped) * 30
    text = card_text(cards.full(manifest=cards.manifest(skipped=skipped)))
    assert text.count("no row ") == 8
    assert "… and 22 more" in text


def test_the_text_of_an_empty_shelf_is_short() -> None:
    text = card_text(data_card([], cards.SETTINGS))
    assert "0 books, 0 words" in text
    assert "No rows were made yet." in text
    assert len(text.splitlines()) == 3


def test_titles_cannot_write_to_the_terminal() -> None:
    assert not re.search("[\x00\x1b]", card_text(cards.full(title=cards.NASTY)))
