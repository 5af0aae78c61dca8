"""Training of narrators: what a run will cost, the run itself, and what comes out of it.

The one package that may load torch and its kin. `models`, `attach` and modules of `training`,
`evaluation`, `sparse` and `serving` load them when they are imported, so the rest of the program
imports these only inside the functions that need them; it starts a run or an evaluation as a
process of its own. Everything else loads none: settings, data, plans, cards and reports work
without them.
"""

import logging

# On a processor bitsandbytes tells everybody, in words of failure, of a faster kernel that it would
# fetch from a hub. What really fails, it raises.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
