"""What options pay beside their models: a price moves its own lines only; little traffic leaves what is fixed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tco.finance.totals import through
from tco.pipeline import evaluate
from tco.scenario import Scenario
from tests.costs.bills import both_parts, traffic
from tests.laws.build import DATED, api, scene, static

TRANSFER = {"transfer_usd_per_gb": 0.09, **DATED}
OPTION: dict[str, Any] = {
    **static(bought=1.0),
    "contract": {
        "term_months": 12, "platform_usd_per_month": 100.0, "commitment_usd_per_year": 9000.0,
        "seat_usd_per_seat_month": 2.0, "upfront_share": 0.5,
        "steps": [{"from_requests": 0.0, "request_usd_per_request": 0.001}], **DATED,
    },
    "observability": {
        "price": {
            "telemetry_usd_per_1k_requests": 0.2, "ingest_usd_per_gb": 0.5, "platform_usd_per_month": 99.0,
            "retention_usd_per_gb_month": 0.1, **DATED,
        },
        "bytes_per_request": 20_000.0, "kept_months": 2,
        "evals": {"runs_per_month": 2.0, "run_samples": 10, "price": {"sample_usd_per_sample": 0.5, **DATED}},
    },
    "review": {"sampled_share": 0.01, "price": {"sample_usd_per_sample": 0.4, **DATED}},
    "migration": {
        "engineer_weeks": 1.0, "data_gb": 10.0, "transfer": TRANSFER, "lump": {"lump_usd": 500.0, **DATED},
    },
    "exit": {"engineer_weeks": 1.0, "data_gb": 20.0, "transfer": TRANSFER, "at_end": True},
    "people": {
        "build_engineer_weeks": 8.0, "build_months": 2, "run_engineer_fte": 0.1, "tuning_fraction_per_year": 0.25,
        "on_call": {"engineers": 3, "price": {"stipend_usd_per_week": 300.0, **DATED}, "lost_engineer_fte": 0.02},
        "hiring": {"hires": 1, "ramp_months": 2, "recruiting_fraction": 0.1},
    },
}  # fmt: skip


def plain(requests: float = 150_000.0) -> dict[str, Any]:
    """A scenario of three months with everything that an option may pay."""
    setting: dict[str, Any] = {
        "count": 200, "horizon_months": 3, "traffic": traffic(requests),
        "business": {"seats": 10.0, "seat_usd_per_month": 30.0},
    }  # fmt: skip
    return scene({"bought": api(price={"included_in": "contract"})}, {"it": OPTION}, **setting).model_dump(mode="json")


def lines(scenario: dict[str, Any]) -> pd.DataFrame:
    """Ledger and tail."""
    return both_parts(evaluate(Scenario.model_validate(scenario)))


PRICES = {
    "options.it.observability.price.telemetry_usd_per_1k_requests": {"requests recorded"},
    "options.it.observability.price.ingest_usd_per_gb": {"telemetry ingested"},
    "options.it.observability.price.retention_usd_per_gb_month": {"telemetry kept"},
    "options.it.observability.price.platform_usd_per_month": {"telemetry fee"},
    "options.it.observability.evals.price.sample_usd_per_sample": {"evaluation samples"},
    "options.it.review.price.sample_usd_per_sample": {"answers reviewed"},
    "options.it.migration.transfer.transfer_usd_per_gb": {"migration, data"},
    "options.it.migration.lump.lump_usd": {"migration, lump sum"},
    "options.it.exit.transfer.transfer_usd_per_gb": {"exit, data"},
    "options.it.people.on_call.price.stipend_usd_per_week": {"engineers, on duty"},
    "people.engineer.loaded_year_usd_per_year": {
        "engineers, build", "engineers, run", "engineers, tuning", "engineers, called", "recruiting",
        "engineers, not productive yet", "engineers, migration", "engineers, exit",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def before() -> pd.Series:
    """Amount by item."""
    return lines(plain()).groupby("item")["cost_usd"].sum()


@pytest.mark.parametrize("key", PRICES)
def test_doubling_a_price_doubles_its_lines_only(before, key):
    """Every other line stays as it is to the last bit."""
    dearer = plain()
    *path, last = key.split(".")
    block = dearer
    for part in path:
        block = block[part]
    block[last] *= 2
    after = lines(dearer).groupby("item")["cost_usd"].sum()

    assert PRICES[key] <= set(before.index)
    assert {item: (2 if item in PRICES[key] else 1) * usd for item, usd in before.items()} == after.to_dict()


def test_almost_no_traffic_leaves_what_is_fixed(before):
    """One request a month: what counts requests is next to nothing; a commitment makes up for the contract's."""
    little = lines(plain(1.0)).groupby("item")["cost_usd"].sum()
    by_use = {
        "requests recorded",
        "telemetry ingested",
        "telemetry kept",
        "answers reviewed",
        "contract, requests from 0",
    }

    assert all(little[item] < 0.05 for item in by_use)
    same = [item for item in before.index if item not in by_use and not item.startswith("contract")]
    assert before[same].to_dict() == little[same].to_dict()


def test_payments_and_use_agree_over_the_life_of_everything():
    """Cash and accrual of ledger and tail, of all accounts together; the contract comes to its commitment."""
    found = lines(plain())
    paid_usd, used_usd = (through(found, lens)["cost_usd"].sum() for lens in ("cash", "accrual"))
    vendor = through(found)
    vendor = vendor[vendor["account"] == "serving:vendor"]

    assert paid_usd == pytest.approx(used_usd)
    assert 9000.0 == pytest.approx(vendor["cost_usd"].sum())
    assert (found["cost_usd"] == found["quantity"] * found["unit_price_usd"]).all()


def test_every_key_of_a_line_is_in_the_scenario():
    """So that a reader finds the price."""
    scenario = plain()
    for key in set(lines(scenario)["scenario_key"]):
        block: Any = scenario
        for part in key.split("."):
            assert part in block, key
            block = block[part]
