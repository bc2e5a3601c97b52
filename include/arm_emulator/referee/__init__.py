"""The judge of what happened."""
