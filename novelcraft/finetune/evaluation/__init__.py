"""What an adapter is worth: base and tuned read and write the same, and are held side by side.

`process` starts an evaluation and `reading` reads one; neither loads torch.
"""
