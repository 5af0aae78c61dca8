from __future__ import annotations

import pytest
from pydantic import ValidationError

from novelcraft.state.findings import Finding, blocking
from novelcraft.state.manuscript import Fact, SceneCommit, count_words
from tests import factories


def test_a_commit_is_named_by_its_content() -> None:
    commit = factories.commit()
    assert commit.id == factories.commit().id
    assert len(commit.id) == 64
    others = [
        factories.commit(prose="Something else happened."),
        factories.commit(parent=commit),
        factories.commit(plan_version=2),
        factories.commit(facts=()),
        factories.commit(stale=("the scene before was edited",)),
        factories.commit(provenance=factories.provenance(seed=2)),
    ]
    assert len({commit.id, *(other.id for other in others)}) == 1 + len(others)


def test_a_commit_survives_json() -> None:
    commit = factories.commit(findings=(Finding(check="a.b", severity="warn", message="m"),))
    assert SceneCommit.model_validate_json(commit.model_dump_json()) == commit


def test_the_name_does_not_depend_on_how_the_content_is_given() -> None:
    commit = factories.commit()
    plain = commit.model_dump(mode="json", exclude={"id"})
    assert SceneCommit.model_validate(plain).id == commit.id
    lean = commit.model_dump(mode="json", exclude={"id"}, exclude_defaults=True)
    assert SceneCommit.model_validate(lean).id == commit.id


def test_a_commit_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        factories.commit().prose = "Other words."  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="colour"):
        Fact.model_validate({"subject": "a", "statement": "b", "colour": "c"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("One.", 1),
        ("It's well-known, isn't it?", 4),
        ("“Très bien,” she said — twice.", 5),
        ("12 letters, 3_4", 4),
        ("\n\n* * *\n\n", 0),
    ],
)
def test_words_are_counted(text: str, words: int) -> None:
    assert count_words(text) == words


def test_a_draft_collects_the_findings_of_its_reviewers() -> None:
    block = Finding(check="prose.loop", severity="block", message="loops")
    warn = Finding(check="continuity", severity="warn", message="odd")
    draft = factories.draft(findings=(block,), continuity=(warn,))
    assert draft.all_findings == (block, warn)
    assert blocking(draft.all_findings) == (block,)
    assert factories.draft(findings=None).all_findings == ()


def test_a_finding_is_exempted_by_what_it_is_about_or_by_its_evidence() -> None:
    about = Finding(check="cast.absent", severity="warn", message="m", about="c1")
    quoted = Finding(check="prose.loop", severity="warn", message="m", evidence=("a b",))
    assert about.key == "cast.absent:c1"
    assert quoted.key == quoted.model_copy(update={"message": "said otherwise"}).key
    assert quoted.key != quoted.model_copy(update={"evidence": ("c d",)}).key


def test_a_pace_that_is_not_known_is_no_part_of_a_commits_name() -> None:
    plain = factories.commit(1)
    assert "pace" not in plain.model_dump(mode="json")["provenance"]
    paced = factories.commit(1, provenance=factories.provenance(pace=0.5))
    assert paced.id != plain.id
    again = type(paced).model_validate_json(paced.model_dump_json())
    assert again.provenance.pace == 0.5
