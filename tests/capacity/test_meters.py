"""Physical quantities of a month, worked by hand from a window of round figures."""

from __future__ import annotations

from typing import Any

import pytest

from tco.capacity.meters import read_meters
from tco.capacity.sizing import FleetPlan
from tco.capacity.window import Latency, TierWindow, Window, summarise
from tco.demand.forecast import Month
from tco.demand.workload import draw_workload
from tco.domain import Meter
from tco.pipeline import evaluate
from tco.sim.engine import simulate
from tests.laws.build import api, cache, chat, escalation, fixed, gpu, retrieval, scene, static

MONTHS = (Month(0, "2026-12", 100_000.0, 0.04, 0.1), Month(1, "2027-01", 200_000.0, 0.08, 0.2))
TIERS = {"gpu": gpu(server={"gpus_per_replica": 2}), "api": api()}


def seen(visits: float, tokens_in: float, tokens_out: float) -> TierWindow:
    """One tier, as simulated."""
    return TierWindow(visits, 0.5, tokens_in, tokens_out, None, {}, 1.0, 1.0)


def window(rate_rps: float, replicas: int, tiers: dict[str, TierWindow]) -> Window:
    """One load: three quarters of the requests pass the cache, prompts have 1 000 tokens on average."""
    latency = Latency(1.0, 1.0, 1.0)
    return Window(rate_rps, {"gpu": replicas}, 5000, 5000, latency, latency, tiers, 0.25, {}, 0.75, 1.0, 1000.0, None)


def meters(people: dict[str, float] | None = None, **option: Any) -> list[Meter]:
    """Read two months of an option that escalates, with three and then five replicas."""
    option = {**escalation(0.2, "gpu", "api"), **option, "people": people or {}}
    tiers = {"gpu": seen(0.75, 750.0, 150.0), "api": seen(0.15, 160.0, 40.0)}
    busier = {"gpu": seen(0.75, 800.0, 150.0), "api": seen(0.15, 160.0, 40.0)}
    plan = FleetPlan("it", ({"gpu": 3}, {"gpu": 5}), (0, 1), (window(0.1, 3, tiers), window(0.2, 5, busier)), (), {})
    return read_meters(scene(TIERS, {"it": option}), plan, MONTHS)


def quantities(found: list[Meter], subject: str, item: str) -> list[tuple[int, float, str]]:
    """Month, quantity and unit of one item."""
    return [
        (meter.month, meter.quantity, meter.unit) for meter in found if (meter.subject, meter.item) == (subject, item)
    ]


@pytest.mark.parametrize(
    ("subject", "item", "first", "second", "unit"),
    [
        ("tiers.gpu", "gpu_hours", 4380.0, 7300.0, "GPU-hours"),  # 3 and 5 replicas x 2 GPUs x 730 h
        ("tiers.gpu", "input_tokens", 75.0, 160.0, "Mtok"),  # 100 000 x 750 and 200 000 x 800 tokens
        ("tiers.gpu", "output_tokens", 15.0, 30.0, "Mtok"),  # 100 000 and 200 000 x 150 tokens
        ("tiers.gpu", "requests", 75_000.0, 150_000.0, "requests"),  # three quarters
        ("tiers.api", "input_tokens", 16.0, 32.0, "Mtok"),
        ("tiers.api", "output_tokens", 4.0, 8.0, "Mtok"),
        ("tiers.api", "requests", 15_000.0, 30_000.0, "requests"),
        ("options.it.cache", "lookups", 100.0, 200.0, "thousand lookups"),  # every request looks
        ("options.it.cache", "embedding_tokens", 100.0, 200.0, "Mtok"),  # 1 000 tokens of every request
        ("options.it.cache", "storage", 2.0, 2.0, "GB-months"),
        ("options.it.retrieval", "queries", 225.0, 450.0, "thousand queries"),  # 75 000 and 150 000 x 3 queries
        ("options.it.retrieval", "storage", 10.0, 10.0, "GB-months"),
    ],
)
def test_a_quantity_by_hand(subject, item, first, second, unit):
    """Each month has the volume of its own requests and the fleet of its own window."""
    found = meters(cache=cache(0.25), retrieval=retrieval(queries_per_request=3.0))

    assert [(0, first, unit), (1, second, unit)] == [
        (month, pytest.approx(quantity, rel=1e-12), name) for month, quantity, name in quantities(found, subject, item)
    ]


def test_building_is_once_and_running_is_every_month():
    """13 engineer-weeks are a quarter of a year; 1.2 engineers are a tenth of an engineer-year each month."""
    found = meters({"build_engineer_weeks": 13.0, "run_engineer_fte": 1.2})

    assert [(0, 0.25, "engineer-years")] == quantities(found, "options.it.people", "build")
    assert [0.1, 0.1] == pytest.approx([quantity for _, quantity, _ in quantities(found, "options.it.people", "run")])


