"""Caches that remember: their hits follow from what was asked, and agree with theory and with long replays."""

from __future__ import annotations

from collections import OrderedDict
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.policies.caching import Found
from tco.policies.caching.exact import ExactCache
from tco.policies.caching.popularity import SECONDS_PER_DAY, Popularity
from tco.policies.caching.recency import Recency
from tco.policies.caching.semantic import SemanticHits
from tco.policies.caching.similarity import Similarity
from tco.policies.caching.steady import Bounds, steady_state
from tco.rng import Streams

COUNT = 20_000


class Chances:
    """A view that knows chances only."""

    def __init__(self, count: int = COUNT, seed: int = 1) -> None:
        self.streams, self.count = Streams(seed), count

    def uniforms(self, purpose, attempt=0):
        """Chances of the requests."""
        return self.uniform_array(purpose, attempt).tolist()

    def uniform_array(self, purpose, attempt=0):
        """The same as an array."""
        return self.streams.uniform(purpose, self.count, attempt)

    def generator(self, purpose):
        """Chance of what is not tied to a request."""
        return self.streams.generator(purpose)


def popularity(**changes):
    """A thousand questions."""
    return Popularity(**{"questions": 1000, "exponent": 0.9, "source": "made up", **changes})


def exact(of=None, **changes):
    """An exact cache without bounds."""
    return ExactCache(popularity=popularity(**(of or {})), **changes)


def semantic(threshold, of=None, **changes):
    """A semantic cache for questions that are asked in other words."""
    words = {"same_words_share": 0.1, **(of or {})}
    return SemanticHits(popularity=popularity(**words), threshold=threshold, **changes)


def play(policy, rate_rps, view):
    """What each of evenly spaced requests finds; what it does not find is stored at once."""
    state, found = policy.start(view, rate_rps), []
    for request in range(view.count):
        now_s = (request + 1) / rate_rps
        found.append(state.look(request, now_s))
        if found[-1] is Found.NOTHING:
            state.store(request, now_s)
    return np.array([what is Found.ANSWER for what in found]), np.array([what is Found.WRONG_ANSWER for what in found])


def hits(policy, rate_rps=1.0, view=None):
    """Which requests hit."""
    return play(policy, rate_rps, view or Chances())[0]


def characteristic_s(rates_rps, capacity, unique_rps=0.0):
    """Che's characteristic time: by then, as many different questions are asked as there is room for; by bisection."""
    low, high = 0.0, 1e12
    for _ in range(200):
        middle = (low + high) / 2
        inside = -np.expm1(-rates_rps * middle).sum() + unique_rps * middle
        low, high = (middle, high) if inside < capacity else (low, middle)
    return low


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.1])
@pytest.mark.parametrize("capacity", [20, 200, 700])
@pytest.mark.parametrize("unique_share", [0.0, 0.3])
def test_the_least_recently_used_obey_che(exponent, capacity, unique_share):
    """Hit share within 1 % of Che's approximation, from the first request on."""
    of = {"exponent": exponent, "unique_share": unique_share}
    shares = popularity(**of).shares() * (1 - unique_share)
    expected = float(shares @ -np.expm1(-shares * characteristic_s(shares, capacity, unique_share)))

    assert expected == pytest.approx(hits(exact(of, capacity_entries=capacity)).mean(), abs=0.01)


@pytest.mark.parametrize("fault", [{"filled_for_days": 0.0}, {"capacity_entries": 400}])
def test_che_sees_a_cache_that_begins_empty_or_is_too_small(fault):
    """Planted faults: either is further off than the tolerance allows."""
    shares = popularity().shares()
    expected = float(shares @ -np.expm1(-shares * characteristic_s(shares, 700)))
    planted = hits(exact(**{"capacity_entries": 700, **fault}), view=Chances(3_000))

    assert expected - planted.mean() > 0.03


@pytest.mark.parametrize("ttl_s", [100.0, 3_000.0])
@pytest.mark.parametrize("rate_rps", [1.0, 5.0])
def test_expiry_obeys_theory(ttl_s, rate_rps):
    """1 - e^(-lambda T) where each use renews the life, lambda T / (1 + lambda T) where only storing does."""
    shares = popularity().shares()
    asked = shares * rate_rps * ttl_s
    view = Chances()

    assert shares @ -np.expm1(-asked) == pytest.approx(
        hits(exact(ttl_s=ttl_s, ttl_from="use"), rate_rps, view).mean(), abs=0.01
    )
    assert shares @ (asked / (1 + asked)) == pytest.approx(hits(exact(ttl_s=ttl_s), rate_rps, view).mean(), abs=0.01)


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_drift_obeys_theory(share):
    """A question is still the same at the next request with chance lambda / (lambda + mu)."""
    rate_rps, of = 0.01, {"replaced_share_per_day": share}
    shares, drift = popularity().shares(), popularity(**of).replaced_per_s

    assert shares @ (shares * rate_rps / (shares * rate_rps + drift)) == pytest.approx(
        hits(exact(of), rate_rps).mean(), abs=0.01
    )


