"""Decide: options side by side, sweeps, and what follows from them."""
