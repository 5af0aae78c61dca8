"""The book: its outline, and everything that is known of the place under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static, TabbedContent, TabPane, Tree

from novelcraft.errors import NovelcraftError
from novelcraft.present.wording import author_mark
from novelcraft.state.plan import Chapter
from novelcraft.tui.book import Book, Place, Scene
from novelcraft.tui.marks import Marks
from novelcraft.tui.origins import paragraphs
from novelcraft.tui.widgets.columns import Column, Columns
from novelcraft.tui.widgets.outline import Outline
from novelcraft.tui.widgets.prose import marks_of
from novelcraft.tui.widgets.reader import Reader

NO_DRAFTS = "Nothing to hold side by side: the scene is to come."
PAGES = ("Text", "Brief", "Findings", "Story", "Facts", "People", "Prompt", "Drafts", "From")


class BookPages(Horizontal):
    """Outline on the left, pages on the right, a search above them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "turn(-1)", "Page before", show=False),
        Binding("right_square_bracket", "turn(1)", "Next page", show=False),
        Binding("slash", "search", "Search"),
    ]

    class Moved(Message):
        """Another place of the book is in view."""

    def __init__(self, marks: Marks) -> None:
        super().__init__(id="book-room")
        self._marks = marks
        self._book: Book | None = None
        self._place: Place | None = None
        self._found = ""
        """What a search found, while it is what there is to read."""

    def compose(self) -> ComposeResult:
        """Put the pane together."""
        yield Outline(self._marks)
        with Vertical(id="book-pages"):
            yield Input(placeholder="Search the book", id="search", compact=True)
            with TabbedContent():
                with TabPane("Text", id=_id("Text")):
                    yield Reader(self._marks.here, id="reader")
                for page in PAGES[1:]:
                    with TabPane(page, id=_id(page)):
                        if page == "Drafts":
                            yield Columns(NO_DRAFTS)
                        else:
                            with VerticalScroll(classes="page"):
                                yield Static("", markup=False)

    @property
    def scene(self) -> Scene | None:
        """The scene under the cursor, as it stands now; None where that is a chapter."""
        if self._book is None or not isinstance(self._place, Scene):
            return None
        return self._book.scene(self._place.number)

    @property
    def place(self) -> Place | None:
        """The scene or chapter under the cursor, as it stands now."""
        if self._book and self._book.plan and isinstance(self._place, Chapter):
            at = self._place.number
            return next((c for c in self._book.plan.chapters if c.number == at), None)
        return self.scene

    @property
    def reader(self) -> Reader:
        """The text of the place in view."""
        return self.query_one("#reader", Reader)

    def show(self, book: Book) -> None:
        """Show a book, or what is new of it."""
        self._book = book
        self.query_one(Outline).show(book)
        if self._place is None and book.plan:
            self._place = book.plan.chapters[0]
        self._fill()

    @on(Tree.NodeHighlighted)
    def _moved(self, event: Tree.NodeHighlighted[Place]) -> None:
        if event.node.data is not None:
            self._place, self._found = event.node.data, ""
            self._fill()
            self.post_message(self.Moved())

    @on(TabbedContent.TabActivated)
    def _turned(self) -> None:
        self._fill()

    @on(Input.Submitted, "#search")
    def _search(self, event: Input.Submitted) -> None:
        if self._book is None or not event.value.strip():
            return
        found = self._book.search(event.value)
        lines = [f"scene {s.position:>3}  {s.text}" for s in found] or ["Nothing was found."]
        self._found = "\n\n".join(lines)
        self.query_one(TabbedContent).active = _id("Text")
        self._fill()

    def _fill(self) -> None:
        """Fill the page in view; the others are filled when they are turned to."""
        if self._book is None or self._book.plan is None or self._place is None:
            return
        place = self.place or self._place
        active = self.query_one(TabbedContent).active
        page = next((page for page in PAGES if _id(page) == active), PAGES[0])
        try:
            if page == "Drafts":
                self.query_one(Columns).show(_drafts(self._book, self.scene))
                return
            self._read(self._found or _text(self._book, place, PAGES[0]))
            if page == PAGES[0]:
                return
            text = self._from() if page == "From" else _text(self._book, place, page)
        except NovelcraftError as error:
            self.notify(str(error), severity="error", timeout=30)
            return
        self._page(page).update(text)

    def _read(self, text: str) -> None:
        """Show prose, with what was found in it; the same text keeps its place in view."""
        scene = self.scene
        if self.reader.text != text:
            found = scene.commit.findings if scene and scene.commit else ()
            self.reader.show(text, marks_of(found))

    def _from(self) -> str:
        """Where the paragraph that is pointed at is from."""
        assert self._book is not None
        place, at = self._place, self.reader.at
        if self._found:
            return "Pick a scene in the outline to see where its paragraphs are from."
        if not isinstance(place, Chapter):
            return self._book.origin(self.scene, at) if self.scene else ""
        for scene in self._book.scenes(place):
            own = len(paragraphs(scene.commit.prose)) if scene.commit else 0
            if at < own:
                return f"Scene {scene.number}\n{self._book.origin(scene, at)}"
            at -= own
        return "Nothing of this chapter is written yet."

    @on(Reader.Asked)
    def _asked(self) -> None:
        self.query_one(TabbedContent).active = _id("From")

    def open(self, number: int, quote: str) -> None:
        """Show a scene by its number, with a quote of it in view."""
        if self._book is None:
            return
        self._place, self._found = self._book.scene(number), ""
        self.query_one(TabbedContent).active = _id("Text")
        self._fill()
        self.reader.go_to(quote)
        self.query_one(Outline).point_at(self._place)
        self.post_message(self.Moved())

    def action_turn(self, by: int) -> None:
        """Turn to the next page, or the one before."""
        pages = self.query_one(TabbedContent)
        at = [_id(page) for page in PAGES].index(pages.active)
        pages.active = _id(PAGES[(at + by) % len(PAGES)])

    def action_search(self) -> None:
        """Type what to search for."""
        self.query_one("#search").focus()

    def _page(self, page: str) -> Static:
        return self.query_one(f"#{_id(page)} Static", Static)


