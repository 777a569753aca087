"""Break-even: crossings on step functions, prices and loads worked by hand, and the search against the plan itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tco.decide.break_even import Point, break_even_load, break_even_prices, break_even_volume, search
from tco.finance.totals import monthly_usd
from tco.finance.value import ahead
from tco.pipeline import evaluate
from tests.laws.build import DATED, fixed, flat_api, gpu, scene, static

CHAT = {"chat": {"share": 1.0, "input_tokens": fixed(300), "output_tokens": fixed(50)}}
TIERS = {"own": gpu(2.0), "bought": flat_api(0.002)}
OPTIONS = {"build": static(own=1.0), "buy": static(bought=1.0)}


def plan(**changes):
    """One replica at $1 460 a month against $0.002 a request: equal at 730 000 requests."""
    plain = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 200, "horizon_months": 2}
    return evaluate(scene(TIERS, OPTIONS, **{**plain, **changes}))


def stepped(capacity: float, step_usd: float, each_usd: float):
    """Whole replicas against a price per request."""
    return lambda volume: Point(volume, np.ceil(volume / capacity) * step_usd, volume * each_usd)


def grid(low: float, high: float) -> list[float]:
    """Volumes that double from one to the next."""
    return [low * 2.0**n for n in range(int(np.log2(high / low)) + 1)]


def test_one_crossing_is_found_to_one_per_cent():
    """1 000 fixed against 2 each: from 500 on."""
    (span,) = search(grid(1.0, 4096.0), lambda volume: Point(volume, 1000.0, 2.0 * volume))

    assert 500.0 == pytest.approx(span.low, rel=0.01)
    assert span.high is None


def test_every_step_near_the_crossing_is_told():
    """A replica of $100 carries 60 requests of $2: cheaper from 50 to 60, again from 100 to 120, 150 to 180, 200 on."""
    spans = search(grid(3.125, 400.0), stepped(60.0, 100.0, 2.0))
    found = [(span.low, span.high) for span in spans]

    assert 3 <= len(found)
    for low, high in found:
        for edge, steps in ((low, (50.0, 100.0, 150.0)), (high, (60.0, 120.0))):
            assert edge is None or any(edge == pytest.approx(step, rel=0.01) for step in steps)
    assert found[-1][1] is None


def test_cheaper_everywhere_and_nowhere():
    """No crossing gives the whole range, or nothing."""
    (everywhere,) = search(grid(1.0, 8.0), lambda volume: Point(volume, 0.0, volume))

    assert (None, None) == (everywhere.low, everywhere.high)
    assert () == search(grid(1.0, 8.0), lambda volume: Point(volume, volume + 1, volume))


@given(st.floats(1.0, 1e4), st.floats(0.01, 100.0))
@settings(max_examples=50, deadline=None)
def test_the_side_told_is_the_side_that_is_cheaper(fixed_usd, each_usd):
    """Whatever the numbers, building is cheaper at the edge that is told."""

    def at(volume):
        return Point(volume, fixed_usd, each_usd * volume)

    for span in search(grid(0.001, 1e7), at):
        assert span.low is None or at(span.low).build_is_cheaper
        assert span.low is None or not at(span.low * 0.985).build_is_cheaper


def test_volume_of_a_plan_by_hand():
    """$1 460 a month over $0.002 a request is 730 000 requests, growth none."""
    found = break_even_volume(plan(), "build", "buy")
    (first, *_) = found.spans

    assert 730_000 == pytest.approx(first.low, rel=0.011)
    assert found.lowest == pytest.approx(150_000 / 64)


def test_volume_agrees_with_the_plan_evaluated_there():
    """Just below the edge the bought option's total is lower, just above the built one's."""
    edge = break_even_volume(plan(), "build", "buy").spans[0].low
    for factor, cheaper in ((0.98, "buy"), (1.001, "build")):
        traffic = {"requests_per_month": edge * factor, "arrivals": {"kind": "poisson"}}
        there = plan(traffic=traffic)
        totals = {name: path.sum() for name, path in monthly_usd(there.ledger, there.scenario).items()}

        assert cheaper == min(totals, key=totals.get)


def test_price_factor_by_hand_and_by_repricing():
    """$2 920 for two GPU months against $600: API prices times 4.8667, and with that change both cost the same."""
    found = {price.account: price.factor for price in break_even_prices(plan().ledger, "build", "buy")}
    factor = 2920 / 600

    assert factor == pytest.approx(found["serving:api"])
    assert 600 / 2920 == pytest.approx(found["serving:gpu"])
    change = {"account": "serving:api", "from_month": "2026-12", "change_fraction": factor - 1, **DATED}
    dearer = plan(prices={"announced": [change]}, start="2026-12")
    totals = monthly_usd(dearer.ledger, dearer.scenario)
    assert totals["build"].sum() == pytest.approx(totals["buy"].sum())


def test_a_price_that_cannot_help_gives_none():
    """Where both pay the same for an account, no price of it decides."""
    lines = [("a", "people:run", 10.0, "both"), ("b", "people:run", 10.0, "both"), ("a", "serving:gpu", 5.0, "both")]
    ledger = pd.DataFrame(lines, columns=["option", "account", "cost_usd", "view"])
    found = {price.account: price.factor for price in break_even_prices(ledger, "a", "b")}

    assert found["people:run"] is None
    assert 0.0 == found["serving:gpu"]


def test_load_of_a_plan_by_hand():
    """Fixed $2 920 against $600 that grow with the traffic: 4.87 times the load."""
    assert 2920 / 600 == pytest.approx(break_even_load(plan(), "build", "buy"), rel=1e-4)
    assert break_even_load(plan(), "buy", "build") is None


def test_load_is_priced_on_the_steps_of_a_contract():
    """A vendor at $0.002 for the first 730 000 requests of a month and $0.001 above, $500 at the least: $1 460 a month.

    Costs are equal at 730 000 requests, whatever is below the minimum at 150 000; with a GPU of $4, $2 920, at
    730 000 + 1 460 000: 14.6 times the 150 000.
    """
    steps = [
        {"from_requests": 0, "request_usd_per_request": 0.002},
        {"from_requests": 730_000, "request_usd_per_request": 0.001},
    ]
    contract = {"term_months": 2, "steps": steps, "minimum_usd_per_month": 500.0, **DATED}
    tiers = {"own": gpu(4.0), "service": {**flat_api(0.0), "price": {"included_in": "contract"}}}
    options = {"build": static(own=1.0), "buy": {**static(service=1.0), "contract": contract}}
    plain = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 200, "horizon_months": 2}
    found = evaluate(scene(tiers, options, **plain))

    assert 2_190_000 / 150_000 == pytest.approx(break_even_load(found, "build", "buy"), rel=1e-4)


def test_no_load_makes_up_for_a_dearer_request():
    """Where each request costs more to serve than it costs at the vendor's, more of them never help."""
    tiers = {"own": gpu(4.0), "dear": flat_api(0.003), "bought": flat_api(0.002)}
    options = {"build": static(own=0.2, dear=0.8), "buy": static(bought=1.0)}
    plain = {"classes": CHAT, "slo": {"e2e_p95_s": 60.0}, "count": 200, "horizon_months": 2}

    assert break_even_load(evaluate(scene(tiers, options, **plain)), "build", "buy") is None


def test_spans_of_months_are_all_told():
    """A renewal in month 3 throws the option back."""
    assert [(1, 1), (3, 4)] == ahead(np.array([3.0, 1.0, 9.0, 0.0, 0.0]), np.array([2.0, 3.0, 3.0, 8.0, 3.0]))
    assert [] == ahead(np.array([2.0]), np.array([1.0]))
