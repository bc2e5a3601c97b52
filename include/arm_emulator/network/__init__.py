"""Microsoft.Network: the load balancers whose probes scale sets use."""
