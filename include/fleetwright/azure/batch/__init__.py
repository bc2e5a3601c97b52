"""Azure Batch pools: their models on the management plane, their nodes on the data plane of their account."""
