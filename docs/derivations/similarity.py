"""Similarity: how near the nearest earlier question is, where it asks the same and where it asks something else.

    python docs/derivations/similarity.py ../shared/data/caching/nearest_previous_query_similarity.csv

Prints the figures of tco/policies/caching/similarity.py. The rows are 23 700 questions of 150 intents in random order,
embedded with the Universal Sentence Encoder (lite, 512 values), each against all before it. The first `SETTLING` rows,
in which intents still turn up for the first time, are left out. Needs numpy.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

SETTLING = 3_000  # 20 questions an intent
PROBABILITIES = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1)


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Cosine of the nearest earlier question (-1 for none), and whether it asks the same."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    cosine = np.array([float(row["best_prev_cosine"] or -1) for row in rows])
    return cosine, np.array([row["same_intent"] == "1" for row in rows])


def main(path: Path) -> None:
    """Print the share and both tables."""
    cosine, same = read(path)
    cosine, same = cosine[SETTLING:], same[SETTLING:]
    print(f"right_nearest_share = {same.mean():.4f}")
    for name, chosen in (("right", cosine[same]), ("other", cosine[~same])):
        print(name, [(p, round(float(np.quantile(chosen, p)), 4)) for p in PROBABILITIES])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
