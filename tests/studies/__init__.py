"""Published cost studies, end to end."""
