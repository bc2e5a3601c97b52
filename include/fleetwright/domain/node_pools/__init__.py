"""AKS node pools: what they are, which node image they should have, and whether an upgrade may begin now."""
