from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from novelcraft.errors import UnknownTargetError
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import Fact
from novelcraft.tools.canon.store import ManuscriptStore
from tests import factories

FINDING = Finding(check="prose.loop", severity="block", message="It loops.")
FACT = Fact(subject="Anna", statement="She is here.")


def test_a_draft_comes_back_as_it_was(store: ManuscriptStore) -> None:
    bare = factories.draft(findings=None)
    full = factories.draft(2, findings=(), continuity=(FINDING,), summary="", facts=(FACT,))
    store.put_draft(bare)
    store.put_draft(full)
    assert store.draft(full.id) == full
    store.put_draft(factories.draft(3))
    assert store.draft(bare.id) == bare
    assert store.draft(full.id) == full
    assert store.draft("nope") is None


def test_putting_a_draft_again_starts_it_over(store: ManuscriptStore) -> None:
    store.put_draft(factories.draft(findings=None))
    store.update_draft(factories.draft().id, summary="Said.")
    again = factories.draft(findings=None, prose="Other words.")
    store.put_draft(again)
    assert store.draft(again.id) == again


def test_reviewers_side_by_side_do_not_undo_each_other(store: ManuscriptStore) -> None:
    draft = factories.draft(findings=None)
    store.put_draft(draft)
    said = [
        {"findings": (FINDING,)},
        {"continuity": ()},
        {"summary": "He waits."},
        {"facts": (FACT,)},
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda fields: store.update_draft(draft.id, **fields), said))
    expected = {"findings": (FINDING,), "continuity": (), "summary": "He waits.", "facts": (FACT,)}
    assert store.draft(draft.id) == draft.model_copy(update=expected)
    store.put_draft(factories.draft(2))
    assert store.draft(draft.id) == draft.model_copy(update=expected)


def test_a_draft_that_is_not_there_cannot_be_reviewed(store: ManuscriptStore) -> None:
    store.put_draft(factories.draft())
    with pytest.raises(UnknownTargetError, match="'nope'"):
        store.update_draft("nope", summary="x")


def test_the_drafts_of_a_scene_in_the_order_drawn(store: ManuscriptStore) -> None:
    first = store.commit("main", factories.commit())
    mine = [factories.draft(n, id=f"d{n}", scene_id="s002", parent=first.id) for n in (1, 2, 10)]
    for draft in (*mine, factories.draft(scene_id="s002")):
        store.put_draft(draft)
    store.put_draft(mine[0])
    assert store.drafts("main", first.id, "s002") == mine


def test_old_drafts_go_and_those_of_the_last_scene_and_a_chosen_one_stay(
    store: ManuscriptStore,
) -> None:
    first = store.commit("main", factories.commit())
    old, kept = factories.draft(), factories.draft(id="d2", scene_id="s002", parent=first.id)
    store.put_draft(old)
    store.put_draft(kept)
    chosen = factories.draft(2, id="chosen")
    store.put_draft(chosen)
    store.delete_drafts("main", keep_parent=first.id, keep=["chosen"])
    assert store.draft(old.id) is None
    assert store.draft(kept.id) == kept
    assert store.draft(chosen.id) == chosen
    store.delete_drafts("main", keep_parent=None)
    assert store.draft(kept.id) is None
