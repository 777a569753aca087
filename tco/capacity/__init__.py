"""Capacity: fleet sizes against the SLO, and physical meters. The only bridge from seconds to months."""
