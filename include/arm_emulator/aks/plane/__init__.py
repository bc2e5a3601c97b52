"""The management plane of AKS: routes and bodies of clusters, agent pools and maintenance configurations."""
