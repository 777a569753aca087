"""Published claims: hand-worked numbers, and the document."""
