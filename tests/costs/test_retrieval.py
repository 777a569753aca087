"""Retrieval: invoices worked by hand at the minimum's edge, the crossover against them, and who searches where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tco.costs.ledger import price_meters
from tco.costs.retrieval_crossover import cached_retrieval
from tco.decide.compare import compare
from tco.demand.workload import draw_workload
from tco.domain import Meter
from tco.pipeline import evaluate
from tco.report.charts.retrieval_crossover import retrieval_crossover
from tco.report.retrieval_notes import retrieval_notes
from tco.sim.engine import simulate
from tests.laws.build import DATED, chat, flat_api, retrieval, scene, static
from tests.scenario.texts import faults_in, plant


def index(**changes: Any) -> dict[str, Any]:
    """An ANN cache: 4 GB twice at $20, an engineer's twentieth."""
    return {
        "answered_share": 0.75, "latency": {"p50_s": 0.002, "p95_s": 0.004}, "memory_gb": 4.0, "replicas": 2,
        "price": {"memory_usd_per_gb_month": 20.0, **DATED}, "operations_engineer_fte": 0.06, **changes,
    }  # fmt: skip


def option(**changes: Any) -> dict[str, Any]:
    """An option whose requests retrieve."""
    return {**static(bought=1.0), "retrieval": retrieval(**changes)}


def it(count: int = 400, **changes: Any):
    """A scenario with the option `it`."""
    return scene({"bought": flat_api(0.0)}, {"it": option(**changes)}, count=count)


def run(*, classes: dict[str, Any] | None = None, count: int = 1000, **changes: Any):
    """Simulate an option whose requests retrieve."""
    more = {"classes": classes} if classes else {}
    scenario = scene({"bought": flat_api(0.0)}, {"it": option(**changes)}, count=count, **more)
    return simulate(scenario, "it", draw_workload(scenario), 1.0)


def invoice(thousand_queries: float) -> dict[str, float]:
    """Price a month's database use: $0.50 a thousand, 10 GB at $0.30, at least $50."""
    meters = [
        Meter("it", 0, "options.it.retrieval", "queries", thousand_queries, "thousand queries", "by hand"),
        Meter("it", 0, "options.it.retrieval", "storage", 10.0, "GB-months", "by hand"),
    ]
    return {row["item"]: row["cost_usd"] for row in price_meters(it(), meters).to_dict("records")}


def test_at_the_edge_of_the_minimum_nothing_is_topped_up():
    """94 thousand queries are $47, storage $3: $50 is the least and is reached."""
    assert {"vector queries": 47.0, "vector storage": 3.0} == pytest.approx(invoice(94.0))


def test_just_below_the_edge_the_rest_is_topped_up():
    """93 thousand queries are $46.50, storage $3: fifty cents are missing; just above, nothing is."""
    below = {"vector queries": 46.5, "vector storage": 3.0, "vector minimum, unused part": 0.5}

    assert below == pytest.approx(invoice(93.0))
    assert {"vector queries": 47.5, "vector storage": 3.0} == pytest.approx(invoice(95.0))


def test_an_invoice_with_an_ann_cache():
    """A quarter of 150 thousand queries reach the database: $18.75, storage $3, topped up to $50; memory 8 GB at $20 is
    $160; six hundredths of $260 000 a year are $1 300 a month.
    """
    ledger = evaluate(it(ann_cache=index())).ledger.set_index("item")["cost_usd"]
    expected = {
        "vector queries": 18.75, "vector storage": 3.0, "vector minimum, unused part": 28.25,
        "ANN cache memory": 160.0, "engineers, ANN cache": 1300.0,
    }  # fmt: skip

    assert expected == pytest.approx({item: ledger[item] for item in expected})
    assert 1510.0 == pytest.approx(ledger.sum())


def test_the_crossover_behind_the_minimum_by_hand():
    """$1 460 a month fixed, three quarters of $0.50 saved for each thousand: 3 893 333 retrievals."""
    assert 3_893_333.33 == pytest.approx(cached_retrieval(it(ann_cache=index()))["it"].crossover_per_month(), abs=0.01)


def test_the_crossover_while_the_minimum_holds_by_hand():
    """$10 fixed: with the cache $60 as long as its rest is below the minimum; the database alone is $60 at 114 000."""
    cheap = index(memory_gb=0.25, operations_engineer_fte=0.0)

    assert 114_000.0 == pytest.approx(cached_retrieval(it(ann_cache=cheap))["it"].crossover_per_month())


@pytest.mark.parametrize("fte", [0.0, 0.001, 0.005, 0.06, 1.0])
@pytest.mark.parametrize("share", [0.2, 0.75, 1.0])
def test_both_invoices_are_equal_at_the_crossover_and_part_behind_it(fte, share):
    """The ledger's own lines say so: equal there, the cache dearer before, cheaper behind."""
    cache = index(answered_share=share, operations_engineer_fte=fte)
    at = cached_retrieval(it(ann_cache=cache))["it"].crossover_per_month()
    fixed = 160.0 + fte * 260_000.0 / 12

    def saved(volume: float) -> float:
        return sum(invoice(volume / 1000).values()) - sum(invoice(volume * (1 - share) / 1000).values()) - fixed

    assert 0.0 == pytest.approx(saved(at), abs=1e-6)
    assert saved(at * 0.99) < 0.0 < saved(at * 1.01)


def test_a_cache_that_answers_nothing_never_pays():
    """Unknown is not zero: there is no crossover."""
    assert cached_retrieval(it(ann_cache=index(answered_share=0.0)))["it"].crossover_per_month() is None


