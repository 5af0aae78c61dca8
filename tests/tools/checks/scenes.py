"""Clean scenes, written for these tests: no check may find anything in them."""

CURLY = """\
Elias Marrow went down to the rocks before the light was out of the lamp. The storm had gone over \
in the night, and what it had left lay in the pools: weed, a broken oar, half a crate with a \
French word burned into its side. He turned the crate over with his boot.

The bottle was under it. Green glass, a cork sealed with something dark. He had thrown eleven \
bottles off the gallery since March, and none of them had been green.

“Well,” he said to nobody. “Well, now.”

He carried it up the hundred and twelve steps inside his coat, as if there were someone to hide it \
from. In the lamp room he set it on the chart table and looked at it while the kettle came to the \
boil. It was an ordinary bottle. It might have held oil once, or bad wine.

When he broke the wax the smell of the sea came out of it, and a curl of paper. He knew the hand \
before he had it flat. Nobody else had ever made an *e* like that, with its back to the wall.

*You asked whether it was cold*, she had written. *Only at first.*

Elias read it standing. Then he sat down and read it again, moving his lips. Below him the sea \
drew its breath over the stones and let it go. He thought of the two men from Audierne who had \
brought him her shawl, and how neither had wanted to sit.

“Only at first,” he said aloud, and his voice cracked on it.

Someone was calling from the foot of the stair. That would be the girl from the post office with \
the month's letters, the new one, who took the steps two at a time. He heard her boots. He folded \
the paper small, smaller than it wanted to go, and put it under the clock.

“Monsieur Marrow?” said Anna Veil, coming up into the light with her cap in her hand. She was out \
of breath and pleased about it. “I knocked. You didn’t hear?”

“The wind,” he told her.

She looked at the window, where there was no wind, and at the green glass on the table. She was \
too well brought up to look at it twice.

“There’s only the one,” she said, and held out an envelope. “From the Ministry. I thought you’d \
want it early.”

He thanked her. He did not open it until she had gone, and then he found that he had read every \
line of it without learning what it said."""

STRAIGHT = """\
Anna Veil counted the sheets twice, because Mr. Marrow had asked for forty and nobody on that \
coast wrote forty letters. The post office smelled of paste and wet wool. Outside, the carts were \
coming back empty from the harbour.

"Forty," she said. "Shall I put it on the account?"

"I'll pay." He counted coins out of a purse that had been mended with sail thread. His left sleeve \
was wet to the elbow, and it was not raining.

She tied the parcel slowly. There were things one could ask a man of fifty-eight and things one \
could not, and in three weeks at the counter she had learned that the second kind were the only \
ones worth asking. "Does the sea come up as far as your kitchen?"

Elias Marrow looked at his sleeve as if it belonged to someone else. "I dropped a bucket," he said.

"In the well?"

"In the well."

There was no well on the rock. Everybody knew that; the water went out by boat on Fridays, in \
casks, and her cousin Yves rowed it. Anna knotted the string, bit it, and pushed the parcel \
across. The old man's hand closed on it with a gentleness that surprised her.

"You have a good hand yourself," he said. "I've seen it on the forms. You make your letters so \
they can be read." He seemed about to go on. The clock over the sorting frame ticked four times, \
five, and then he touched his cap and went out, leaving the door to swing.

She watched him cross the square. He did not turn up the hill toward the inn, where the keeper \
always took his soup on market days. He went down by the chapel steps with the parcel held against \
his chest, toward the slip and his own boat, walking like a man who carries something that might \
spill.

On the counter, where his arm had rested, there was a little water. Anna put a finger in it and \
then, feeling foolish, put the finger to her tongue. Salt. Of course it was salt.

"Well, what did you think it would be?" she asked the empty room.

She turned the sign in the window. It wanted ten minutes to noon, and Madame Le Goff would be \
cross, but Madame Le Goff was always cross on Thursdays. Anna took her cloak from its nail. If he \
rowed against the tide, she would have time to reach the point before him, and from the point, she \
had been told, one could see everything that a person did."""

FIRST_PERSON = """\
I did not mean to follow him so far. The path along the cliff is no wider than a plank, and in the \
dark I kept one hand on the wet grass as though it were the mane of a horse.

Below me a lantern moved. It went out behind the boats and came back, and each time it came back I \
counted, for something to do with my fear. At nine I lay down on my stomach and looked over.

He was standing in the water to his knees. He had his coat off. He held the bottle up by its neck, \
the way my father used to hold a hare, and he spoke to it, though the sea took the words. Then he \
threw.

‘You’ll catch your death,’ I whispered, which was what my mother would have said.

For a while nothing happened. I had time to feel the stones, and to be ashamed, and to think how I \
should explain the state of my skirt. Then, a long way out, where there is nothing but the Raz and \
after the Raz nothing at all, a light answered. It was small and green. It lifted, dipped, and \
lifted again.

I have been asked since whether it might have been a boat. I tell them yes. I tell them it might \
have been anything, and I go on sorting the dogs’ licences, and I do not say that he had begun to \
laugh down there in the water, softly, like a man who is told good news in church."""

SCENES = {"curly": CURLY, "straight": STRAIGHT, "first person": FIRST_PERSON}
