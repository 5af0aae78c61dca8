"""Acts of steering: what each kind does, where it may be taken, and what of it still holds."""
