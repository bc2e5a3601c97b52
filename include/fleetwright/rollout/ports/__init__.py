"""What a rollout needs from the world, as Protocols and the values that they speak in."""
