"""Demand: how much traffic each month brings, and the requests that stand for it."""
