"""A price of 0 is refused for what nobody gives away, and allowed elsewhere."""

from __future__ import annotations

import pytest

from tests.scenario.texts import INLINE, faults_in, plant

PROVEN = "source: our books, source_date: 2026-01-31"
OWNED = (
    f"    purchase: {{kind: owned, server: {{server_usd_per_server: 9000, {PROVEN}}}, gpus_per_server: 8, "
    f"life_months: 36, residual_share: 0, power_kw: 5, pue_ratio: 1.2, energy: {{energy_usd_per_kwh: 0.1, {PROVEN}}}, "
    f"colocation: {{colocation_usd_per_kw_month: 150, {PROVEN}}}}}\n"
)
RENTED = "    price: {gpu_hour_usd_per_gpu_hour: 2.5, source: our contract, source_date: 2026-01-31}\n"
WITH_SERVERS = INLINE.replace(RENTED, OWNED)


def test_the_scenario_with_servers_is_valid(tmp_path):
    """Nothing is told but what is planted."""
    assert [] == faults_in(tmp_path, WITH_SERVERS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loaded_year_usd_per_year: 250000", "loaded_year_usd_per_year: §0"),
        ("server_usd_per_server: 9000", "server_usd_per_server: §0"),
        ("energy_usd_per_kwh: 0.1", "energy_usd_per_kwh: §0"),
        ("colocation_usd_per_kw_month: 150", "colocation_usd_per_kw_month: §0"),
    ],
)
def test_engineers_servers_and_power_are_not_for_nothing(tmp_path, old, new):
    """Where it stands."""
    planted = plant(old, new, WITH_SERVERS)
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.place == (fault.line, fault.column)
    assert "0; allowed: above 0" == fault.message


def test_a_negotiated_rate_of_nothing_is_refused_for_them_too(tmp_path):
    """By another way in."""
    rate = "{name: us/software-engineer-p75, figures: {loaded_year_usd_per_year: 0}, " + PROVEN + "}"
    named = plant("{loaded_year_usd_per_year: 250000, source: our finance team, source_date: 2026-01-31}",
                  "us/software-engineer-p75").text  # fmt: skip
    (fault,) = faults_in(tmp_path, f"{named}prices:\n  negotiated: [{rate}]\n")

    assert fault.message.startswith("figures has 'loaded_year_usd_per_year' 0; allowed: above 0")


def test_other_prices_may_be_nothing(tmp_path):
    """Tokens of a model that somebody else pays."""
    assert [] == faults_in(tmp_path, plant("input_usd_per_mtok: 2.5", "input_usd_per_mtok: 0").text)
