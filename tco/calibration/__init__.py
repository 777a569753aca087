"""Calibration: from measured closed loops to the step times of a server; `kind: table` and `tco validate serving`."""
