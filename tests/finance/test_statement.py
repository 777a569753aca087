"""Statement: depreciation by hand, and totals that are equal over every cut and both views."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from tco.finance.statement import CAPEX, statement
from tco.finance.totals import by_account_usd, left_over_usd, monthly_usd, still_owed_usd, through
from tests.finance.rented import MONTHS, owned, ways
from tests.laws.build import DATED


@pytest.fixture(scope="module")
def found():
    """The fleets, evaluated once."""
    return ways()


def lines(found, option, item, table="ledger"):
    """Lines of an item."""
    rows = getattr(found, table)
    return rows[(rows["option"] == option) & (rows["item"] == item)]


def life_usd(found, option, lens) -> float:
    """All that an option pays, or uses up, within the plan and after it."""
    both = pd.concat([found.ledger, found.tail])
    return float(through(both[both["option"] == option], lens)["cost_usd"].sum())


# ---------------------------------------------------------------- worked by hand


def test_depreciation_worked_by_hand(found):
    """A server of $250,000 that fetches 10 % after 48 months loses $225,000 / 48 = $4,687.50 a month."""
    written_off = lines(found, "owned", "owned servers written off")

    assert [4687.50] * MONTHS == pytest.approx(written_off["cost_usd"].tolist(), rel=1e-12)
    assert [4687.50] * (48 - MONTHS) == pytest.approx(
        lines(found, "owned", "owned servers written off", "tail")["cost_usd"].tolist(), rel=1e-12
    )
    assert [250_000.0] == lines(found, "owned", "owned servers bought")["cost_usd"].tolist()
    assert [-25_000.0] == pytest.approx(lines(found, "owned", "owned servers sold", "tail")["cost_usd"].tolist())


def test_a_commitment_paid_upfront_worked_by_hand(found):
    """2 GPUs x 730 h x $1.50 = $2,190 a month are used up; half of twelve, $13,140, is paid at signing, twice."""
    used_up = lines(found, "reserved", "reserved reserved GPU-hours, used up")
    upfront = lines(found, "reserved", "reserved reserved GPU-hours, upfront")
    paid = lines(found, "reserved", "reserved reserved GPU-hours, paid")

    assert [2190.0] * MONTHS == pytest.approx(used_up["cost_usd"].tolist())
    assert [(0, 13_140.0), (12, 13_140.0)] == list(zip(upfront["month"], upfront["cost_usd"], strict=True))
    assert [1095.0] * MONTHS == pytest.approx(paid["cost_usd"].tolist())


def test_what_is_owed_and_left_worked_by_hand(found):
    """After 14 months ten of the second year are owed by half, $10,950; prepaid are the ten other halves, as much.

    The server is worth 250,000 - 14 x 4,687.50 = $184,375.
    """
    owed, left = still_owed_usd(found.tail, found.scenario), left_over_usd(found.tail, found.scenario)

    assert {"rented": 0.0, "reserved": 10_950.0, "owned": 0.0, "vendor": 0.0} == pytest.approx(owed)
    assert {"rented": 0.0, "reserved": 10_950.0, "owned": 184_375.0, "vendor": 0.0} == pytest.approx(left)


def test_the_statement_of_owned_servers_worked_by_hand(found):
    """Year 1: $250,000 paid, 12 x 4,687.50 = $56,250 depreciated. Opex: 10 kW x 730 h x $0.10 and 10 kW x $100 make
    $1,730 a month; a tenth of an engineer of $260,000 is $2,166.67, four weeks of building $20,000.
    """
    cells = {
        (cell.year, cell.within_plan, cell.kind, cell.lens): cell.cost_usd
        for cell in statement(found.ledger, found.tail, found.scenario)
        if cell.option == "owned"
    }

    assert 250_000.0 == cells[1, True, "capex", "cash"]
    assert cells[1, True, "capex", "accrual"] == pytest.approx(56_250.0)
    assert cells[1, True, "opex", "cash"] == pytest.approx(12 * (1730.0 + 2166.6666667) + 20_000.0)
    assert cells[2, True, "capex", "accrual"] == pytest.approx(2 * 4687.5)
    assert cells[2, False, "capex", "accrual"] == pytest.approx(10 * 4687.5)
    assert cells[5, False, "capex", "cash"] == pytest.approx(-25_000.0)  # sold in month 48, the first of year 5
    assert cells[5, False, "opex", "accrual"] == 0.0


# ---------------------------------------------------------------- laws


@pytest.mark.parametrize("lens", ["cash", "accrual"])
def test_totals_are_equal_over_every_cut(found, lens):
    """By account, by month, by year and kind: the same money."""
    plan = [cell for cell in statement(found.ledger, found.tail, found.scenario) if cell.within_plan]
    by_month = monthly_usd(found.ledger, found.scenario, lens)
    by_account = by_account_usd(found.ledger, found.scenario, lens)

    for option in found.scenario.options:
        mine = [cell for cell in plan if cell.option == option and cell.lens == lens]
        years = {year: sum(cell.cost_usd for cell in cells) for year, cells in _by_year(mine)}
        total = through(found.ledger[found.ledger["option"] == option], lens)["cost_usd"].sum()

        assert total == pytest.approx(by_month[option].sum(), rel=1e-12)
        assert total == pytest.approx(sum(by_account[option].values()), rel=1e-12)
        assert {1: by_month[option][:12].sum(), 2: by_month[option][12:].sum()} == pytest.approx(years, rel=1e-12)


def _by_year(cells):
    return itertools.groupby(sorted(cells, key=lambda cell: cell.year), key=lambda cell: cell.year)


@pytest.mark.parametrize("option", ["rented", "reserved", "owned", "vendor"])
def test_what_is_paid_over_the_whole_life_is_what_is_used_up(found, option):
    """Cash and accrual differ by the month only."""
    assert life_usd(found, option, "cash") == pytest.approx(life_usd(found, option, "accrual"), rel=1e-12)


@pytest.mark.parametrize(
    ("option", "item"), [("owned", "owned servers sold"), ("reserved", "reserved reserved GPU-hours, paid")]
)
def test_a_payment_that_is_forgotten_is_caught(found, option, item):
    """The law above bites: without the sale, or one month's payment, the two views differ."""
    forgotten = lines(found, option, item, "tail").index[:1]
    planted = type(found)(**{**vars(found), "tail": found.tail.drop(forgotten)})

    assert 1 == len(forgotten)
    assert life_usd(planted, option, "cash") != pytest.approx(life_usd(planted, option, "accrual"), rel=1e-6)


@pytest.mark.parametrize("option", ["reserved", "owned"])
def test_an_option_alone_costs_what_it_costs_beside_others(found, option):
    """Line by line, within the plan and after it: options add up."""
    alone = ways(only=(option,))

    for table in ("ledger", "tail"):
        beside = getattr(found, table)
        beside = beside[beside["option"] == option].reset_index(drop=True)
        pd.testing.assert_frame_equal(beside, getattr(alone, table))


@pytest.mark.parametrize("lens", ["cash", "accrual"])
def test_twice_the_price_is_twice_its_account(found, lens):
    """Dearer servers double what hardware costs, paid and written off, and no other account."""
    server = {"server_usd_per_server": 500_000.0, **DATED}
    dearer = ways(only=("owned",), purchases={"owned": owned(server=server)})
    before, after = (_accounts(each, lens) for each in (found, dearer))

    assert before.keys() == after.keys()
    assert CAPEX[0] in before
    for account, usd in before.items():
        assert after[account] == pytest.approx(2 * usd if account == CAPEX[0] else usd, rel=1e-12)


def _accounts(found, lens) -> dict[str, float]:
    mine = found.ledger[found.ledger["option"] == "owned"]
    return through(mine, lens).groupby("account")["cost_usd"].sum().to_dict()
