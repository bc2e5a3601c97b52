"""One file a schema revision, numbered; a revision that was released never changes."""