def replay(of, rate_rps, *, ttl_s, from_use, capacity, count=400_000, warm=200_000):
    """Hit share of a long run from an empty cache, one request after the other, questions by generation."""
    chance = np.random.default_rng(7)
    questions = chance.choice(of.questions, count, p=of.shares())
    unique = chance.random(count) < of.unique_share
    gaps = chance.standard_exponential(count) / rate_rps
    times = np.cumsum(gaps)
    generation, since = np.zeros(of.questions, int), np.zeros(of.questions)
    entries: OrderedDict[tuple[int, int], float] = OrderedDict()
    hit = 0
    for request in range(count):
        now, question = times[request], int(questions[request])
        generation[question] += chance.poisson(of.replaced_per_s * (now - since[question]))
        since[question] = now
        key = (-1, request) if unique[request] else (question, int(generation[question]))
        born = entries.get(key)
        fine = born is not None and now - born < ttl_s
        hit += fine and request >= warm
        entries[key] = born if fine and not from_use else now
        entries.move_to_end(key)
        if len(entries) > capacity:
            entries.popitem(last=False)
    return hit / (count - warm)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "bounds"),
    [
        ({"unique_share": 0.2}, {"capacity": 300}),
        ({"replaced_share_per_day": 0.9, "unique_share": 0.1}, {"capacity": 300}),
        ({}, {"capacity": 300, "ttl_s": 20_000.0, "from_use": True}),
        ({}, {"capacity": 300, "ttl_s": 40_000.0}),
        ({"replaced_share_per_day": 0.9}, {"capacity": 1_000_000, "ttl_s": 40_000.0}),
    ],
)
def test_the_state_drawn_is_that_of_a_long_replay(of, bounds):
    """Within 1.5 points of a run of 400 000 requests from an empty cache, in every combination of bounds."""
    bounds = {"ttl_s": inf, "from_use": False, **bounds}
    expected = replay(popularity(**of), 0.05, **bounds)
    ttl_s, ttl_from = bounds["ttl_s"], "use" if bounds["from_use"] else "storing"
    policy = exact(of, capacity_entries=bounds["capacity"], ttl_s=None if ttl_s == inf else ttl_s, ttl_from=ttl_from)

    assert expected == pytest.approx(hits(policy, 0.05).mean(), abs=0.015)


@pytest.mark.parametrize("policy", [exact({"same_words_share": 0.6}), semantic(1.0, {"same_words_share": 0.6})])
def test_no_bounds_and_threshold_one_are_exact_repetition(policy):
    """From an empty cache: a hit is a request whose question came before and which comes in the same words."""
    view = Chances(5_000)
    policy = policy.model_copy(update={"filled_for_days": 0.0})
    asked = policy.popularity.asked(view)
    _, first = np.unique(asked, return_index=True)
    again = ~np.isin(np.arange(5_000), first)
    expected = again & (np.array(view.uniforms("repeat", 1)) < 0.6)

    np.testing.assert_array_equal(expected, hits(policy, view=view))


def test_without_bounds_every_repeated_question_is_known():
    """A cache that was filled for ever misses what is unique, exactly."""
    policy = exact({"unique_share": 0.25})

    assert 0.75 == pytest.approx(hits(policy).mean(), abs=1 / COUNT)


# The laws are exact, request by request, where the life of an answer begins anew with each use.
bounded = st.fixed_dictionaries(
    {
        "of": st.fixed_dictionaries(
            {
                "exponent": st.sampled_from([0.0, 0.8, 1.3]),
                "unique_share": st.sampled_from([0.0, 0.2]),
                "replaced_share_per_day": st.sampled_from([0.0, 0.5]),
            }
        ),
        "capacity_entries": st.integers(1, 900),
        "ttl_s": st.floats(10.0, 1e5),
        "ttl_from": st.just("use"),
    }
)


