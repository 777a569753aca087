"""Simulation: requests walk a graph of stations, one event at a time. The only home of SimPy."""
