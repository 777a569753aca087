"""Semantic caches against what was measured on 12 000 and 23 700 questions of CLINC150."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tco.policies.caching.similarity import CLINC150
from tests.policies.test_caches import Chances, play, semantic

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "caching"
SETTLING = 3_000  # as in docs/derivations/similarity.py

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the measured data is not here")


def rows(name):
    """Rows of a file of the folder."""
    with (FOLDER / name).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def nearest():
    """Cosine of the nearest earlier question, and whether it asks the same."""
    found = rows("nearest_previous_query_similarity.csv")
    return np.array([float(row["best_prev_cosine"] or -1) for row in found]), np.array(
        [row["same_intent"] == "1" for row in found]
    )


@pytest.fixture(scope="module")
def measured():
    """By threshold: hit rate, precision of the hits, and false-hit rate of a cache that stores what it misses."""
    return {
        float(row["threshold"]): tuple(float(row[name]) for name in ("hit_rate", "precision_of_hits", "false_hit_rate"))
        for row in rows("semantic_cache_measured_hit_rates.csv")
        if row["dataset"].startswith("clinc150")
    }


def test_a_replay_of_the_nearest_gives_the_measured_curve(nearest, measured):
    """From 0.8 on false hits within 0.1, precision within 1.2 points; never below in hits, as it stores every question.

    The measured cache stores only what it misses, so below a threshold of 0.95 its neighbours are further off.
    """
    cosine, same = (values[:12_000] for values in nearest)
    for threshold, (hit_rate, precision, false_hit_rate) in measured.items():
        hit = cosine >= threshold
        assert hit_rate <= hit.mean()
        if threshold >= 0.8:
            assert precision == pytest.approx(same[hit].mean(), abs=0.012)
            assert false_hit_rate == pytest.approx((hit & ~same).mean(), abs=0.001)
        if threshold >= 0.95:
            assert hit_rate == pytest.approx(hit.mean(), abs=0.003)


def test_the_tables_are_those_of_the_data(nearest):
    """Shares above every threshold within a point of those counted."""
    cosine, same = (values[SETTLING:] for values in nearest)

    assert CLINC150.right_nearest_share == pytest.approx(same.mean(), abs=1e-4)
    for threshold in np.arange(0.5, 1.0, 0.05):
        assert CLINC150.right_share_above(threshold) == pytest.approx((cosine[same] >= threshold).mean(), abs=0.01)
        assert CLINC150.other_share_above(threshold) == pytest.approx((cosine[~same] >= threshold).mean(), abs=0.01)


def test_the_plug_in_is_as_far_off_as_the_docs_say(measured):
    """150 questions from an empty cache: precision within 2 points from 0.8 on, hits up to 21 points too many."""
    policy = {"of": {"questions": 150, "exponent": 0.0, "same_words_share": 0.0}, "filled_for_days": 0.0}
    for threshold, (hit_rate, precision, _) in measured.items():
        right, wrong = play(semantic(threshold, **policy), 1.0, Chances(12_000))
        hits = (right | wrong).mean()
        assert hit_rate <= hits <= hit_rate + 0.21
        if threshold >= 0.8:
            assert precision == pytest.approx(right.mean() / hits, abs=0.02)