def _id(page: str) -> str:
    return f"page-{page.lower()}"


def _drafts(book: Book, scene: Scene | None) -> list[Column]:
    """The texts that there are of a scene, each with what was found in it."""
    kept = scene.commit.prose if scene and scene.commit else None
    columns = []
    for version in book.versions(scene) if scene else ():
        where = ", which is in the book" if version.prose == kept else ""
        lines = [f"{n} {f.severity}: {f.message}" for n, f in enumerate(version.findings, 1)]
        head = "\n".join([f"{version.name}{where}", *lines])
        columns.append(Column(head, version.prose, marks_of(version.findings)))
    return columns


def _text(book: Book, place: Place, page: str) -> str:
    if page == "People":
        return book.people()
    if isinstance(place, Chapter):
        if page == "Text":
            return book.prose(place) or "Nothing of this chapter is written yet."
        if page == "Brief":
            mark = author_mark(book.plan, place.id) if book.plan else ""
            return f"{place.number}. {place.title}{mark}\n\n{place.summary}"
        scenes = book.scenes(place)
        return _text(book, scenes[0], page) if scenes else ""
    return _of_scene(book, place, page)


def _of_scene(book: Book, scene: Scene, page: str) -> str:
    match page:
        case "Text":
            return scene.commit.prose if scene.commit else "This scene is to come."
        case "Brief":
            return book.brief(scene)
        case "Findings":
            return "\n".join(book.findings(scene)) or "Nothing was found."
        case "Story":
            return book.summary(scene)
        case "Facts":
            return "\n".join(book.facts(scene)) or "Nothing is established yet."
        case _:
            return book.prompt(scene)
