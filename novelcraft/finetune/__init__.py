"""Training of narrators: what a run will cost, the run itself, and what comes out of it.

The one room that may load torch and its kin, and it loads them only inside of the functions that
train: settings, plans and estimates work without them.
"""
