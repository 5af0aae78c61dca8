from __future__ import annotations

from collections import Counter

import pytest

from novelcraft.finetune.evaluation.probes import PROBES, load_probe, run_probes
from novelcraft.finetune.evaluation.probes.running import probe_scenes
from novelcraft.finetune.evaluation.probes.scoring import LEAST_WORDS
from novelcraft.state.evaluation import ProbeContext, ProbeName, ProbeRun
from tests.fakes.prose import Novelist
from tests.finetune.evaluation.probes.storyteller import Key, Storyteller


def runs_of(teller: Storyteller, key: Key) -> list[ProbeRun]:
    """The runs of a probe by one side, in both contexts."""
    runs = run_probes(teller, sides=["tuned"], scripts=[load_probe(key[0])])
    assert [run.context for run in runs] == ["full", "bare"]
    return list(runs)


def found(run: ProbeRun) -> list[tuple[int, str]]:
    return [(finding.scene, finding.check) for finding in run.findings]


def test_a_narrator_who_forgets_nothing_gets_full_marks() -> None:
    runs = run_probes(Storyteller())
    assert [(r.probe, r.context, r.side) for r in runs] == [
        (probe, context, side)
        for probe in PROBES
        for context in ("full", "bare")
        for side in ("base", "tuned")
    ]
    for run in runs:
        assert run.findings == ()
        assert run.met == run.expected > 30
        assert run.share == 1.0
        assert len(run.scenes) == len(load_probe(run.probe).scenes)


MISTAKES: list[tuple[Key, str, str]] = [
    (("transitions", 3), "A lamp burned. Oskar leaned in and said nothing.", "probe.absent"),
    (("transitions", 4), "Dawn came. Mairin wondered why.", "probe.viewpoint"),
    (("transitions", 5), "The ice broke. “Speak,” said Wenna.", "probe.absent"),
    (("transitions", 6), "Snow fell.", "time"),
    (("character_change", 2), "Nothing came of it.", "hand.lost"),
    (("character_change", 3), "He put both hands on the rail.", "hand.kept"),
    (("character_change", 4), "He rowed with his left hand.", "hand.kept hand.remembered"),
    (("character_change", 5), "He climbed.", "hand.remembered"),
    (("character_change", 6), "He could not read it.", "reading.kept"),
    (("character_change", 6), "Lys took the page.", "reading.remembered"),
    (("character_change", 7), "His one hand found his grey collar.", "side.kept"),
    (("character_change", 8), "He showed his stump.", "side.remembered"),
    (("character_change", 9), "He begged Lys to read it.", "reading.kept"),
    (("foreshadowing", 1), "Tamsin gave her a bag of salt.", "plant.thing plant.look plant.words"),
    (("foreshadowing", 3), "She stepped on the whistle, and it broke.", "thing.kept"),
    (("foreshadowing", 6), "Hob confiscated the whistle.", "thing.kept"),
    (
        ("foreshadowing", 7),
        "She took out a silver whistle. “Deep water keeps no master,” she said.",
        "payoff.look payoff.true",
    ),
    (
        ("foreshadowing", 7),
        "She drew the key. “Open,” she said.",
        "payoff.thing payoff.look payoff.true payoff.words",
    ),
]


@pytest.mark.parametrize(("key", "said", "checks"), MISTAKES)
def test_what_is_forgotten_is_found_and_nothing_else(key: Key, said: str, checks: str) -> None:
    for run in runs_of(Storyteller(forgets={key: said}), key):
        assert found(run) == [(key[1], check) for check in checks.split()]
        assert run.met == run.expected - len(run.findings)
        for finding in run.findings:
            assert finding.quote in run.scenes[key[1] - 1].text


SOUND: list[tuple[Key, str]] = [
    (("transitions", 3), "That night she remembered how Oskar turned from the gate."),
    (("transitions", 4), "At dawn she thought of Mairin, and hoped."),
    (("character_change", 3), "He had lost his left hand and would not hide it."),
    (("character_change", 4), "One-handed, he thought of what his hands used to do."),
    (("character_change", 6), "He read it; once he could not read a line."),
    (("character_change", 7), "His right hand shook. His old grey coat was ash."),
    (("foreshadowing", 4), "The whistle was still whole; it had not broke with her fall."),
    (
        ("foreshadowing", 7),
        "It was no key. The whistle of green glass sang. “Deep water keeps no master.”",
    ),
]


@pytest.mark.parametrize(("key", "said"), SOUND)
def test_what_only_looks_like_forgetting_is_let_be(key: Key, said: str) -> None:
    for run in runs_of(Storyteller(forgets={key: said}), key):
        assert found(run) == []


def scene(name: str, first: str = "", words: int = 160) -> str:
    """A scene that somebody called `name` goes through, after some first words."""
    return f"{first} {Novelist(f'{name}/{first}', (name,)).write(words)}".strip()


