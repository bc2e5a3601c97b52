"""The platform image catalogue, and what instances do when they boot a version."""
