"""A story scaffold that any premise can lean on: twelve chapters of four moves each.

A model of a hundred million parameters fills a schema with echoes. Where an answer is no use,
the mender takes the move that belongs in its place from here, so that even the smallest model
narrates a story with a beginning, a middle and an end. A large model's answers never get here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """One scene's worth of story. `{hero}`, `{ally}`, `{rival}` stand for names."""

    goal: str
    turn: str
    outcome: str


@dataclass(frozen=True)
class Stage:
    """One chapter's worth of story."""

    title: str
    summary: str
    moves: tuple[Move, ...]


STAGES = (
    Stage(
        "An Ordinary Day",
        "{hero} lives a life of habit until something that cannot be explained breaks into it.",
        (
            Move(
                "{hero} goes through the day's work and believes that nothing will ever change.",
                "Something lies where nothing lay before.",
                "{hero} takes it home and hides it.",
            ),
            Move(
                "{hero} looks at the discovery alone and tries to find a simple explanation.",
                "The simple explanation is wrong.",
                "{hero} cannot sleep.",
            ),
            Move(
                "{ally} notices that {hero} is keeping something back and asks about it.",
                "{hero} nearly tells the truth.",
                "{hero} lies, and {ally} knows it.",
            ),
            Move(
                "{hero} returns to the place of the discovery to see whether it happens again.",
                "It happens again, and it is meant for {hero}.",
                "{hero} decides to answer.",
            ),
        ),
    ),
    Stage(
        "The First Answer",
        "{hero} tries the discovery out in secret and gets more than was asked for.",
        (
            Move(
                "{hero} puts one careful question to the discovery and waits.",
                "The answer comes sooner than it should.",
                "The answer names a person whom {hero} has lost.",
            ),
            Move(
                "{hero} searches old papers for proof that the answer can be true.",
                "A page is missing, torn out long ago.",
                "{hero} knows who must have torn it out.",
            ),
            Move(
                "{ally} follows {hero} and sees what happens.",
                "{ally} steps out of hiding instead of running away.",
                "{hero} and {ally} share the secret.",
            ),
            Move(
                "{hero} and {ally} agree on rules for using the discovery.",
                "They cannot agree on the last rule.",
                "They leave the last rule open, and shake hands.",
            ),
        ),
    ),
    Stage(
        "No Way Back",
        "The secret does not stay small; {hero} crosses a line and cannot return.",
        (
            Move(
                "{rival} comes with friendly questions and looks around too carefully.",
                "{rival} already knows one thing that nobody told.",
                "{hero} moves the discovery to a safer place.",
            ),
            Move(
                "{ally} uses the discovery alone, against the rules, for someone in need.",
                "It works, and it has a price.",
                "{ally} confesses and {hero} is angry.",
            ),
            Move(
                "{hero} tries to give the discovery back and be rid of it.",
                "It will not be given back.",
                "{hero} understands that the old life is over.",
            ),
            Move(
                "{hero} and {ally} leave familiar ground to find where it all began.",
                "Somebody has been there before them.",
                "They find the first trace of a larger story.",
            ),
        ),
    ),
    Stage(
        "Strangers and Friends",
        "{hero} learns who can be trusted, and that {rival} wants the same thing.",
        (
            Move(
                "{hero} asks an old acquaintance for help.",
                "The acquaintance is afraid of the very name.",
                "{hero} gets half of the help, and a warning.",
            ),
            Move(
                "{rival} offers {hero} a bargain.",
                "The bargain is fair, which makes it worse.",
                "{hero} asks for a night to think.",
            ),
            Move(
                "{ally} finds out what {rival} did years ago.",
                "It was done out of grief, not greed.",
                "{ally} pities {rival} and tells nobody.",
            ),
            Move(
                "{hero} refuses the bargain in front of witnesses.",
                "{rival} laughs and then stops laughing.",
                "They part as enemies.",
            ),
        ),
    ),
    Stage(
        "Small Victories",
        "For a while everything succeeds, and {hero} begins to hope.",
        (
            Move(
                "{hero} uses the discovery to put right an old wrong.",
                "The wronged person does not want thanks, only to be asked.",
                "{hero} sleeps well for the first time.",
            ),
            Move(
                "{hero} and {ally} celebrate with what little they have.",
                "{ally} says aloud what both have been thinking.",
                "They are more than allies now.",
            ),
            Move(
                "{hero} teaches {ally} the part that only {hero} could do.",
                "{ally} does it better.",
                "{hero} is proud, and a little afraid.",
            ),
            Move(
                "{rival} watches from a distance and makes a plan.",
                "The plan needs one person to break a promise.",
                "{rival} knows which person that will be.",
            ),
        ),
    ),
    Stage(
        "The Price",
        "The discovery takes something for everything it gives.",
        (
            Move(
                "{hero} notices that something precious has begun to fade.",
                "The fading keeps time with the answers.",
                "{hero} counts how much is left.",
            ),
            Move(
                "{hero} hides the price from {ally}.",
                "{ally} has already guessed it.",
                "They quarrel, and say what cannot be unsaid.",
            ),
            Move(
                "{ally} goes alone to learn how the price can be paid in another coin.",
                "It can, but only by someone who is loved.",
                "{ally} comes back silent.",
            ),
            Move(
                "{hero} swears never to use the discovery again.",
                "A cry for help comes within the hour.",
                "{hero} breaks the oath.",
            ),
        ),
    ),
    Stage(
        "What Lies Beneath",
        "At the middle of the story the truth about the beginning comes to light.",
        (
            Move(
                "{hero} opens what has been locked for years.",
                "Inside is a letter in a familiar hand.",
                "{hero} reads the first line again and again.",
            ),
            Move(
                "{hero} reads the whole letter to {ally}.",
                "It was never written to {hero}.",
                "They know now whom it was meant for.",
            ),
            Move(
                "{rival} is told the truth and does not believe it.",
                "One small thing in the letter nobody else could know.",
                "{rival} weeps, and hates {hero} for seeing it.",
            ),
            Move(
                "{hero} stands where it all began and understands the discovery.",
                "It is not a gift but a question.",
                "{hero} knows what the answer will cost.",
            ),
        ),
    ),
    Stage(
        "Broken Promises",
        "{rival} strikes, a promise is broken, and {hero} stands alone.",
        (
            Move(
                "{rival} turns the neighbours against {hero}.",
                "An old friend is the first to throw a stone.",
                "{hero} shuts the door and puts out the light.",
            ),
            Move(
                "{ally} is made to choose between {hero} and home.",
                "{ally} chooses home.",
                "{hero} lets {ally} go without a word.",
            ),
            Move(
                "{rival} takes the discovery by night.",
                "It lets itself be taken.",
                "{hero} wakes to an empty place.",
            ),
            Move(
                "{hero} walks through the place that used to be home and says goodbye to it.",
                "A child asks the one right question.",
                "{hero} turns around.",
            ),
        ),
    ),
    Stage(
        "The Longest Night",
        "All seems lost, and {hero} finds out what remains when everything is gone.",
        (
            Move(
                "{hero} goes after {rival} without help and without a plan.",
                "The weather turns.",
                "{hero} is lost before midnight.",
            ),
            Move(
                "{rival} asks the discovery the one question that matters.",
                "It gives the same answer that it gave to {hero}.",
                "{rival} is more alone than before.",
            ),
            Move(
                "{ally} regrets the choice and sets out to find {hero}.",
                "Someone unexpected comes along and carries the lamp.",
                "They follow the tracks into the dark.",
            ),
            Move(
                "{hero} is near giving up and remembers the lost person's last words.",
                "The words mean something else than {hero} always thought.",
                "{hero} stands up and goes on.",
            ),
        ),
    ),
    Stage(
        "Together Again",
        "Those who were parted find each other and make a last plan.",
        (
            Move(
                "{ally} finds {hero} at daybreak.",
                "Neither of them needs to say sorry.",
                "They warm their hands at one cup.",
            ),
            Move(
                "{hero} and {ally} lay a plan that needs {rival} to do one good thing.",
                "They have no reason to expect it.",
                "They decide to expect it all the same.",
            ),
            Move(
                "{hero} asks the neighbours for help and tells them everything.",
                "The one who threw the stone steps forward first.",
                "They come along, with ropes and lanterns.",
            ),
            Move(
                "{hero} writes down what must not be forgotten, in case nobody returns.",
                "There is only one name to put at the top.",
                "{hero} leaves the page on the table and goes out.",
            ),
        ),
    ),
    Stage(
        "The Last Question",
        "{hero} and {rival} meet where it all began, and one of them pays.",
        (
            Move(
                "{hero} comes to the place of the beginning and finds {rival} waiting.",
                "{rival} is not armed, only tired.",
                "They sit down side by side.",
            ),
            Move(
                "{rival} asks {hero} to give the last answer.",
                "{hero} does not know it, and says so.",
                "{rival} believes a word of {hero}'s for the first time.",
            ),
            Move(
                "The danger breaks loose and {ally} is caught in it.",
                "{rival} does the one good thing.",
                "{ally} is saved, and {rival} is gone.",
            ),
            Move(
                "{hero} gives the answer that costs the most.",
                "The discovery falls silent.",
                "It is over, and the morning comes.",
            ),
        ),
    ),
    Stage(
        "What Remains",
        "The quiet after the end: what was lost, what was kept, what begins.",
        (
            Move(
                "{hero} and {ally} bury what must be buried.",
                "More people have come than they expected.",
                "Somebody begins to sing.",
            ),
            Move(
                "{hero} puts the house in order and finds a thing that {rival} left behind.",
                "It is addressed to {hero}.",
                "{hero} keeps it unopened for now.",
            ),
            Move(
                "{ally} asks what they will do with the time that is left.",
                "{hero} has thought of nothing else.",
                "They make one small, cheerful plan.",
            ),
            Move(
                "{hero} goes to the place of the discovery one last time.",
                "There is nothing there, and that is enough.",
                "{hero} turns toward home, where a light is burning.",
            ),
        ),
    ),
)

