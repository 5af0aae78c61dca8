"""The book as a tree: acts, chapters, scenes with their state."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from novelcraft.state.plan import Chapter, Plan
from novelcraft.tui.book import Book, Place, Scene
from novelcraft.tui.marks import Marks, SceneState


class Outline(Tree[Place]):
    """Picks a chapter or a scene."""

    def __init__(self, marks: Marks) -> None:
        super().__init__("The book", id="outline")
        self.show_root = False
        self.guide_depth = 2
        self._marks = marks
        self._plan: Plan | None = None
        """The one that the nodes are of."""

    def show(self, book: Book) -> None:
        """Show the book's plan, with what is written of it; open chapters stay open.

        While the plan stays, only the nodes of scenes that changed are drawn again.
        """
        plan = book.plan
        if plan is None:
            return
        scenes: dict[str, list[Scene]] = {chapter.id: [] for chapter in plan.chapters}
        for scene in book.scenes():
            scenes[scene.brief.chapter].append(scene)
        if plan == self._plan:
            for node in self._chapters():
                assert isinstance(node.data, Chapter)
                self._renew(node, node.data, scenes[node.data.id])
            return
        self._plan = plan
        at = self.cursor_node.data if self.cursor_node else None
        self._grow(plan, scenes)
        if at is not None:
            self.point_at(at)

    def _chapters(self) -> Iterator[TreeNode[Place]]:
        for act in self.root.children:
            yield from act.children

    def _grow(self, plan: Plan, scenes: dict[str, list[Scene]]) -> None:
        opened = {
            node.data.id
            for node in self._chapters()
            if isinstance(node.data, Chapter) and node.is_expanded
        }
        self.clear()
        for act in sorted({chapter.act for chapter in plan.chapters}):
            branch = self.root.add(f"Act {act}", expand=True)
            for chapter in (c for c in plan.chapters if c.act == act):
                of = scenes[chapter.id]
                open_now = chapter.id in opened or _is_begun(of)
                node = branch.add(self._head(chapter, of), data=chapter, expand=open_now)
                for scene in of:
                    node.add_leaf(self._line(scene), data=scene)

    def _renew(self, node: TreeNode[Place], chapter: Chapter, scenes: list[Scene]) -> None:
        """Draw again what is new of a chapter."""
        changed = False
        for leaf, scene in zip(node.children, scenes, strict=True):
            if leaf.data != scene:
                leaf.data = scene
                leaf.set_label(self._line(scene))
                changed = True
        if changed:
            node.set_label(self._head(chapter, scenes))
            if _is_begun(scenes):
                node.expand()

    def _head(self, chapter: Chapter, scenes: list[Scene]) -> Text:
        """A chapter, with the sign of scenes that may no longer fit: it may be closed over them."""
        doubtful: SceneState = "may no longer fit"
        mark = f" {self._marks.scenes[doubtful]}" if doubtful in {s.state for s in scenes} else ""
        return Text(f"{chapter.number}. {chapter.title}  {_written(scenes)}/{len(scenes)}{mark}")

    def _line(self, scene: Scene) -> Text:
        mark = self._marks.scenes[scene.state]
        return Text(f"{mark} {scene.number} {scene.brief.goal}")

    def point_at(self, place: Place) -> None:
        """Put the cursor on a chapter or a scene, by its number."""
        for chapter in self._chapters():
            for node in (chapter, *chapter.children):
                if type(node.data) is type(place) and node.data.number == place.number:
                    chapter.expand()
                    # Behind the layout of a tree that has only been filled.
                    self.call_after_refresh(self.move_cursor, node)
                    return


def _written(scenes: list[Scene]) -> int:
    return sum(scene.commit is not None for scene in scenes)


def _is_begun(scenes: list[Scene]) -> bool:
    return 0 < _written(scenes) < len(scenes)
