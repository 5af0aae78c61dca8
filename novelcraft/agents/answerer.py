"""The answerer: a question about a book, answered from its own sentences or not at all."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, create_model

from novelcraft.agents.session import AgentSession
from novelcraft.prompts.loader import load_template
from novelcraft.state.base import Frozen
from novelcraft.tools.models.schemas import bounded, strict_list, tidy

NOT_SAID = "The book does not say."
MOST_CITED = 4


class Sentence(Frozen):
    """A sentence of the book that may hold the answer."""

    scene: int = Field(ge=1)
    """Number of its scene in the book."""
    text: str


class QuestionInput(Frozen):
    """A question, and what may answer it."""

    question: str = Field(min_length=1)
    sentences: tuple[Sentence, ...]
    """In the book's order; with none, and no facts, no model is asked."""
    facts: tuple[str, ...] = ()


class AnswerOutput(Frozen):
    """An answer with the sentences that it rests on."""

    answer: str
    known: bool
    """Whether the book says it. If not, `answer` says so and nothing is cited."""
    cited: tuple[Sentence, ...] = ()


async def answer_question(given: QuestionInput, session: AgentSession) -> AnswerOutput:
    """Answer a question about a book.

    An answer that rests on no sentence, while there are sentences to rest on, is none.

    Raises:
        InvalidAnswerError: If the model cannot keep to the schema.
    """
    if not given.sentences and not given.facts:
        return AnswerOutput(answer=NOT_SAID, known=False)
    chars = 2 * session.preset.field_chars
    number = Annotated[int, Field(ge=1, le=max(1, len(given.sentences)))]
    schema = create_model(
        "BookAnswer",
        answered=(bool, ...),
        answer=(bounded(chars), ...),
        sentences=(strict_list(number, 0, MOST_CITED), ...),
    )
    answer = await session.ask(
        "reasoning",
        "book.ask",
        load_template("answer_question").render(
            question=given.question,
            facts=given.facts,
            sentences=[
                f"[{n}] (scene {s.scene}) {s.text}" for n, s in enumerate(given.sentences, 1)
            ],
        ),
        schema,
    )
    fields = answer.model_dump()
    numbers = sorted({n for n in fields["sentences"] if n <= len(given.sentences)})
    text = tidy(fields["answer"])
    if not fields["answered"] or not text or (given.sentences and not numbers):
        return AnswerOutput(answer=NOT_SAID, known=False)
    return AnswerOutput(
        answer=text, known=True, cited=tuple(given.sentences[n - 1] for n in numbers)
    )
