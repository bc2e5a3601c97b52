"""ARM on the wire: from HTTP to calls and back."""