LOST = (
    "Nothing moved in the foundry. The furnace ticked. Ash lay on the moulds, and the casting pit "
    "was black. That morning nobody came."
)
WHOLE: list[tuple[Key, str, set[str]]] = [
    (("transitions", 2), scene("the stranger", LOST), {
        "prose.pov", "probe.arrival", "probe.departed", "probe.place"
    }),
    (("transitions", 2), scene("Oskar", "Morning in the lock house."), set()),
    (("transitions", 2), scene("Oskar", "It was a foggy morning."), {"probe.place"}),
    (
        ("transitions", 2),
        "Oskar Teig stood at the sluice that morning. " * 20,
        {"prose.loop", "prose.monotone"},
    ),
    (
        ("transitions", 2),
        scene("Oskar", "### Scene two\n\nMorning at the sluice."),
        {"prose.leak"},
    ),
    (
        ("transitions", 2),
        scene("Oskar", "Morning at the sluice. The scene opens with fog."),
        {"prose.assistant"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "checks"), WHOLE)
def test_every_scene_is_looked_at_for_its_place_and_its_prose(
    key: Key, text: str, checks: set[str]
) -> None:
    for run in runs_of(Storyteller(whole={key: text}), key):
        assert {check for number, check in found(run) if number == key[1]} == checks


def test_who_is_not_there_makes_no_mistake_and_earns_nothing() -> None:
    key: Key = ("character_change", 5)
    for run in runs_of(Storyteller(whole={key: scene("the stranger")}), key):
        assert {check for _, check in found(run)} == {
            "prose.pov", "hand.kept", "hand.remembered", "side.kept", "reading.kept"
        }  # fmt: skip
        assert run.met == run.expected - 5


def test_a_scene_that_repeats_the_one_before() -> None:
    first = scene("Wenna", "The foundry was dark.")
    again = f"Oskar stood at the sluice in the morning fog. {first[-900:]}"
    teller = Storyteller(whole={("transitions", 1): first, ("transitions", 2): again})
    for run in runs_of(teller, ("transitions", 2)):
        assert {number for number, _ in found(run)} == {2}
        # Wenna came along with her sentences.
        assert {check for _, check in found(run)} == {
            "prose.copied", "probe.tail", "probe.absent"
        }  # fmt: skip
        # However many words come again, it is one thing that was looked for.
        assert run.expected - run.met == 2


def test_a_scene_told_in_another_person() -> None:
    told = scene("Oskar", "At the lock house that morning I opened my book.", 60)
    mine = " ".join(f"I saw how my {k} boats came to me." for k in ("two", "six", "ten", "old"))
    for run in runs_of(
        Storyteller(whole={("transitions", 2): f"{told} {mine}"}), ("transitions", 2)
    ):
        assert (2, "prose.person") in found(run)


def test_who_writes_nothing_meets_nothing() -> None:
    silent = run_probes(lambda asked, side: ["" for _ in asked], sides=["base"])
    for run in silent:
        assert (run.met, run.words, run.span) == (0, 0, 0)
        assert {check for _, check in found(run)} == {"probe.short"}
        assert len(run.findings) == len(run.scenes)


def test_a_scene_of_few_words_is_not_judged() -> None:
    key: Key = ("foreshadowing", 3)
    short = scene("Nerys", "Maps hung in the attic.", LEAST_WORDS - 20)
    full = Storyteller()
    whole, cut = (runs_of(t, key)[0] for t in (full, Storyteller(whole={key: short})))
    assert found(cut) == [(3, "probe.short")]
    assert (cut.expected, whole.met - cut.met) == (whole.expected, 4)


def test_the_distance_is_counted_between_the_two_scenes() -> None:
    for run in runs_of(Storyteller(), ("foreshadowing", 7)):
        between = [len(one.text.split()) for one in run.scenes[1:6]]
        assert run.span == pytest.approx(sum(between), rel=0.03)
        assert run.span_wanted == 3_000
        assert not run.reached
    assert runs_of(Storyteller(), ("transitions", 1))[0].reached


@pytest.mark.parametrize("probe", ["character_change", "foreshadowing"])
def test_scenes_of_the_length_asked_for_reach_the_distance(probe: ProbeName) -> None:
    words = load_probe(probe).target_words
    for run in runs_of(Storyteller(words), (probe, 1)):
        assert run.reached
        assert run.findings == ()


def test_each_side_writes_the_same_scene_of_all_probes_at_once() -> None:
    teller, told = Storyteller(), []
    run_probes(teller, progress=lambda done, total: told.append((done, total)))
    assert [side for side, _ in teller.calls] == ["base"] * 10 + ["tuned"] * 10
    sizes = [6] * 6 + [4] + [2] * 3
    assert [len(asked) for _, asked in teller.calls] == sizes * 2
    assert told[-1] == (probe_scenes(), probe_scenes())
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    counts = Counter(number for _, asked in teller.calls for (_, number), _ in asked)
    assert counts[1] == 12


def test_bare_lacks_the_world_and_the_story_and_nothing_else() -> None:
    teller = Storyteller()
    run_probes(teller, sides=["base"])
    for _, asked in teller.calls:
        for (key, full), (same, bare) in zip(asked[::2], asked[1::2], strict=True):
            assert key == same
            assert (bare.world, bare.summary, bare.notes) == ("", "", ())
            assert full.world
            assert full.summary
            assert full.brief == bare.brief
            assert bool(full.tail) == bool(bare.tail) == (key[1] > 1)


def test_the_tail_is_what_was_really_written() -> None:
    teller = Storyteller()
    runs = run_probes(teller, sides=["base"])
    written = {(r.probe, r.context): r.scenes for r in runs}
    for _, asked in teller.calls[1:]:
        for (probe, number), one in asked:
            context: ProbeContext = "full" if one.world else "bare"
            assert written[probe, context][number - 2].text.endswith(one.tail[-40:])
