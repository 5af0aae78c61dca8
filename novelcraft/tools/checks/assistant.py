"""An assistant talks where the narrator should: offers, remarks about the scene.

Only narration is read, sentence by sentence, because characters may well say "Here is a draft of
the scene". Novels have narrators who speak of their story and their reader, so a pattern
is here only where it fits an assistant and no narrator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence, says

_PIECE = r"(?:scene|passage|excerpt|draft|version)"
_TEXT = r"(?:scene|passage|excerpt|draft|version|story|chapter|novel)"

_PATTERNS = (
    # offers and courtesies
    r"^(?:certainly|sure|of course|absolutely)[!,.]? (?:here(?:'s| is)|i(?:'d| would) be happy to)",
    rf"^here(?:'s| is) (?:the|a|an|your|my|another|one) (?:[\w-]+ ){{0,3}}{_PIECE}\b",
    rf"^here(?:'s| is) (?:the|a|an|your|my|another|one) (?:[\w-]+ ){{0,3}}{_TEXT}\b[^.!?]*:",
    r"\bi hope (?:this|that) (?:helps|meets|scene|story|works for you)",
    r"^(?:please )?let me know (?:if|what|how|whether) (?:you|this|there|i)\b",
    r"^(?:please )?feel free to\b",
    rf"^(?:now )?continue (?:the|this|your) (?:\w+ )?{_TEXT}\b",
    # lessons in writing
    rf"^(?:just |please |now )?(?:tell|write|rewrite|retell|describe|summari[sz]e|edit|shorten) "
    rf"(?:the|this|that|your|a|an) (?:\w+ )?(?:{_TEXT}|text|sentence|paragraph)\b",
    r"^(?:just |please )?(?:give me (?:more |some |another )?(?:examples?|ideas?)|add \d+)\b",
    rf"^(?:just |please )?make (?:your|the|this) (?:{_PIECE}|story|text|sentence|paragraph)\b",
    r"^be sure to (?:keep|include|use|write|add|avoid)\b",
    r"\bplease (?:edit|paste|provide|rewrite|continue|include|note)\b",
    rf"\byou (?:want|would like|wish|need) to (?:write|continue|edit|finish|end|rewrite) "
    rf"(?:the|this|a|your) {_TEXT}\b",
    r"\b(?:your|this) (?:\w+ )?(?:text|sentence|paragraph)s?\b(?=.*\b(?:you|your)\b)",
    r"\b(?:you|your)\b.*\b(?:your|this|these|each) (?:\w+ )?(?:text|sentence|paragraph)s?\b",
    r"\bparagraphs? (?:contains?|should|must)\b|\btitle case\b|\bword count\b",
    r"^here(?:'s| is| are) (?:how|what|some ways) (?:you|to) (?:can |could |might |may )?"
    r"(?:continue|start|begin|end|write|improve|go on)\b",
    r"\byou (?:can|could|might|may|should) (?:\w+ )?"
    r"(?:start|begin|continue|end|write|rewrite|open) "
    rf"(?:the|this|your) (?:next |first |last |final )?{_TEXT}\b",
    rf"\byou(?:'ll)? (?:want|need) to (?:ensure|make sure) (?:that )?(?:the|this|your) {_TEXT}\b",
    r"^this is (?:a|an|the) (?:\w+ )?(?:technique|device) (?:called|known as|of writing)\b",
    # remarks about the text
    rf"^this is an? (?:\w+ )?(?:example|excerpt|sample)\b.{{0,30}}\b{_TEXT}\b",
    rf"^(?:and )?(?:the|this) {_TEXT} (?:ends|begins|starts|continues|concludes|stops)"
    r"(?: here\b|[.!…]*$)",
    rf"^(?:and )?(?:the|this) {_TEXT} (?:ends|concludes) (?:with|when|by|as)\b",
    rf"^this {_PIECE} (?:shows|captures|highlights|explores|sets|serves|takes|ends|begins|opens|"
    r"depicts|describes|can|should|could)\b",
    r"^this (?:story|chapter|novel) (?:can be|could be|is about|is set in|explores|takes place|"
    r"highlights|has been (?:written|done))\b",
    rf"^in this (?:\w+ )?{_TEXT},",
    rf"^in the {_TEXT} above\b",
    r"\b(?:the|this|our) scene (?:ends|opens|begins|closes|fades|cuts|shifts|takes place|is set)\b",
    r"^in the (?:next|following|final|opening|last) scene,",
    r"^the following scene\b",
    r"\bwrit(?:e|ing) (?:the|this|a) scene\b",
    r"\bleav(?:es|ing) (?:the )?readers?\b",
    r"\bthe readers? (?:is|are) (?:left|invited|drawn|shown)\b",
    # exercises
    r"^(?:this|the following) (?:sentence|paragraph|passage) "
    r"(?:continues|begins|ends|completes|describes)\b",
    r"^(?:which|what) (?:of the following|sentence|word|phrase|statement)s? (?:best|most)\b",
    rf"^this is the {_TEXT} (?:after|before) the (?:previous|next|last|first)\b",
    rf"^(?:what|how|why|who|where|when)\b[^,;]* (?:in|at) the (?:beginning|middle|end) of "
    rf"(?:the|this) {_TEXT}\?$",
    # notes and end marks
    r"^[\[(]?(?:end of (?:the )?(?:scene|chapter|story)|to be continued|word count)\b",
    r"^[\[(](?:note|insert|continued|continue|end)\b",
)


def _one_of(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


_AT_START = _one_of([pattern[1:] for pattern in _PATTERNS if pattern.startswith("^")])
_ANYWHERE = _one_of([pattern for pattern in _PATTERNS if not pattern.startswith("^")])
_TALK = re.compile(rf"^(?:{_AT_START})|{_ANYWHERE}", re.IGNORECASE)
"""Those of a sentence's beginning in one group, which is tried there and not at each letter."""

_END_MARK = re.compile(r"(?:the end|the ending|fin|end)[.!]?", re.IGNORECASE)
"""A line that ends a book, and stands in the way anywhere before its last scene."""


def assistant(scene: CheckInput) -> Flaw | None:
    """An offer of help, or a remark about the scene instead of the scene."""
    found = evidence(assistant_talk(scene.text.narrated_sentences))
    last = scene.plan.scenes[-1].id == scene.brief.id
    if not last:
        ends = (p for p in scene.text.paragraphs if _END_MARK.fullmatch(p.strip("*_ ")))
        found = evidence([*found, *ends])
    if not found:
        return None
    return Flaw(
        message="The text talks about the scene, or to whoever asked for it.",
        evidence=found,
        constraint="Tell the story only; never remark on the scene, its ending or the task.",
    )


def assistant_talk(sentences: list[str]) -> Iterator[str]:
    """The sentences in which an assistant talks."""
    return (s for s in sentences if says(_TALK, s))
