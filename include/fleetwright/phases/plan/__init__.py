"""The phases file: read, checked against Azure, suggested from the pairs of regions, shown."""
