"""Configuration files: read with every problem and its line."""
