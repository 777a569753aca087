"""Finance: what a path of monthly costs means: totals, present value, break-even, the build-or-buy rule."""
