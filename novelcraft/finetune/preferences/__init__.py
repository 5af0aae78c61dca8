"""Tuning on preferences: pairs of scenes by DPO, judged scenes by KTO."""
