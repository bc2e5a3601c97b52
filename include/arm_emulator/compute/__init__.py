"""Microsoft.Compute: scale sets and their instances."""
