"""An adapter in the forms that servers take, each held against what was trained."""
