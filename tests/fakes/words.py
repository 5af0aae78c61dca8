"""Vocabulary of the fake novelist. Slots are wide, so that no sentence comes twice in a book."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _words(
    """lantern harbour letter stair kettle ledger window rope gull tide coat gate candle
bell wharf orchard mirror shutter ladder boat hinge basket well hedge oar satchel chimney blanket
pebble doorway cellar parcel map compass barrel lamp table road bridge cliff curtain garden hammer
jar key meadow needle pocket quarry reed saddle thimble umbrella violin wagon anchor bench cradle
drawer envelope furrow glove hearth inkwell jetty loft"""
)

ADJECTIVES = _words(
    """amber brittle crooked damp empty faded grey hollow idle jagged knotted loose
mended narrow old patient quiet ragged salted tarnished uneven velvet warped yellowed blackened
cold dusty even frayed gentle heavy icy low muddy nameless pale quaint rusted silent thin unlit
vacant weathered bare chipped dim familiar green humble iron level mossy plain rough shallow tall
unmarked wooden bright copper splintered"""
)

TRANSITIVE = _words(
    """carried lifted turned studied mended watched followed folded opened counted
touched pushed gathered left held found crossed closed emptied tied dropped wrapped painted
measured searched moved dragged cleaned covered hid kept lowered marked noticed passed raised
remembered sorted swept traced weighed borrowed buried circled drew filled guarded hauled
inspected knocked loosened"""
)

INTRANSITIVE = _words(
    """waited creaked leaned rattled shifted gleamed settled trembled hung drifted
swayed stood lay groaned echoed darkened stirred cooled whispered tilted froze hummed faded sank
glowed shook rang slipped rested lingered rolled ticked thawed bent dripped shone shivered rose
loomed spun"""
)

ADVERBS = [
    "slowly",
    "carefully",
    "once again",
    "twice",
    "quietly",
    "badly",
    "at last",
    "by hand",
    "in silence",
    "without hurry",
    "for a while",
    "as before",
    "half asleep",
    "out of habit",
    "with care",
    "against advice",
    "for no reason",
    "too late",
    "patiently",
    "bluntly",
    "gently",
    "sideways",
    "evenly",
    "plainly",
    "stiffly",
    "warily",
    "calmly",
    "gravely",
    "briskly",
    "sadly",
    "softly",
    "wearily",
    "aloud",
    "alone",
]

PREPOSITIONS = _words(
    """beside behind under above beyond near against below past toward across inside
opposite around along outside beneath over"""
)

CONJUNCTIONS = _words("while until before because though since whenever once unless as")

FEELINGS = _words(
    """relief doubt hunger mercy patience shame wonder grief envy courage dread
stubbornness hope pity resolve suspicion pride regret comfort longing fury tenderness caution
malice delight"""
)

TIMES = [
    "before dawn",
    "at noon",
    "near midnight",
    "after supper",
    "next morning",
    "by evening",
    "that hour",
    "toward dusk",
    "after rain",
    "moments later",
    "days later",
    "at sunrise",
    "that autumn",
    "between storms",
    "after church",
    "by Sunday",
]

SPEECH_VERBS = _words("said asked answered whispered muttered replied called admitted insisted")

FIRST_NAMES = _words(
    """Ada Bram Clara Dov Edda Finn Greta Hugo Ines Jonas Katya Lorne Mina Nils Odile
Piers Quill Rosa Sven Tilda Ursel Viggo Wanda Xenia Yara Zeno Alma Boris Celia Dorian Elin
Fergus"""
)

LAST_NAMES = _words(
    """Abbott Berg Calder Dunne Ekman Farrow Grieve Holt Ibsen Jarvis Keane Lund Marsh
Nolan Orr Pell Quist Rowe Stroud Thorne Ulven Vane Wick Yule Ashby Birch Crane Drummond Ellery
Frost Gale Hale"""
)
