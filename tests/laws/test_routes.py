"""Laws of routing through the engine: who may see a request, what a fallback changes, and what it must not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tco import evaluate
from tco.capacity.window import summarise
from tco.demand.workload import draw_workload
from tco.domain import Outcome
from tco.errors import SimulationError
from tco.policies.routing.by_sensitivity import BySensitivity
from tco.policies.routing.static import StaticSplit
from tco.scenario import Scenario
from tco.sim.engine import simulate
from tco.sim.result import SimulationResult
from tco.sim.stages import CacheStage
from tests.laws.build import api, cache, chat, gpu, rate_traffic, retrieval, scene, static

OFTEN = {"mtbf_hours": 0.02, "mttr_hours": 0.02}  # down half of the time
GOOD = {"kind": "logistic", "half_complexity": 0.8, "steepness_per_complexity": 8.0, "source": "made up"}


def chain(*tiers: str, **changes: Any) -> dict[str, Any]:
    """A fallback chain."""
    return {"kind": "chain", "tiers_in_order": list(tiers), **changes}


def run(scenario: Scenario, option: str, rate_rps: float = 2.0) -> SimulationResult:
    """Simulate an option at a rate."""
    return simulate(scenario, option, draw_workload(scenario), rate_rps)


def flaky(**changes: Any) -> dict[str, Any]:
    """An API that is down half of the time."""
    return api(outages=OFTEN, **changes)


def with_fallback(*chain_of: str, first: str = "flaky", **changes: Any) -> dict[str, Any]:
    """An option with one tier and a chain behind it."""
    return {**static(**{first: 1.0}), "fallback": chain(*chain_of, **changes)}


TIERS = {"flaky": flaky(), "steady": api(2.0, 8.0), "own": gpu()}


@pytest.fixture(scope="module")
def flaky_scene() -> Scenario:
    """An unreliable API, alone and with others behind it."""
    return scene(
        TIERS,
        {
            "alone": static(flaky=1.0),
            "chain": with_fallback("steady"),
            "steady": static(steady=1.0),
            "steady-chain": with_fallback("own", first="steady"),
            "timeouts-only": with_fallback("steady", reasons=["timed_out"]),
        },
        count=2000,
    )


def test_a_chain_answers_what_its_first_member_does_not(flaky_scene):
    """Who gets an answer alone gets the same one, to the last bit; all others get one from the chain."""
    alone, chained = run(flaky_scene, "alone"), run(flaky_scene, "chain")
    fine = alone.answered

    assert 0.2 < fine.mean() < 0.8
    assert chained.answered.all()
    assert (~fine == chained.degraded).all()
    assert (alone.finished_s[fine] == chained.finished_s[fine]).all()
    assert {("flaky", "steady")} == {tried for tried, ok in zip(chained.tried, fine.tolist(), strict=True) if not ok}


def test_a_chain_without_outages_is_its_first_member(flaky_scene):
    """Nothing falls where nothing fails."""
    alone, chained = run(flaky_scene, "steady"), run(flaky_scene, "steady-chain")

    assert (alone.finished_s == chained.finished_s).all()
    assert not chained.degraded.any()
    assert 0 == chained.books["own"].arrived


def test_a_chain_goes_on_only_for_its_reasons(flaky_scene):
    """An outage is no time-out."""
    alone, chained = run(flaky_scene, "alone"), run(flaky_scene, "timeouts-only")

    assert (alone.outcome == chained.outcome).all()
    assert not chained.degraded.any()


def test_an_answer_from_before_stands_where_the_better_one_fails():
    """With a fallback, an escalation to a dead tier gives the first tier's answer, later; without one it is lost."""
    dead = api(outages={"mtbf_hours": 1e-6, "mttr_hours": 1e6})
    router = {"kind": "escalation", "first": "steady", "then": "dead", "escalated_share": 1.0}
    options = {
        "lost": {"router": router, "people": {}},
        "kept": {"router": router, "people": {}, "fallback": chain("dead", "steady")},
        "first": static(steady=1.0),
    }
    model = scene({"steady": api(), "dead": dead}, options, count=500)
    lost, kept, first = run(model, "lost"), run(model, "kept"), run(model, "first")

    assert {Outcome.FAILED} == set(lost.outcome.tolist())
    assert {Outcome.COMPLETED} == set(kept.outcome.tolist())
    assert kept.degraded.all()
    assert (kept.served_by == kept.tiers.index("steady")).all()
    assert (kept.finished_s >= first.finished_s - 1e-9).all()
    assert (kept.first_token_s == kept.finished_s).all()


SECRET = {"open": chat(0.5), "secret": chat(0.5, sensitive=True)}


def sensitive_scene() -> Scenario:
    """Half of the requests must stay at home, whose fleet breaks and turns away."""
    own = gpu(failures={"mtbf_hours": 0.02, "mttr_hours": 0.02}, max_queue_requests=0, server={"max_sequences": 1})
    split = {
        "kind": "by_sensitivity",
        "sensitive": {"kind": "static", "shares": {"own": 1.0}},
        "otherwise": {"kind": "static", "shares": {"cloud": 1.0}},
    }
    spill = {"kind": "spill_over", "first": "own", "then": "cloud", "full_at_requests": 1}
    options = {
        "split": {"router": split, "people": {}, "fallback": chain("cloud", "own")},
        "spill": {"router": spill, "people": {}, "fallback": chain("cloud")},
    }
    return scene({"own": own, "cloud": api()}, options, classes=SECRET, count=2000)


