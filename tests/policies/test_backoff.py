"""Backoff: waits grow by the factor up to the cap, chance takes at most its share away, and nonsense is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tco.policies.backoff import Backoff

backoffs = st.builds(
    Backoff,
    base_s=st.floats(0.01, 5.0),
    factor=st.floats(1.0, 10.0),
    cap_s=st.floats(5.0, 60.0),
    jitter_share=st.floats(0.0, 1.0),
    honour_retry_after=st.booleans(),
)


@given(backoff=backoffs, chance=st.floats(0.0, 1.0, exclude_max=True), asked_s=st.floats(0.0, 100.0))
def test_waits_do_not_shrink_and_stay_below_the_cap(backoff, chance, asked_s):
    """With the same luck each wait is at least the one before, and never above the cap plus what the vendor asks."""
    waits = [backoff.delay_s(retry, chance, asked_s) for retry in range(50)]
    asked = asked_s if backoff.honour_retry_after else 0.0

    assert waits == sorted(waits)
    assert asked + backoff.cap_s * (1 - backoff.jitter_share * chance) == pytest.approx(waits[-1]) or (
        backoff.factor < 10.0 and waits[-1] <= asked + backoff.cap_s
    )


@given(backoff=backoffs, chance=st.floats(0.0, 1.0, exclude_max=True), retry=st.integers(0, 50))
def test_chance_takes_away_at_most_its_share(backoff, chance, retry):
    """A jitter share of 0.25 leaves three quarters of the wait."""
    longest = backoff.delay_s(retry, 0.0)

    assert longest * (1 - backoff.jitter_share) <= backoff.delay_s(retry, chance) * (1 + 1e-12)
    assert backoff.delay_s(retry, chance) <= longest


def test_a_base_above_the_cap_is_refused():
    """Both values are named."""
    with pytest.raises(ValidationError, match="base_s 10 is above cap_s 8"):
        Backoff(base_s=10.0)


@pytest.mark.parametrize(("field", "value"), [("base_s", 0.0), ("factor", 0.5), ("max_retries", 51), ("cap_s", 0.0)])
def test_nonsense_is_refused(field, value):
    """No wait at all, waits that shrink, retries without end."""
    with pytest.raises(ValidationError, match=field):
        Backoff(**{field: value})
