"""Visits read from the stamps agree with what the stations counted themselves."""

from __future__ import annotations

import numpy as np
import pytest

from tco.demand.workload import draw_workload
from tco.sim.engine import simulate
from tco.sim.visits import inside_at, read_visits
from tests.laws.build import api, cache, escalation, gpu, retrieval, scene


@pytest.fixture(scope="module")
def result():
    """A fleet that escalates a third to a slow API, behind a cache and a vector store."""
    option = {**escalation(0.3, "own", "vendor"), "cache": cache(0.2), "retrieval": retrieval()}
    scenario = scene({"own": gpu(), "vendor": api(max_concurrency=2)}, {"all": option}, count=800)
    return simulate(scenario, "all", draw_workload(scenario), 4.0)


@pytest.mark.parametrize("tier", ["own", "vendor"])
def test_request_seconds_are_those_of_the_stations_books(result, tier):
    """The sum of all stays is the station's own integral of the number inside; no hand-over is misplaced."""
    visits = read_visits(result)[tier]

    assert result.books[tier].arrived == len(visits)
    assert result.books[tier].presence_s == pytest.approx(float((visits.left_s - visits.entered_s).sum()), rel=1e-9)


def test_a_visit_begins_after_it_came_and_ends_after_it_began(result):
    """Stamps in order, at the first tier and at the second; every service is known to have begun."""
    for visits in read_visits(result).values():
        assert (visits.entered_s <= visits.started_s).all()
        assert (visits.started_s <= visits.left_s).all()


def test_requests_wait_for_the_vendor(result):
    """With two slots for more than one request a second some of the escalated ones wait, and never more are served."""
    vendor = read_visits(result)["vendor"]
    moments = np.linspace(0, float(vendor.left_s.max()), 500)

    assert (vendor.wait_s > 0).any()
    assert 2 >= inside_at(vendor.started_s, vendor.left_s, moments).max()
