"""Azure Batch: accounts, pools, and nodes that work."""
