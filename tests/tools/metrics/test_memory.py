"""The memorisation gate."""

from __future__ import annotations

import pytest

from novelcraft.state.memory import GeneratedText, MemoryLimits, MemoryReport
from novelcraft.tools.metrics.memory import TrainingText, memory_report, scene_overlap
from tests.tools.metrics.test_verbatim import invented

BOOK = (
    "The ferry left when Marrow nodded. Nobody asked why Marrow nodded, or whether Ilse "
    "had paid. In the morning Ilse and Marrow rowed to Dunmere, and from Dunmere, Ilse said, "
    "the road to Dunmere church was short. A frenchman waved. Then Frenchman Bay, and "
    "Frenchman Bay, and Frenchman Bay again; in June, in June and in June. "
) + " ".join(invented(1, 300))
WORDS = BOOK.split()
TRAINING = [TrainingText("ferry", BOOK)]
CLEAN = GeneratedText(name="far", text=" ".join(invented(2, 900, "v")), other_world=True)
HELD = GeneratedText(
    name="held", text=" ".join(invented(3, 200, "u")), original=" ".join(invented(4, 200, "t"))
)

KNOWN = GeneratedText(
    name="known",
    text=" ".join(invented(5, 200, "s")),
    original=" ".join(invented(6, 200, "r")),
    trained_prompt=True,
)


def report(*texts: GeneratedText, limits: MemoryLimits | None = None) -> MemoryReport:
    return memory_report(texts, TRAINING, limits)


def test_clean_texts_pass() -> None:
    found = report(CLEAN, HELD, KNOWN)
    assert found.passed
    assert found.runs == ()
    assert found.alike == ()
    assert (found.run_share, found.alike_share) == (0, 0)
    assert found.names == ()
    assert [o.jaccard for o in found.overlaps] == [0, 0]
    assert (found.texts, found.words, found.training_texts) == (3, 1_300, 1)
    assert MemoryReport.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize(("length", "passes"), [(19, True), (20, False), (21, False)])
def test_twenty_words_in_a_row_fail(length: int, passes: bool) -> None:
    kept = WORDS[100 : 100 + length]
    text = GeneratedText(name="x", text=f"{CLEAN.text} {', '.join(kept).upper()}; {HELD.text}")
    found = report(CLEAN, HELD, KNOWN, text)
    (run,) = found.runs
    assert (run.length, run.word, run.source_word) == (length, 900, 100)
    assert run.quote == ", ".join(kept).upper()
    assert found.passed is passes
    assert found.reasons == () or run.quote in found.reasons[0]


def test_the_limit_can_be_another() -> None:
    text = GeneratedText(name="x", text=" ".join(WORDS[100:115]))
    assert report(CLEAN, HELD, KNOWN, text).passed
    assert not report(CLEAN, HELD, KNOWN, text, limits=MemoryLimits(run_words=15)).passed


def test_a_long_run_is_quoted_in_part() -> None:
    (run,) = report(GeneratedText(name="x", text=" ".join(WORDS[100:250]))).runs
    assert run.length == 150
    assert run.quote == " ".join(WORDS[100:140]) + " …"


def test_the_overlap_of_scenes_is_the_jaccard_index_of_their_five_grams() -> None:
    # a..g has three 5-grams, c..i as well, and c..g is the one in both.
    assert scene_overlap("a b c d e f g", "C, d e-f g! h i") == pytest.approx(1 / 5)
    assert scene_overlap("a b c d", "a b c d") == 0
    assert scene_overlap("", "") == 0


def quoting(prompt: list[str], *scene: list[str], prefix: str = "q") -> GeneratedText:
    """A scene to a prompt of training, whose parts stand between invented words."""
    parts = [*scene, invented(9, 100, prefix)]
    between = invented(8, 40, prefix)
    return KNOWN.model_copy(
        update={
            "text": " ".join(word for part in parts for word in [*between, *part]),
            "brief": f"Write on. {' '.join(prompt)}. Take care.",
            "original": " ".join(WORDS[60:260]),
        }
    )


