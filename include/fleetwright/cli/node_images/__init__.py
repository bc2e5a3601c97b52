"""What the verbs do where ``--fleet`` names an AKS cluster or one of its node pools."""
