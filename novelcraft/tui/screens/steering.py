"""What a person does to a novel in its room: acts that are left, and commands that are started."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual import work
from textual.app import SystemCommand
from textual.message import Message
from textual.screen import Screen

from novelcraft.errors import NovelcraftError
from novelcraft.graphs.steering import needs_process, taken_at
from novelcraft.state.acts import Act, ActRecord, Fork, Pause, Resume
from novelcraft.tools.storage.lock import holder
from novelcraft.tools.text import counted
from novelcraft.tui.book import Book, Place, Scene
from novelcraft.tui.commands import Detached, run_command, start_writing
from novelcraft.tui.fields import Form
from novelcraft.tui.forms import forms
from novelcraft.tui.homes import NovelHome
from novelcraft.tui.scene_forms import next_note
from novelcraft.tui.screens.form import FormScreen
from novelcraft.tui.widgets.working import Working


class SteeringScreen(Screen[None], Working):
    """A screen from which a novel is steered."""

    class BranchChosen(Message):
        """Another branch of the novel is to be shown."""

        def __init__(self, home: NovelHome, branch: str) -> None:
            super().__init__()
            self.home = home
            self.branch = branch

    def __init__(self, home: NovelHome, branch: str, *, with_editor: bool) -> None:
        """Make it.

        Args:
            home: The novel's.
            branch: The branch that is shown.
            with_editor: Whether a person may start $EDITOR here.
        """
        super().__init__()
        self.home = home
        self.branch = branch
        self.book: Book | None = None
        self.writer = ""
        """Who writes the novel now."""
        self._with_editor = with_editor
        self._run: Detached | None = None
        self._is_starting = False

    @property
    def is_starting(self) -> bool:
        """Whether a process was started that does not have the novel yet.

        That takes seconds, or on a busy machine many, in which nobody seems to write.
        """
        return self._is_starting and not self.writer

    @property
    def scene(self) -> Scene | None:
        """The scene in view."""
        raise NotImplementedError

    @property
    def place(self) -> Place | None:
        """The scene or chapter in view."""
        raise NotImplementedError

    def reread(self) -> None:
        """Read the book again after something new."""
        raise NotImplementedError

    def look_after_run(self) -> None:
        """Tell of a run that ended badly: not all that ends it is an event."""
        ended = self._run.ended() if self._run else None
        if ended is not None:
            # One that is killed while it writes is told of by `take_writer`.
            is_told = ended.code > 0 or (ended.code and self.is_starting)
            self._run, self._is_starting = None, False
            if is_told:
                self.notify(ended.message, title="The run has ended", severity="error", timeout=60)

    def take_writer(self, writer: str) -> None:
        """Note who writes now; tell of a process of this machine that is gone and said nothing."""
        before, self.writer = self.writer, writer
        self._is_starting = self._is_starting and not writer
        local = self.home.folder is not None
        if local and before and not writer and self.book and not self.book.has_ended:
            self.notify(
                f"{before} is gone without a word. What was accepted is safe: w writes on.",
                title="The run was killed",
                severity="error",
                timeout=60,
            )

    def action_steer(self) -> None:
        """Offer all that can be done, what is about the scene in view first."""
        self.app.search_commands(
            [(title, do, says) for title, says, do, *_ in self.commands()], "What shall be done?"
        )

    def commands(self) -> Iterator[SystemCommand]:
        """All that can be done with the novel now."""
        if self.book is None:
            return
        if scenes := self._changed_by_hand():
            yield SystemCommand(
                f"Take what you changed in the manuscript: {scenes}",
                "Your words take the place of the book's; your file is kept.",
                self.action_sync,
            )
        try:
            for form in forms(self.book, self.place):
                yield SystemCommand(form.title, form.says, partial(self.ask_form, form))
            yield from self._branches(self.book)
        except NovelcraftError as error:
            self._complain(error)

    def _branches(self, book: Book) -> Iterator[SystemCommand]:
        """The ways to the novel's other branches, which are read and written like this one."""
        for branch in book.store.branches():
            if branch.name != self.branch:
                scenes = counted(len(book.store.commit_ids(branch.head)), "scene")
                aside = ", put aside by a change" if branch.put_aside else ""
                open_it = partial(self.post_message, self.BranchChosen(self.home, branch.name))
                yield SystemCommand(f"Open branch {branch.name}", f"{scenes}{aside}", open_it)

    def _changed_by_hand(self) -> str:
        try:
            scenes = self.book.changed_by_hand() if self.book else []
        except NovelcraftError as error:
            self._complain(error)
            return ""
        return " and ".join(f"scene {number}" for number in scenes)

    @work(exclusive=True, group="sync")
    async def action_sync(self) -> None:
        """Take what was changed by hand into the book."""
        command = ["sync", *self.home.words, "--branch", self.branch, "--yes", "--quiet"]
        await self._run_to_its_end(command)
        self.reread()

    async def _run_to_its_end(self, command: list[str]) -> None:
        ended = await run_command(command)
        self.notify(ended.message, severity="error" if ended.code else "information", timeout=20)

    def action_note(self) -> None:
        """Tell the narrator something."""
        if self.book is not None:
            self.ask_form(next_note(self.scene))

    def action_pause(self) -> None:
        """Have the run wait, or go on."""
        if self.book is None:
            return
        try:
            self.leave_act(Resume() if self.book.is_paused else Pause())
        except NovelcraftError as error:
            self._complain(error)

    def _complain(self, error: NovelcraftError) -> None:
        self.notify(str(error), severity="error", timeout=30)

    def ask_form(self, form: Form) -> None:
        """Put a form on the screen; what it comes to is left for the run."""
        if self.book is not None:
            screen = FormScreen(form, self.book.put, with_editor=self._with_editor)
            self.app.push_screen(screen, self.tell)

    def leave_act(self, act: Act) -> None:
        """Leave an act that needs no form."""
        if self.book is None:
            return
        try:
            self.tell(self.book.put(act))
        except NovelcraftError as error:
            self._complain(error)

    def tell(self, record: ActRecord | None) -> None:
        """Say of an act that was left where it will be taken, and start what it needs."""
        if record is None or self.book is None:
            return
        folder = self.home.folder
        if folder is not None and needs_process(folder, record):
            self._start(Detached(folder, ["steer", str(folder), "apply"]))
            self.notify("A process of its own does it now.")
        elif record.status == "refused":
            self.notify(record.reason, title="Refused", severity="error", timeout=30)
        elif record.status == "pending":
            at = taken_at(self.book.store, record, running=self.home.takes_acts(record.branch))
            self.notify(f"It is taken {at}. Until then it can be taken back: key 4.")
        elif isinstance(record.act, Fork):
            self.notify(f"Branch {record.act.name} is there. Key s opens it.")
        else:
            self.notify("Done.")
        self.reread()

    def action_write(self) -> None:
        """Start the run that writes on, in a process of its own."""
        if self.home.folder is None:
            self.notify("Workers write it. Start one anywhere: novelcraft worker --database URL")
            return
        if who := holder(self.home.folder):
            self.notify(f"{who} is writing already.")
            return
        if self.is_starting:
            self.notify("It is starting already.")
            return
        self._start(start_writing(self.home.folder, self.branch))
        self.notify("The run goes on in a process of its own; you can close this at any time.")

    def _start(self, run: Detached) -> None:
        self._run, self._is_starting = run, True

    @work(exclusive=True, group="export")
    async def action_export(self) -> None:
        """Write the book's files."""
        await self._run_to_its_end(["export", *self.home.words, "--branch", self.branch])
