"""Policies: pure decisions. No SimPy, no clock, no prices."""