def test_the_claim_does_not_follow_from_its_own_prices():
    """C12 claims 100 000. At C11's dearest price, $0.20, and its cheapest $200 of engineering, a cache that answers
    70 % pays from 1.43 million on; C11's slip, $900 for 150 thousand, is $6 a thousand, and makes it 47 619.
    """

    def crossover(query_usd: float) -> float | None:
        prices = {"storage_usd_per_gb_month": 0.0, "minimum_usd_per_month": 0.0, **DATED}
        bare = index(answered_share=0.7, memory_gb=10.0, replicas=1)
        scenario = it(
            price={"query_usd_per_1k_queries": query_usd, **prices}, ann_cache={**bare, "operations_engineer_fte": 0.0}
        )
        return cached_retrieval(scenario)["it"].crossover_per_month()

    assert 1_428_571 == pytest.approx(crossover(0.20), abs=1)
    assert 47_619 == pytest.approx(crossover(6.0), abs=1)


# ---------------------------------------------------------------- who searches where


def test_the_share_that_retrieves_is_exact():
    """Even draws: of 1 000 requests 300 retrieve, of which the cache answers none that the database does."""
    books = run(request_share=0.3).books

    assert 300 == books["retrieval"].arrived


def test_every_retrieval_looks_into_the_cache_and_the_rest_goes_on():
    """Of 1 000 retrievals 1 000 look, 250 go on to the database."""
    books = run(ann_cache=index()).books

    assert (1000, 250) == (books["ann"].arrived, books["retrieval"].arrived)


def test_a_class_may_have_a_share_of_its_own():
    """Small talk does not retrieve, everybody else does."""
    result = run(classes={"chat": chat(0.6), "smalltalk": chat(0.4)}, by_class={"smalltalk": 0.0})
    retrieved = ~np.isnan(result.reached_s["retrieval"])

    assert ((result.workload.class_index == 0) == retrieved).all()
    assert 600 == retrieved.sum()


def test_nobody_who_does_not_retrieve_waits_for_it():
    """A share of 0 gives the stamps of an option without retrieval, to the last bit."""
    scenario = scene({"bought": flat_api(0.0)}, {"with": option(request_share=0.0), "without": static(bought=1.0)})
    workload = draw_workload(scenario)
    one, other = (simulate(scenario, name, workload, 1.0) for name in ("with", "without"))

    assert (one.finished_s == other.finished_s).all()


def test_a_cache_that_answers_all_leaves_the_database_alone():
    """Nobody reaches it, and every request is quicker than by the database."""
    cached, alone = run(ann_cache=index(answered_share=1.0)), run()

    assert 0 == cached.books["retrieval"].arrived
    assert (cached.finished_s < alone.finished_s).mean() > 0.99


def test_more_answers_only_add_to_those_there_were():
    """Who is answered at a share is answered at any higher one."""
    low, high = (run(ann_cache=index(answered_share=share)) for share in (0.3, 0.6))

    assert (high.finished_s <= low.finished_s + 1e-9).all()


# ---------------------------------------------------------------- told


def test_the_crossover_is_told_and_drawn():
    """A note with the number and the claim, a chart in both formats."""
    evaluation = evaluate(it(ann_cache=index()))
    (note,) = retrieval_notes(evaluation)

    assert "from 3,893,333 retrievals a month on" in note
    assert "claimed: near 100,000" in note
    assert {"png", "svg"} == set(retrieval_crossover(evaluation, compare(evaluation)))


@pytest.mark.parametrize(("usd", "fte"), [(0.0, 0.0), (0.0, 0.1), (1.0, 0.0)])
def test_what_is_free_is_drawn_too(usd, fte):
    """A warning would be an error: neither a free database nor a free cache breaks the axes."""
    price = {"query_usd_per_1k_queries": usd, "storage_usd_per_gb_month": 0.0, "minimum_usd_per_month": 0.0, **DATED}
    free = index(operations_engineer_fte=fte, price={"memory_usd_per_gb_month": 0.0, **DATED})
    evaluation = evaluate(it(price=price, ann_cache=free))

    assert {"png", "svg"} == set(retrieval_crossover(evaluation, compare(evaluation)))


INDEX = """
      ann_cache:
        {answered_share: 0.5, latency: {p50_s: 0.002, p95_s: 0.004}, memory_gb: 1, price: redis/cloud-essentials,
         operations_engineer_fte: 0.1}"""
STORAGE = "latency: {p50_s: 0.02, p95_s: 0.05}\n      storage_gb: 5\n    people"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ("\n      request_share: §1.2", "allowed: at most 1"),
        ("\n      by_class: {chat: §-0.1}", "allowed: at least 0"),
        ("\n      by_class: {§chatt: 0.5}", "did you mean 'chat'"),
        (INDEX.replace("0.5", "§1.5"), "allowed: at most 1"),
        (INDEX.replace("memory_gb: 1", "memory_gb: §-1"), "allowed: at least 0"),
        (INDEX.replace("redis/cloud-essentials", "§redis/cloud-essential"), "did you mean 'redis/cloud-essentials'"),
        (INDEX.replace("0.1}", "§-0.1}"), "allowed: at least 0"),
    ],
)
def test_nonsense_is_refused_by_line(tmp_path, given, word):
    """Shares over 1, negatives and unknown names, each at its place."""
    planted = plant(STORAGE, STORAGE.replace("\n    people", f"{given}\n    people"))
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.place == (fault.line, fault.column)
    assert word in f"{fault.message} {fault.hint}"
