"""Azure's own interfaces of automatic OS upgrades, served for the sets that we orchestrate; a composition root."""
