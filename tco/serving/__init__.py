"""Serving: how long a step, a first token or an answer takes, on hardware or behind an API."""
