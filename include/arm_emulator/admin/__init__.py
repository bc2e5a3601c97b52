"""The emulator's own routes."""
