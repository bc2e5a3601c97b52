"""The application layer of phases: how a publication is found and travels the regions, over ports."""
