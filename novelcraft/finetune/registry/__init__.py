"""Which adapters there are, and which may write: the card in each folder, the gate, the look-up.

Nothing here loads torch.
"""