def test_what_an_option_does_not_have_is_not_metered():
    """No cache, no retrieval, no people: only the tiers, and GPU-hours only of those that own GPUs."""
    found = meters()

    assert {"tiers.gpu", "tiers.api"} == {meter.subject for meter in found}
    assert [] == quantities(found, "tiers.api", "gpu_hours")


def test_every_meter_says_where_it_comes_from():
    """In words with the figures, month by month in order."""
    found = meters({"run_engineer_fte": 1.2}, cache=cache(0.25))

    assert [meter.month for meter in found] == sorted(meter.month for meter in found)
    assert {"it"} == {meter.option for meter in found}
    assert "3 replicas x 2 GPUs x 730 h, sized for 0.1 req/s" in [meter.basis for meter in found]
    assert "1.2 engineers / 12" in [meter.basis for meter in found]
    assert [] == [meter for meter in found if not meter.basis]


def test_a_window_counts_what_was_simulated():
    """A cache for a fifth, then a quarter of the rest escalated, with prompts of 100 and answers of 10 tokens."""
    classes = {"chat": chat(input_tokens=fixed(100), output_tokens=fixed(10))}
    option = {**escalation(0.25, "gpu", "api"), "cache": cache(0.2), "retrieval": retrieval()}
    tiers = {"gpu": gpu(availability_fraction=0.99), "api": api(availability_fraction=0.98)}
    scenario = scene(tiers, {"it": option}, classes=classes)
    found = summarise(scenario, simulate(scenario, "it", draw_workload(scenario), 1.0, {"gpu": 2}))

    assert (1000, 900, 0.2, {}) == (found.requests, found.judged, found.cached_share, found.unanswered)
    assert (1.0, 0.8, 100.0) == (
        found.lookups_per_request,
        found.retrievals_per_request,
        found.lookup_tokens_per_request,
    )
    assert 0.8 == found.tiers["gpu"].visits_per_request
    assert 80.0 == pytest.approx(found.tiers["gpu"].input_tokens_per_request, rel=1e-12)
    assert 8.0 == pytest.approx(found.tiers["gpu"].output_tokens_per_request, rel=1e-12)
    assert 0.2 == pytest.approx(found.tiers["api"].visits_per_request, abs=0.02)
    escalated = found.tiers["api"].visits_per_request
    assert 0.8 - escalated == pytest.approx(found.tiers["gpu"].served_share, rel=1e-12)
    assert escalated == found.tiers["api"].served_share
    # Nothing is needed by the cached fifth, one tier by the answered, both by the escalated.
    expected = 0.2 + (0.8 - escalated) * 0.99 + escalated * 0.99 * 0.98
    assert expected == pytest.approx(found.availability, rel=1e-12)


def test_availability_is_unknown_where_one_tier_is():
    """Unknown is not zero, and not one either."""
    scenario = scene({"a": api(availability_fraction=0.98), "b": api()}, {"it": static(a=0.5, b=0.5)})
    found = summarise(scenario, simulate(scenario, "it", draw_workload(scenario), 1.0, {}))

    assert found.availability is None


def test_times_of_a_station_are_no_meters():
    """A replica's seconds in the busiest hour, times the month's requests, would be nobody's seconds."""
    scaling = {"kind": "target", "target_utilisation": 0.5}
    scenario = scene({"own": gpu(scaling=scaling)}, {"it": static(own=1.0)}, count=400)
    evaluation = evaluate(scenario)
    counts = evaluation.plans["it"].windows[0].tiers["own"].counts_per_request
    items = {meter.item for meter in read_meters(scenario, evaluation.plans["it"], evaluation.months)}

    assert "replica_on_s" in counts
    assert not [item for item in items if item.endswith("_s")]


def test_a_cache_embeds_what_the_user_asks():
    """Of a prompt of 600, 400 and 50 tokens by parts, 50 are embedded; of a whole one of 300, all."""
    parts = {"system": fixed(600), "context": fixed(400), "user": fixed(50)}
    by_parts = chat(0.5, prompt=parts, output_tokens=fixed(10))
    del by_parts["input_tokens"]
    classes = {"parts": by_parts, "whole": chat(0.5, input_tokens=fixed(300), output_tokens=fixed(10))}
    scenario = scene({"api": api()}, {"it": {**static(api=1.0), "cache": cache(0.2)}}, classes=classes)
    found = summarise(scenario, simulate(scenario, "it", draw_workload(scenario), 1.0))

    assert (50 + 300) / 2 == pytest.approx(found.lookup_tokens_per_request, abs=0.3)