ROLES = (
    ("the main character", "to understand what has happened", "holds back the truth"),
    ("the friend who follows", "to be trusted with the secret", "acts before thinking"),
    ("the rival", "to have back what was lost", "cannot forgive"),
    ("the neighbour who watches", "that everything stays as it is", "cannot keep a secret"),
)
"""Role, want and flaw of the first members of a cast."""

BRIDGES = (
    Move(
        "{hero} walks alone and goes over everything once more.",
        "One detail does not fit.",
        "{hero} hurries back to look again.",
    ),
    Move(
        "{ally} tells {hero} a story from the time before they met.",
        "The story is not finished.",
        "{hero} does not ask for its end.",
    ),
    Move(
        "{rival} receives a visitor who wants to stay unseen.",
        "The visitor brings a warning.",
        "{rival} burns a note and says nothing.",
    ),
    Move(
        "{hero} and {ally} wait through a long evening for news.",
        "The news comes from the wrong side.",
        "They leave the house together.",
    ),
)
"""Moves for chapters with more scenes than their stage has moves."""

VOICES = ("speaks little and plainly", "speaks fast and asks a lot", "speaks softly, never twice")

PLACES = ("the old house", "the path along the edge", "the square", "the room under the roof")

HOOKS = (
    "A page is torn out of an old book, and somebody kept it.",
    "A lamp that nobody lights is burning in the window.",
    "A promise is made with a handshake, and one rule is left open.",
    "A key is found that fits no door in the house.",
)


