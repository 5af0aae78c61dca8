"""Training of narrators: what a run will cost, the run itself, and what comes out of it.

The one room that may load torch and its kin. `models` and modules of `training`, `evaluation`,
`preferences`, `sparse` and `serving` load them when they are imported, so the rest of the program
imports these only inside of the functions that need them; it starts a run or an evaluation as a
process of its own. `planning`, `adapters`, `registry`, `report` and the modules of this folder but
`models` load none: settings, plans, estimates, cards and reports work without them.
"""
