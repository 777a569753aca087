"""Routers that look at complexity or at answers: their ends are the single models, their middle is worked by hand."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from tco.decide.compare import compare
from tco.demand.workload import draw_workload
from tco.pipeline import evaluate
from tco.policies.routing.cascade import _below
from tco.sim.run_view import RunView
from tests.laws.build import DATED
from tests.policies.routing.tiers import (
    COUNT,
    built,
    cascade,
    classifier,
    falling,
    level,
    run,
    share_of,
    split,
)

ALONE = {"weak": split(1.0), "strong": split(0.0)}
EVEN = 3 / sqrt(COUNT)  # three standard errors of a share, at most: 1.5 / sqrt(n) x 2


def same(one, other) -> bool:
    """Say whether two runs have the same stamps, outcomes and goodness of every request."""
    stamps = ("outcome", "good", "arrived_s", "started_s", "first_token_s", "finished_s")
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in stamps)


def test_a_perfect_classifier_is_the_oracle_by_complexity():
    """Every request below the edge goes to the weak tier and no other."""
    scenario = built({"guess": classifier(0.3, accuracy_fraction=1.0)})
    result = run(scenario, "guess")
    hard = np.array(result.workload.complexity()) >= 0.3

    assert [("strong",) if each else ("weak",) for each in hard] == result.tried


def test_a_classifier_that_is_right_half_the_time_is_a_random_split():
    """In its shares, and in its success: 0.5 of each level, wherever the edge is."""
    scenario = built({"guess": classifier(0.3, accuracy_fraction=0.5), "random": split(0.5)})
    guess, random = run(scenario, "guess"), run(scenario, "random")

    assert 0.5 == pytest.approx(share_of(guess, "strong"), abs=EVEN / 2)
    assert random.success_share == pytest.approx(guess.success_share, abs=EVEN / 2)


@pytest.mark.parametrize(("edge", "alone"), [(1.0, "weak"), (0.0, "strong")])
def test_a_classifier_without_a_second_level_is_one_model(edge, alone):
    """An edge of 1 finds no hard request, one of 0 no easy one: exactly the single-model option."""
    scenario = built({"guess": classifier(edge, accuracy_fraction=1.0), **ALONE})
    guess, single = run(scenario, "guess"), run(scenario, alone)

    assert same(guess, single)
    assert single.tried == guess.tried
    assert single.books[alone].input_tokens == guess.books[alone].input_tokens


def test_a_cascade_that_never_asks_on_is_its_first_tier():
    """Threshold 0: exactly the single-model option."""
    scenario = built({"climb": cascade(0.0), **ALONE})

    assert same(run(scenario, "climb"), run(scenario, "weak"))


def test_a_cascade_that_always_asks_on_is_as_good_as_its_last_tier_and_pays_both():
    """Threshold 1: 0.0005 + 0.02 a request."""
    evaluation = evaluate(built({"climb": cascade(1.0), **ALONE}))
    climb, strong = (run(evaluation.scenario, name) for name in ("climb", "strong"))

    assert strong.good.tolist() == climb.good.tolist()
    assert 0.0205 == pytest.approx(compare(evaluation)["climb"].cost_usd_per_request)


def test_the_better_answer_never_depends_on_the_option():
    """A tier answers the same request equally well wherever it is asked."""
    scenario = built({"climb": cascade(0.5), "guess": classifier(accuracy_fraction=0.8), **ALONE})
    strong = run(scenario, "strong").good
    for name in ("climb", "guess"):
        result = run(scenario, name)
        there = np.array(result.tiers)[result.served_by] == "strong"

        assert strong[there].tolist() == result.good[there].tolist()


@pytest.mark.parametrize("auc", [0.5, 0.7, 0.9])
def test_confidence_has_the_stated_auc(auc):
    """Of a good and a bad answer the good one has more confidence so often; Hanley and McNeil 1982 give the error."""
    scenario = built({"climb": cascade(0.5, auc)}, weak=level(0.6))
    workload = draw_workload(scenario)
    view = RunView(scenario, workload, {})
    good = np.array(view.good("weak"))
    rank = np.zeros(COUNT)  # how many thresholds a confidence is above
    for threshold in np.linspace(0.001, 0.999, 500):
        rank += ~np.array(_below(view, 0, "weak", auc, float(threshold)))
    above = (rank[good][:, None] > rank[~good]).mean() + 0.5 * (rank[good][:, None] == rank[~good]).mean()
    error = sqrt(auc * (1 - auc) / min(good.sum(), (~good).sum()))

    assert auc == pytest.approx(above, abs=3 * error)


@pytest.mark.parametrize("tier", ["weak", "strong"])
def test_a_tiers_success_is_the_integral_of_its_curve(tier):
    """Over even complexities the logistic integrates to ln((1 + e^(k h)) / (1 + e^(k (h - 1)))) / k."""
    half = {"weak": 0.5, "strong": 0.9}[tier]
    integral = 1 - log((1 + np.exp(6.0 * (1 - half))) / (1 + np.exp(-6.0 * half))) / 6.0

    assert integral == pytest.approx(run(built(ALONE), tier).success_share, abs=EVEN / 2)


def test_with_all_luck_shared_the_better_tier_never_fails_where_the_worse_succeeds():
    """And without shared luck it does, or the law would say nothing."""
    for share, expected in ((1.0, False), (0.0, True)):
        scenario = built(ALONE, quality={"shared_luck_share": share})
        weak, strong = run(scenario, "weak").good, run(scenario, "strong").good

        assert expected == bool(((weak == 1) & (strong == 0)).any())


def cost(router, **changes) -> float:
    """Cost of a request with a router."""
    return compare(evaluate(built({"it": router}, **changes)))["it"].cost_usd_per_request


def test_sixty_to_forty_costs_what_the_brief_says():
    """C3: 0.6 x 0.0005 + 0.4 x 0.02 = 0.0083."""
    assert 0.0083 == pytest.approx(cost(split(0.6)), rel=1e-3)


def test_an_escalated_request_pays_both():
    """0.0005 + 0.2 x 0.02 = 0.0045."""
    router = {"kind": "escalation", "first": "weak", "then": "strong", "escalated_share": 0.2}

    assert 0.0045 == pytest.approx(cost(router), rel=2e-3)


def test_a_classifier_pays_for_its_mistakes_and_its_guesses():
    """Hard from 0.7, right in 80 %: 0.7 x 0.2 + 0.3 x 0.8 = 0.38 go to the strong tier.

    0.62 x 0.0005 + 0.38 x 0.02 + 0.001 a guess = 0.00891.
    """
    decider = {"p50_s": 0.01, "p95_s": 0.02, "decision_usd_per_request": 0.001, **DATED}

    assert 0.00891 == pytest.approx(cost(classifier(0.7, accuracy_fraction=0.8, decider=decider)), rel=5e-3)


def test_a_cascades_cost_follows_from_its_two_normals():
    """AUC 0.8413 puts good and bad scores sqrt 2 apart; at 0.5 a good answer asks on with Phi(-0.7071) = 0.2398.

    Of answers that are good in 60 %: 0.6 x 0.2398 + 0.4 x 0.7602 = 0.4480 ask on; 0.0005 + 0.4480 x 0.02 = 0.00946.
    """
    assert 0.00946 == pytest.approx(cost(cascade(0.5, 0.8413447), weak=level(0.6)), rel=0.03)


def test_a_shorter_prompt_to_the_second_tier_is_billed_to_the_token():
    """1 000 tokens the first time, 400 the second, of every request."""
    scenario = built({"climb": cascade(1.0, further_prompt_share=0.4)})
    books = run(scenario, "climb").books

    assert (COUNT * 1000, COUNT * 400) == (books["weak"].input_tokens, books["strong"].input_tokens)


def test_a_confusion_matrix_sends_each_level_by_its_row():
    """Hard from 0.5; a tenth of the easy and 70 % of the hard go to the strong tier: 0.05 + 0.35 = 0.4."""
    scenario = built({"guess": classifier(0.5, confusion_shares=[[0.9, 0.1], [0.3, 0.7]])}, weak=falling(0.2, 3.0))
    result = run(scenario, "guess")
    hard = np.array(result.workload.complexity()) >= 0.5
    strong = np.array([tried == ("strong",) for tried in result.tried])

    assert 0.1 == pytest.approx(strong[~hard].mean(), abs=EVEN / 2)
    assert 0.7 == pytest.approx(strong[hard].mean(), abs=EVEN / 2)