def stage_of(chapter: int, chapters: int) -> Stage:
    """The stage that a chapter of a book of that many chapters is at; both counted from 1.

    A short book skips stages, a long one stays longer in each; the first and the last chapter
    are always the beginning and the end.
    """
    if chapters == 1:
        return STAGES[0]
    return STAGES[round((chapter - 1) * (len(STAGES) - 1) / (chapters - 1))]


def turn_of_stage(chapter: int, chapters: int) -> int:
    """How many chapters before this one are at the same stage."""
    stage = stage_of(chapter, chapters)
    return sum(stage_of(n, chapters) is stage for n in range(1, chapter))


def move_of(stage: Stage, scene: int, scenes: int) -> Move:
    """The move of a scene in its chapter; both counted from 1.

    A chapter with fewer scenes than its stage has moves keeps the last one, which leads on; one
    with more puts bridges before it.
    """
    moves = stage.moves
    if scene == scenes:
        return moves[-1]
    if scene < len(moves):
        return moves[scene - 1]
    return BRIDGES[(scene - len(moves)) % len(BRIDGES)]


def cast_in(text: str, names: tuple[str, ...], turn: int = 0) -> str:
    """A line of the scaffold with the names of a cast.

    Args:
        text: The line.
        names: The cast, the main character first; a small cast plays several parts.
        turn: Moves the parts on by so many people, for chapters that share a stage.
    """
    parts = {
        part: names[(n + turn) % len(names)] for n, part in enumerate(("hero", "ally", "rival"))
    }
    return text.format(**parts)
