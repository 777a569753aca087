"""Report: one document, rendered for a terminal, a page or a program. The only home of rich and matplotlib."""