@pytest.mark.parametrize("option", ["split", "spill"])
def test_sensitive_requests_never_leave_own_hardware(option):
    """Not by the router, not when the fleet is full, not by the fallback."""
    result = run(sensitive_scene(), option)
    secret = (result.workload.class_index == 1).tolist()
    went = {tier for tried, hidden in zip(result.tried, secret, strict=True) if hidden for tier in tried}

    assert {"own"} == went
    assert result.books["cloud"].arrived > 500


def test_a_policy_that_lets_them_out_is_caught(monkeypatch):
    """The same, planted in the policy."""
    model = sensitive_scene()
    monkeypatch.setattr(BySensitivity, "start", StaticSplit(shares={"cloud": 1.0}).start)

    with pytest.raises(SimulationError, match="sensitive, was sent to cloud"):
        run(model, "split")


def test_spill_over_at_no_load_is_the_first_tier_and_at_high_load_both():
    """A fleet that is never full takes all; one that is full sends the rest on, and nobody waits long."""
    spill = {"kind": "spill_over", "first": "own", "then": "cloud", "full_at_requests": 4}
    model = scene(
        {"own": gpu(), "cloud": api()}, {"it": {"router": spill, "people": {}}, "own": static(own=1.0)}, count=2000
    )
    quiet, busy = run(model, "it", 0.05), run(model, "it", 20.0)

    assert 0 == quiet.books["cloud"].arrived
    assert (quiet.finished_s == run(model, "own", 0.05).finished_s).all()
    assert 0.2 < busy.books["cloud"].arrived / 2000 < 0.98


def test_rules_answer_at_once_and_write_no_tokens():
    """The path without a model takes its own time, holds nobody up, and bills answers, not tokens."""
    dated = {"source": "made up", "source_date": "2026-11-24"}
    rules = {
        "kind": "rules", "latency": {"p50_s": 0.01, "p95_s": 0.02},
        "price": {"request_usd_per_request": 0.001, **dated},
    }  # fmt: skip
    model = scene(
        {"rules": rules, "own": gpu()}, {"it": static(rules=0.4, own=0.6), "own": static(own=1.0)}, count=1000
    )
    result = run(model, "it", 50.0)
    mine = result.served_by == result.tiers.index("rules")

    assert abs(mine.mean() - 0.4) <= 2 / 1000
    assert 0 == result.books["rules"].input_tokens == result.books["rules"].output_tokens
    assert 0.009 < float(np.median((result.finished_s - result.arrived_s)[mine])) < 0.011
    lines = evaluate(model).ledger.query("option == 'it' and account == 'serving:rules'")
    assert [pytest.approx(150_000 * 0.4 * 0.001, rel=0.01)] == lines["cost_usd"].tolist()


def test_products_get_their_own_tier_in_their_shares():
    """A fifth of the customers pays, and only they see the dear tier; the same fifth in every option."""
    router = {
        "kind": "by_product",
        "products": {"paid": {"kind": "static", "shares": {"dear": 1.0}}},
        "otherwise": {"kind": "static", "shares": {"cheap": 1.0}},
    }
    model = scene(
        {"dear": api(), "cheap": api()},
        {"it": {"router": router, "people": {}}, "cheap": static(cheap=1.0)},
        count=2000,
        traffic={**rate_traffic(1.0), "product_shares": {"free": 0.8, "paid": 0.2}},
    )
    result = run(model, "it")
    paid = np.array(result.workload.products()) == "paid"

    assert abs(paid.mean() - 0.2) <= 2 / 2000
    assert (paid == (result.served_by == result.tiers.index("dear"))).all()


def secret_cache(**changes: Any) -> dict[str, Any]:
    """A cache and a vector store that half of the requests must not see, unless they are on own hardware."""
    return {**static(own=1.0), "cache": cache(0.3, **changes), "retrieval": retrieval(**changes)}


def test_sensitive_requests_go_past_a_cache_that_is_not_own():
    """A class that is not cacheable is never looked up, nor kept; its tokens are not embedded, nor billed."""
    classes = {"open": chat(0.5), "secret": chat(0.5, sensitive=True, cacheable=False)}
    option = {**static(own=1.0), "cache": cache(0.3)}
    model = scene({"own": gpu()}, {"it": option}, classes=classes, count=2000)
    result = run(model, "it")
    looked_up = ~np.isnan(result.reached_s["cache"])
    window = summarise(model, result)

    assert (looked_up == (result.workload.class_index == 0)).all()
    assert float(result.workload.input_tokens[looked_up].sum()) / 2000 == window.lookup_tokens_per_request


def test_what_is_on_own_hardware_may_see_sensitive_requests():
    """Cache and vector store of the team's own."""
    model = scene({"own": gpu()}, {"it": secret_cache(on_own_hardware=True)}, classes=SECRET, count=500)

    assert run(model, "it").answered.all()


def test_a_cache_that_is_shown_sensitive_requests_is_refused():
    """By name, with what to write instead."""
    with pytest.raises(ValidationError) as told:
        scene({"own": gpu()}, {"it": secret_cache()}, classes=SECRET)

    assert "the cache is not on_own_hardware" in str(told.value)
    assert "the vector database is not on_own_hardware" in str(told.value)


def test_a_stage_that_is_shown_one_all_the_same_is_caught(monkeypatch):
    """The same, planted in the stage."""
    model = scene({"own": gpu()}, {"it": secret_cache(on_own_hardware=True)}, classes=SECRET, count=500)
    monkeypatch.setattr(CacheStage, "keeps_data", lambda _stage, _call: False)

    with pytest.raises(SimulationError, match="sensitive, was shown to cache"):
        run(model, "it")
