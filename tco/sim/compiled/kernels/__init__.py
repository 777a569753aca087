"""Kernels: loops over the moments of calls, compiled by numba. Nothing else imports it."""
