"""Quotation marks in balance, in every style, and apostrophes left alone."""

from __future__ import annotations

import pytest

from novelcraft.tools.checks.base import Flaw
from novelcraft.tools.checks.quotes import quotes
from tests.tools.checks.fitting import fitting


def found(prose: str) -> Flaw | None:
    return quotes(fitting(prose, name="Elias"))


@pytest.mark.parametrize(
    "prose",
    [
        "“Go,” he said. “Now.”",
        '"Go," he said. "Now."',
        "‘Go,’ he said. ‘The dogs’ bowl is empty.’",
        "'Go,' he said. 'Don't wait for the dogs' bowl.'",
        "«Va», dit-il.",
        "„Geh“, sagte er. „Jetzt.“",
        "The keepers’ boats, and ’twas dark. It was Elias’s.",
        "“He said ‘no’ to me,” she said. “‘No.’”",
        "“One paragraph of speech.\n\n“And its last.” He coughed.",
        '"One paragraph of speech.\n\n"And its last."',
        "“The first.\n\n“The second.\n\n“The third, where the scene ends.",
        "“Hear this:\n\nThe trumpets rang across the dome.\n\n“That was it.”",
        "“Its agents came with a club. “Come in,” they said, “or stay out.” Most came.”",
        "He was 6'2\" and thin.",
        "He sang.\n\n“Tall ships and tall kings,\nThree times three,” he sang.\n\nThen he slept.",
        "He sang.\n\n“Tall ships and tall kings,\n“Three times three.”\n\nThen he slept.",
        'He sang.\n\n"Tall ships and tall kings,\nThree times three."\n\nThen he slept.',
        "He sang.\n\n‘Tall ships and tall kings,\nThree times three.’\n\n‘Yes,’ she said.",
    ],
)
def test_balanced(prose: str) -> None:
    assert found(prose) is None


@pytest.mark.parametrize(
    ("prose", "evidence"),
    [
        ("“Go, he said.\n\nHe went.", "“Go, he said."),
        ("“Go, he said. “Now.”", "“Go, he said. “"),
        ("He went,” he said.", "He went,”"),
        ('"Go, he said.\n\nHe went.', '"Go, he said.'),
        ('He went," he said.\n\nShe came.', 'He went," he said.'),
        ("‘Go, he said. It was late.\n\n‘I know,’ she said.\n\n‘Go.", "‘Go."),
        ("'Go,' he said.\n\n'Stay, she said.\n\nHe went.", "'Stay, she said."),
        ('“Go," he said.\n\nHe went.', '“Go," he said.'),
        ("He sang.\n\n“Tall ships and kings,\nThree.\n\nHe slept.", "Three."),
        ("“Go, he said.\nHe went.", "“Go, he said."),
        ("‘Go,’ he said.’ It was late.’\n\nHe went.", "‘Go,’ he said.’ It was late.’"),
        ("»Geh.«\n\n„Geh, sagte er.\n\n„Ja.“\n\nEr ging. „Nein.", "Er ging. „Nein."),
    ],
)
def test_out_of_balance(prose: str, evidence: str) -> None:
    finding = found(prose)
    assert finding is not None
    assert evidence in finding.evidence


def test_of_a_long_line_the_end_is_quoted_where_its_mark_is_missing() -> None:
    finding = found(f"“Go, he said. {'It was late. ' * 20}They left.\n\nHe went.")
    assert finding is not None
    (quoted,) = finding.evidence
    assert quoted.endswith("They left.")
