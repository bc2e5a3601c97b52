"""AKS clusters over ARM: what they are, node images, and the cluster's own words through ``runCommand``."""
