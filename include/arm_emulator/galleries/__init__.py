"""Compute galleries: own ones with their replication, and what shared and community galleries show of them."""
