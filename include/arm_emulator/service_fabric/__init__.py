"""Microsoft.ServiceFabric: the clusters whose nodes scale sets are."""
