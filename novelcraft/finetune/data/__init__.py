"""What a run learns from, as tokens: rows, pairs of scenes, labelled scenes.

Nothing here loads torch.
"""
