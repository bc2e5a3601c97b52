"""The image watch: what is new, what is announced when, and who is late."""
