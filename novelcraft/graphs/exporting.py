"""The book of a branch as files: the finished formats, and the report of its run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from novelcraft.config.settings import NovelSettings
from novelcraft.errors import UnknownTargetError
from novelcraft.state.findings import Finding
from novelcraft.state.manuscript import SceneCommit
from novelcraft.state.plan import Plan
from novelcraft.tools.canon.store import ManuscriptStore
from novelcraft.tools.checks import check_book
from novelcraft.tools.export.book import DEFAULT_FORMATS, ExportResult, export_book
from novelcraft.tools.export.summary import RunSummary, run_summary

EXPORTS = "exports"
"""Folder of the exports, in the novel's."""

MAIN = "main"
"""The branch that a novel begins with."""


def exports_folder(folder: Path, branch: str) -> Path:
    """Where a branch's book goes: other branches than the main one have folders of their own."""
    exports = folder / EXPORTS
    return exports if branch == MAIN else exports / branch


def written(store: ManuscriptStore, branch: str) -> tuple[Plan, list[SceneCommit]]:
    """The plan of a branch and the scenes that are written of it.

    Raises:
        UnknownTargetError: There is no such branch, or it has no scene yet.
    """
    found = store.branch(branch)
    if found.head is None or found.plan_version is None:
        raise UnknownTargetError(
            f"Branch {branch!r} has no scene yet.", fix="Write some first: novelcraft write FOLDER"
        )
    return store.plan(found.plan_version), store.chain(found.head)


def finding_keys(store: ManuscriptStore) -> set[str]:
    """The keys of all findings that stand anywhere in the novel, in scenes or in whole books."""
    found: list[Finding] = []
    for branch in store.branches():
        if branch.head is not None and branch.plan_version is not None:
            plan, chain = written(store, branch.name)
            found += check_book(chain, plan)
            found += (finding for commit in chain for finding in commit.findings)
    return {finding.key for finding in found}


def summarize_run(store: ManuscriptStore, branch: str, novel: NovelSettings) -> RunSummary:
    """The sums of a branch, its findings and where its text came from.

    Raises:
        UnknownTargetError: There is no such branch, or it has no scene yet.
    """
    plan, chain = written(store, branch)
    return run_summary(
        plan,
        chain,
        novel,
        novel_id=store.novel_id,
        branch=branch,
        book_findings=check_book(chain, plan),
        models=store.model_lines(),
        exempt=store.exemptions(),
    )


def export_branch(
    store: ManuscriptStore,
    folder: Path,
    branch: str,
    novel: NovelSettings,
    formats: Sequence[str] = DEFAULT_FORMATS,
) -> ExportResult:
    """Write a branch's book, finished or not, into the novel's folder.

    Raises:
        UnknownTargetError: There is no such branch, or it has no scene yet.
        InputError: An unknown format.
        ExportError: pandoc failed.
        DiskFullError, ReadOnlyError: A file could not be written.
    """
    plan, chain = written(store, branch)
    return export_book(
        exports_folder(folder, branch),
        plan,
        chain,
        novel,
        store.novel_id,
        formats,
        summary=summarize_run(store, branch, novel),
    )
