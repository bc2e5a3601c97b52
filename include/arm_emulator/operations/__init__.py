"""Long-running operations and their polls."""
