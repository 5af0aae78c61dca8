"""Answers that are no scene at all: a refusal, thinking aloud, text in another script.

They are never committed, so each looks only for what no novel holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from novelcraft.tools.checks.base import CheckInput, Flaw, evidence, quote, says

OPENING = 3
"""Sentences at the beginning in which a refusal or thinking shows."""

_CANNOT = (
    r"i(?:'m| am)? (?:can't|cannot|can not|won't|will not|unable to|not able to|not comfortable|"
    r"can't help with|don't feel comfortable)"
)
_WORK = (
    r"(?:help|assist|writ\w+|generat\w+|creat\w+|produc\w+|provid\w+|continu\w+|fulfil\w*|comply|"
    r"complet\w+|engag\w+|do)"
)
_TASK = (
    r"(?:requests?|content|prompts?|scenes?|stor(?:y|ies)|passages?|chapters?|materials?|guidelines|"
    r"polic(?:y|ies)|fiction|narratives?|topics?)"
)
_REFUSAL = re.compile(
    rf"\bas an ai\b|\bi(?:'m| am) (?:just |only )?an ai\b"
    rf"|\bi(?:'m| am) (?:very |so |truly )?sorry, but (?:i|as)\b.{{0,40}}\b{_WORK}"
    rf"|\b{_CANNOT} (?:fulfil+|comply with|assist with) (?:this|that|your)\b",
    re.IGNORECASE,
)
_FIRST_REFUSAL = re.compile(
    rf"^(?:(?:i(?:'m| am) )?sorry\b|i apologi[sz]e|apologies|unfortunately)?\W{{0,2}}(?:but )?"
    rf"{_CANNOT} (?:\w+ ){{0,2}}{_WORK}\b.{{0,80}}\b{_TASK}\b"
    r"|^(?:lo siento|lamento),? (?:pero )?no puedo"
    r"|^(?:je suis )?désolée?,? (?:mais )?je ne (?:peux|suis)"
    r"|^(?:es )?tut mir leid,? (?:aber )?(?:ich kann|das kann ich|dabei kann ich)"
    r"|^mi dispiace,? (?:ma )?non posso"
    r"|^(?:sinto muito|desculpe),? (?:mas )?não posso"
    r"|^извините,? (?:но )?я не могу"
    r"|^(?:很?抱歉|对不起)，?(?:但是?)?我(?:无法|不能)"
    r"|^申し訳(?:ありません|ございません)",
    re.IGNORECASE,
)
"""So a text that refuses begins, in the languages that models are asked in most."""

_THINK_TAG = re.compile(
    r"</?(?:think|thinking|thought|reasoning|reflection)>|\[/?THINK\]|◁/?think▷"
    r"|<\|channel\|>|<\|?(?:begin|start|end)_of_thought\|?>",
    re.IGNORECASE,
)
_ALOUD = re.compile(
    r"\bthe user (?:wants|is asking|asks|asked|needs|said|says|provided|gave|requested)\b"
    r"|^(?:(?:okay|ok|alright|hmm|so|well),? )*(?:let me|let's|i need to|we need to|i should|"
    r"we should|i have to|we have to|we must) (?:\w+ ){0,3}(?:write|plan|draft|craft|think about) "
    r"(?:\w+ ){0,3}scene\b",
    re.IGNORECASE,
)

_CJK = r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\u1100-\u11ff\uf900-\ufaff]"
_SCRIPTS = {
    "Latn": r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]",
    "Cyrl": r"[\u0400-\u052f\u1c80-\u1c8f]",
    "Grek": r"[\u0370-\u03ff\u1f00-\u1fff]",
    "Hebr": r"[\u0590-\u05ff]",
    "Arab": r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]",
    "Deva": r"[\u0900-\u097f]",
    "Thai": r"[\u0e00-\u0e7f]",
    "Hans": _CJK,
    "Hant": _CJK,
    "Jpan": _CJK,
    "Kore": _CJK,
}
_LANGUAGES = {
    "Latn": "af ca cs cy da de en es et eu fi fr ga gl hr hu id is it la lt lv ms nb nl nn no pl "
    "pt ro sk sl sq sv sw tl tr vi",
    "Cyrl": "be bg mk ru uk",
    "Grek": "el",
    "Hebr": "he yi",
    "Arab": "ar fa ur",
    "Deva": "hi mr ne",
    "Thai": "th",
    "Hans": "zh",
    "Jpan": "ja",
    "Kore": "ko",
}
_SCRIPT_OF = {tag: script for script, tags in _LANGUAGES.items() for tag in tags.split()}
"""Languages that are written in one script; others are not judged."""

_LETTER = re.compile(r"[^\W\d_]")

MIN_LETTERS = 40
"""Letters below which a script is not judged."""

LEAST_SHARE = 0.5
"""Share of a text's letters that the script of its language has, at least."""


def refusal(scene: CheckInput) -> Flaw | None:
    """A text that refuses to tell the scene."""
    found = refusals(scene.text.narrated_sentences)
    found += [s for s in scene.text.sentences[:1] if says(_FIRST_REFUSAL, s)]
    if not found:
        return None
    return Flaw(
        message="The narrator refuses to write the scene.",
        evidence=evidence(found),
        constraint="Tell the story only; never speak of yourself or of the task.",
    )


def refusals(sentences: Iterable[str]) -> list[str]:
    """The sentences in which a model refuses, wherever they stand."""
    return [s for s in sentences if says(_REFUSAL, s)]


def thinking(scene: CheckInput) -> Flaw | None:
    """A text that thinks about the scene, in a think block that never ended or without one."""
    found = [m[0] for m in _THINK_TAG.finditer(scene.prose)]
    found += [s for s in scene.text.sentences[:OPENING] if says(_ALOUD, s)]
    if not found:
        return None
    return Flaw(
        message="The narrator thinks about the scene and does not tell it.",
        evidence=evidence(found),
        constraint="Begin with the first sentence of the scene itself.",
    )


def language(scene: CheckInput) -> Flaw | None:
    """A text in another script than the book's language is written in."""
    expected = script_of(scene.plan.language)
    letters = len(_LETTER.findall(scene.prose))
    if not expected or letters < MIN_LETTERS:
        return None
    share = len(re.findall(_SCRIPTS[expected], scene.prose)) / letters
    if share >= LEAST_SHARE:
        return None
    return Flaw(
        message=f"The scene is not written in the script of the book's language, "
        f"{scene.plan.language}: {share:.0%} of its letters are.",
        evidence=(quote(scene.prose),),
        constraint=f"Write in the book's language, {scene.plan.language}.",
        about=scene.brief.id,
    )


def script_of(tag: str) -> str:
    """ISO 15924 code of the script of a BCP 47 tag; empty where it may be any."""
    parts = tag.replace("_", "-").split("-")
    named = [p.title() for p in parts[1:] if p.title() in _SCRIPTS]
    return named[0] if named else _SCRIPT_OF.get(parts[0].lower(), "")