@settings(max_examples=15, deadline=None)
@given(given_=bounded, more=st.floats(1.0, 10.0), seed=st.integers(0, 99))
def test_more_room_longer_life_or_more_traffic_lose_no_hit(given_, more, seed):
    """Every request that hits still hits."""
    view = Chances(2_000, seed)
    roomy = {**given_, "capacity_entries": int(given_["capacity_entries"] * more)}
    lasting = {**given_, "ttl_s": given_["ttl_s"] * more}
    fixed = {**given_, "of": {**given_["of"], "replaced_share_per_day": 0.0}}
    before = hits(exact(**given_), 0.2, view)

    assert not (before & ~hits(exact(**lasting), 0.2, view)).any()
    assert not (hits(exact(**fixed), 0.2, view) & ~hits(exact(**fixed), 0.2 * more, view)).any()
    if not given_["of"]["replaced_share_per_day"]:
        assert not (before & ~hits(exact(**roomy), 0.2, view)).any()


@settings(max_examples=15, deadline=None)
@given(ttl_s=st.floats(10.0, 1e4), more=st.floats(1.0, 10.0), seed=st.integers(0, 99))
def test_longer_life_from_storing_lowers_no_number_of_hits(ttl_s, more, seed):
    """From an empty cache: single requests may lose a hit, their number never falls."""
    view = Chances(2_000, seed)
    short, long = (hits(exact(ttl_s=life_s, filled_for_days=0.0), view=view).sum() for life_s in (ttl_s, ttl_s * more))

    assert short <= long


@settings(max_examples=15, deadline=None)
@given(low=st.floats(0.5, 1.0), high=st.floats(0.5, 1.0), seed=st.integers(0, 99))
def test_a_higher_threshold_makes_no_false_hit(low, high, seed):
    """Without limit to the entries, every false hit of the higher threshold is one of the lower."""
    view, (low, high) = Chances(2_000, seed), sorted((low, high))
    strict, loose = (play(semantic(at, filled_for_days=0.0), 1.0, view)[1] for at in (high, low))

    assert not (strict & ~loose).any()


def test_the_hit_share_grows_with_the_volume():
    """Emerges: at ten times the traffic, more answers are asked for again within their life."""
    shares = [hits(exact(ttl_s=3600.0), rate).mean() for rate in (0.01, 0.1, 1.0)]

    assert shares == sorted(shares)
    assert shares[2] > shares[0] + 0.3


def test_hits_of_a_semantic_cache_are_the_tables():
    """All known: nine in ten nearest are right, of these three quarters are near enough; of the others a quarter."""
    table = Similarity(
        right=((0.0, 0.6), (1.0, 1.0)), other=((0.0, 0.4), (1.0, 0.8)), right_nearest_share=0.9, source="made up"
    )
    right, wrong = play(semantic(0.7, {"same_words_share": 0.0}, similarity=table), 1.0, Chances())

    assert 0.9 * 0.75 == pytest.approx(right.mean(), abs=0.005)
    assert 0.1 * 0.25 == pytest.approx(wrong.mean(), abs=0.005)


def test_an_empty_cache_has_no_neighbour():
    """The first request hits nothing, however low the threshold."""
    right, wrong = play(semantic(0.0, filled_for_days=0.0), 1.0, Chances(50))

    assert not right[0]
    assert not wrong[0]
    assert (right | wrong)[1:].all()


def test_the_state_is_drawn_within_a_twentieth_of_a_second_of_memory():
    """A million questions: arrays only, no entry is built; an LRU of a hundred thousand is full."""
    of = popularity(questions=1_000_000)
    state = steady_state(of, Bounds(100_000, inf, False, inf), 1.0, Streams(1).generator("cache_state"))

    assert 100_000 == state.entries == int((state.place < 100_000).sum())


def test_recency_is_a_list_in_order_of_use():
    """Against a plain ordered dictionary that was filled beforehand."""
    chance = np.random.default_rng(3)
    cache, plain = Recency(10, 10, {question: question for question in range(10)}), OrderedDict()
    for question in reversed(range(10)):
        plain[question] = None
    for question in chance.integers(0, 25, 2_000).tolist():
        assert (question in plain) == (question in cache)
        cache.use(question)
        plain[question] = None
        plain.move_to_end(question)
        if len(plain) > 10:
            plain.popitem(last=False)
        assert len(plain) == len(cache)


def test_recency_refuses_more_than_there_is_room_for():
    """A planted fault."""
    with pytest.raises(ValueError, match="11 entries before the run, room for 10"):
        Recency(10, 11, {})


def test_drift_is_the_share_within_a_day():
    """Half of the questions are left after a day of 50 % drift."""
    assert 0.5 == pytest.approx(np.exp(-popularity(replaced_share_per_day=0.5).replaced_per_s * SECONDS_PER_DAY))
