"""Formats: ways to render a document. One file a format."""
