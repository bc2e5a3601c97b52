"""The state as a whole: documents, loading, time, dumping."""
