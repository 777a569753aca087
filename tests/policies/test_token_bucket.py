"""Token bucket: never more than its definition allows, never less than it could give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tco.policies.token_bucket import TokenBucket

asks = st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(0.1, 5.0)), min_size=1, max_size=40)


def served(bucket: TokenBucket, demand: list[tuple[float, float]]) -> list[tuple[float, float, bool]]:
    """Ask in order; return time, amount and whether it was given."""
    now, found = 0.0, []
    for gap_s, amount in demand:
        now += gap_s
        given_now = bucket.short_s(amount, now) == 0.0
        if given_now:
            bucket.take(amount)
        found.append((now, amount, given_now))
    return found


@given(demand=asks, per_minute=st.floats(1.0, 200.0), capacity=st.floats(5.0, 20.0))
def test_no_stretch_of_time_gets_more_than_capacity_plus_refill(demand, per_minute, capacity):
    """Between any two times t apart at most capacity + rate x t is given."""
    given_away = [(s, a) for s, a, ok in served(TokenBucket(per_minute, capacity), demand) if ok]

    for first in range(len(given_away)):
        total = 0.0
        for last_s, amount in given_away[first:]:
            total += amount
            allowed = capacity + per_minute / 60.0 * (last_s - given_away[first][0])
            assert total <= allowed * (1 + 1e-6)


@given(demand=asks, per_minute=st.floats(1.0, 200.0), capacity=st.floats(5.0, 20.0))
def test_a_refusal_says_that_some_stretch_would_get_too_much(demand, per_minute, capacity):
    """What is refused would, given, have broken the bound of some stretch that ends there: the bucket is not stingy."""
    past: list[tuple[float, float]] = []
    for now, amount, ok in served(TokenBucket(per_minute, capacity), demand):
        if not ok:
            slack = [
                capacity + per_minute / 60.0 * (now - since) - sum(a for s, a in past if s >= since)
                for since, _ in [*past, (now, 0.0)]
            ]
            assert amount > min(slack) * (1 - 1e-6)
        else:
            past.append((now, amount))


@given(per_minute=st.floats(0.5, 1e6), capacity=st.floats(1.0, 1e6), share=st.floats(0.01, 1.0))
def test_the_wait_that_is_asked_for_is_enough(per_minute, capacity, share):
    """Who waits as long as the bucket says gets in, and who waits 1 % less does not."""
    for wait_share, enough in ((1.0, True), (0.99, False)):
        bucket = TokenBucket(per_minute, capacity)
        bucket.take(capacity)
        wait_s = bucket.short_s(share * capacity, 0.0)
        assert enough == (bucket.short_s(share * capacity, wait_share * wait_s) == 0.0)


def test_a_bucket_worked_by_hand():
    """30 a minute, room for 10: 10 at once, then one every 2 s; after a minute's pause 10 again, not 30."""
    bucket = TokenBucket(per_minute=30, capacity=10)
    bucket.take(10)

    assert 8.0 == pytest.approx(bucket.short_s(4, 0.0))
    assert 0.0 == bucket.short_s(4, 8.0)
    bucket.take(4)
    assert 0.0 == bucket.short_s(10, 68.0)
    assert 2.0 == pytest.approx(bucket.short_s(11, 68.0))
