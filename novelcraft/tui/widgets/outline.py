"""The book as a tree: acts, chapters, scenes with their state."""

from __future__ import annotations

from textual.widgets import Tree

from novelcraft.state.plan import Chapter
from novelcraft.tui.book import Book, Scene
from novelcraft.tui.marks import Marks

Place = Chapter | Scene


class Outline(Tree[Place]):
    """Picks a chapter or a scene."""

    def __init__(self, marks: Marks) -> None:
        super().__init__("The book", id="outline")
        self.show_root = False
        self.guide_depth = 2
        self._marks = marks

    def show(self, book: Book) -> None:
        """Show the book's plan, with what is written of it; open chapters stay open."""
        opened = {
            node.data.id
            for act in self.root.children
            for node in act.children
            if isinstance(node.data, Chapter) and node.is_expanded
        }
        at = self.cursor_node.data if self.cursor_node else None
        self.clear()
        plan = book.plan
        for act in sorted({c.act for c in plan.chapters}) if plan else ():
            branch = self.root.add(f"Act {act}", expand=True)
            for chapter in plan.chapters if plan else ():
                if chapter.act != act:
                    continue
                scenes = book.scenes(chapter)
                done = sum(scene.commit is not None for scene in scenes)
                node = branch.add(
                    f"{chapter.number}. {chapter.title}  {done}/{len(scenes)}",
                    data=chapter,
                    expand=chapter.id in opened or 0 < done < len(scenes),
                )
                for scene in scenes:
                    mark = self._marks.scenes[scene.state]
                    node.add_leaf(f"{mark} {scene.number} {scene.brief.goal}", data=scene)
        if at is not None:
            self.point_at(at)

    def point_at(self, place: Place) -> None:
        """Put the cursor on a chapter or a scene, by its number."""
        for act in self.root.children:
            for chapter in act.children:
                for node in (chapter, *chapter.children):
                    if type(node.data) is type(place) and node.data.number == place.number:
                        chapter.expand()
                        # Behind the layout of a tree that has only been filled.
                        self.call_after_refresh(self.move_cursor, node)
                        return
