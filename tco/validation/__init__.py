"""Validation: the simulator against what was measured."""
