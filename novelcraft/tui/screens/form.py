"""A form on the screen: its questions, and the act that is left when it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from pydantic import ValidationError
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static, TextArea

from novelcraft.errors import InputError, NovelcraftError
from novelcraft.state.acts import Act, ActRecord
from novelcraft.tools.editor import edited
from novelcraft.tui.fields import Form
from novelcraft.tui.widgets.sources import Sources

TYPED_AHEAD: list[BindingType] = [
    Binding("tab", "app.focus_next", show=False, priority=True),
    Binding("shift+tab", "app.focus_previous", show=False, priority=True),
]
"""From field to field before a field sees the key: what is typed after it goes into the next one
also where the screen is behind."""


class FormScreen(ModalScreen[ActRecord | None]):
    """Asks what a form asks, and leaves the act; gives None where a person left without one.

    An act that cannot be left, such as on a full disk, or is refused at once costs no word that
    was typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send", "Do it", priority=True),
        Binding("ctrl+e", "editor", "In $EDITOR"),
        Binding("escape", "leave", "Leave"),
        *TYPED_AHEAD,
    ]
    AUTO_FOCUS = "OptionList, Input, TextArea, #send"
    DEFAULT_CSS = """
    FormScreen { align: center middle; }
    FormScreen > Vertical {
        width: 90%; max-width: 92; height: auto; max-height: 95%; padding: 0 2; background: $panel;
        border: round $primary;
    }
    FormScreen VerticalScroll { height: auto; max-height: 100%; }
    FormScreen .look { max-height: 40vh; overflow-y: auto; margin: 1 0; }
    FormScreen .title { text-style: bold; }
    FormScreen TextArea { height: auto; min-height: 5; max-height: 40vh; }
    FormScreen Horizontal { height: auto; }
    FormScreen Button { margin-right: 2; }
    FormScreen #problem { color: $text-error; height: auto; }
    """

    def __init__(self, form: Form, put: Callable[[Act], ActRecord], *, with_editor: bool) -> None:
        """Make it.

        Args:
            form: What it asks.
            put: Leaves the act; may raise NovelcraftError.
            with_editor: Whether a person may start $EDITOR here.
        """
        super().__init__()
        self._form = form
        self._put = put
        self._with_editor = with_editor
        self._warned = False

    def compose(self) -> ComposeResult:
        """Put the form together."""
        form = self._form
        with Vertical():
            yield Label(form.title, classes="title", markup=False)
            with VerticalScroll(can_focus=bool(form.text)):
                if form.text:
                    yield Static(form.text, classes="look", markup=False)
                if form.sources:
                    yield Sources(form.sources)
                for field in form.fields:
                    yield Label(field.label + (" (may be empty)" if field.optional else ""))
                    if field.is_long:
                        yield TextArea(field.value, id=f"field-{field.name}", tab_behavior="focus")
                    else:
                        yield Input(field.value, id=f"field-{field.name}")
            yield Static(form.says, markup=False)
            yield Static("", id="problem", markup=False)
            with Horizontal():
                yield Button("Do it (^s)", variant="primary", id="send")
                yield Button("Leave (esc)", id="leave")

    def check_action(self, action: str, _parameters: tuple[object, ...]) -> bool | None:
        """Offer the editor only where commands may be started, and for a long text."""
        return action != "editor" or (self._with_editor and isinstance(self.focused, TextArea))

    @property
    def given(self) -> dict[str, str]:
        """What stands in the fields."""
        return {field.name: self._value(field.name) for field in self._form.fields}

    def _value(self, name: str) -> str:
        widget = self.query_one(f"#field-{name}")
        if isinstance(widget, TextArea):
            return widget.text
        assert isinstance(widget, Input)
        return widget.value

    @on(Sources.Picked)
    def _put_in(self, event: Sources.Picked) -> None:
        """Put a paragraph where the text's cursor is, apart from what stands there."""
        text = self.query(TextArea).first()
        before = text.get_text_range((0, 0), text.cursor_location)
        after = text.text[len(before) :].lstrip()
        put = "\n\n".join(filter(None, (before.rstrip(), event.paragraph)))
        text.text = "\n\n".join(filter(None, (put, after)))
        *above, last = put.split("\n")
        text.move_cursor((len(above), len(last)))

    @on(Button.Pressed, "#send")
    def action_send(self) -> None:
        """Leave the act that what was given comes to.

        The key goes past the field in focus: what was typed into that before comes first.
        """
        (self.focused or self).call_later(self._send)

    def _send(self) -> None:
        if not self.is_current:
            return  # The key was pressed twice, and the first one did it.
        try:
            record = self._put(self._form.make(self.given))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])) or "This"
            self._say(f"{name.replace('_', ' ').capitalize()}: {first['msg']}.")
        except NovelcraftError as error:
            self._say(str(error))
        else:
            if record.status == "refused":
                self._say(record.reason)
                return
            self.dismiss(record)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Leave; what was typed is thrown away only when it is asked for twice."""
        changed = any(self._value(field.name) != field.value for field in self._form.fields)
        if changed and not self._warned:
            self._warned = True
            self._say("Leave once more to throw away what you typed.")
            return
        self.dismiss(None)

    def action_editor(self) -> None:
        """Write the text in focus in $EDITOR."""
        if isinstance(self.focused, TextArea):
            try:
                with self.app.suspend():
                    text = edited(self.focused.text)
            except InputError as error:
                self._say(str(error))
            else:
                self.focused.text = text

    def _say(self, text: str) -> None:
        self.query_one("#problem", Static).update(text)