def test_what_the_prompt_quotes_is_no_memory() -> None:
    told = WORDS[100:145]
    scene = quoting(told, told)
    found = report(CLEAN, HELD, scene)
    assert found.passed
    assert (found.runs, found.run_share, found.alike, found.alike_share) == ((), 0, (), 0)
    assert found.overlaps[-1].jaccard == 0
    assert found.words == report(CLEAN, HELD, scene.model_copy(update={"brief": ""})).words - 45
    untold = report(CLEAN, HELD, scene.model_copy(update={"brief": ""}))
    assert next(r.partition(" ")[2][:6] for r in untold.reasons) == "has 45"
    assert any("alike" in reason for reason in untold.reasons)
    assert any("5-grams" in reason for reason in untold.reasons)


@pytest.mark.parametrize(("recited", "passes"), [(9, True), (10, False)])
def test_what_is_recited_around_a_quotation_is_one_run(recited: int, passes: bool) -> None:
    told = WORDS[110:120]
    scene = quoting(told, WORDS[100 : 120 + recited])
    many = CLEAN.model_copy(update={"text": f"{CLEAN.text} {' '.join(invented(7, 900, 'p'))}"})
    found = report(many, HELD, scene, limits=MemoryLimits(overlap=1))
    (run,) = found.runs
    assert run.length == 10 + recited
    assert run.quote == " ".join(WORDS[100 : 120 + recited])
    assert found.passed is passes


def test_a_short_phrase_of_the_prompt_hides_nothing() -> None:
    found = report(CLEAN, HELD, quoting(WORDS[110:117], WORDS[100:120]))
    assert found.runs[0].length == 20
    assert not found.passed


def test_recited_words_between_quotations_are_alike() -> None:
    told = [*WORDS[100:110], *invented(9, 3, "n"), *WORDS[140:150]]
    around = invented(6, 20_000, "m")
    scene = quoting(told, [*WORDS[100:112], "or", *WORDS[113:126], "or", *WORDS[127:150]])
    found = report(CLEAN, HELD, scene, CLEAN.model_copy(update={"text": " ".join(around)}))
    (passage,) = found.alike
    assert passage.words == 50
    total = found.words
    assert found.alike_share == pytest.approx(30 / total, rel=0.1)


def test_a_scene_that_only_says_its_prompt_shows_nothing() -> None:
    echo = HELD.model_copy(update={"brief": HELD.text})
    assert [r for r in report(CLEAN, KNOWN, echo).reasons if "held out" in r]


@pytest.mark.parametrize(("shared", "passes"), [(0, True), (20, True), (60, False)])
def test_a_scene_that_is_the_human_one_fails(shared: int, passes: bool) -> None:
    original = HELD.original or ""
    text = " ".join(original.split()[:shared]) + " " + HELD.text
    found = report(CLEAN, KNOWN, GeneratedText(name="held", text=text, original=original))
    assert found.passed is passes
    assert found.overlaps[0].jaccard == pytest.approx(
        max(0, shared - 4) / (196 + shared + 196 - max(0, shared - 4))
    )


def test_names_of_the_books_have_no_place_in_other_worlds() -> None:
    text = "Marrow came in. “And Ilse?” he said. Ilse was late in June; a Frenchman sang."
    found = report(HELD, GeneratedText(name="far", text=text, other_world=True))
    assert [(leak.name, leak.count) for leak in found.names] == [("Ilse", 2), ("Marrow", 1)]
    assert found.names[1].quote.startswith("Marrow came in.")
    assert any("Marrow" in reason for reason in found.reasons)


def test_names_that_the_brief_gave_are_no_leaks_nor_are_those_in_the_same_world() -> None:
    text = "Marrow rowed. Marrow slept."
    told = GeneratedText(name="a", text=text, brief="MARROW is a miller.", other_world=True)
    assert report(told, HELD, KNOWN).passed
    assert report(CLEAN, HELD, KNOWN, GeneratedText(name="b", text=text)).passed


def test_what_was_not_measured_does_not_pass() -> None:
    assert [r for r in report(CLEAN).reasons if "held out" in r]
    assert [r for r in report(HELD).reasons if "another world" in r]
    assert [r for r in report(CLEAN, HELD).reasons if "of the training rows" in r]
    assert [r for r in report(CLEAN, KNOWN).reasons if "held out" in r]
    empty = GeneratedText(name="x", text=" …", original="A scene.")
    assert [r for r in report(CLEAN, empty).reasons if "held out" in r]
    assert report(CLEAN, HELD, KNOWN, empty).passed
    assert not memory_report([CLEAN, HELD, KNOWN], []).passed
    assert not memory_report([], TRAINING).passed
