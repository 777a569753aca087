"""Contract bond: what the term of a vendor's contract still takes from a team that uses nothing of it any more."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tco.catalog import Price
from tco.costs.contract import ACCOUNT
from tco.costs.rates import Rates
from tco.finance.totals import through
from tco.scenario import Scenario
from tco.scenario.contract import Contract
from tco.units import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Bond:
    """What a contract binds at the end of a month, USD.

    Attributes:
        owed_usd: payments of the term that are still to come.
        prepaid_usd: paid ahead and not used up, which is lost.
    """

    owed_usd: float = 0.0
    prepaid_usd: float = 0.0


def contract_bond(scenario: Scenario, ledger: pd.DataFrame, option: str, month: int) -> Bond:
    """Work out what the contract's term binds at the end of a month: fees, minimums and commitments, without use.

    Args:
        scenario: where the contract is.
        ledger: lines of the plan, which say what the contract's year has used so far.
        option: name of the option.
        month: 0 is the first month of the plan.
    """
    serving = scenario.options[scenario.runs_as(option, month)]  # another one, until it is built
    contract = serving.contract
    if contract is None:
        return Bond()
    signed = month - (month - serving.first_month) % contract.term_months
    factor = Rates(scenario, signed).drifted(Price(1.0, "usd", "", "", ""), ACCOUNT).value
    ends, begins = signed + contract.term_months, month - (month - signed) % MONTHS_PER_YEAR
    used_usd = _used_usd(ledger, option, begins, month)
    bond = Bond()
    while begins < ends:
        length = min(MONTHS_PER_YEAR, ends - begins)
        year = _year(contract, length, begins + length - 1 - max(month, begins - 1), used_usd, factor, begins <= month)
        bond = Bond(bond.owed_usd + year.owed_usd, bond.prepaid_usd + year.prepaid_usd)
        begins, used_usd = begins + length, 0.0
    return bond


def _year(contract: Contract, length: int, left: int, used_usd: float, factor: float, has_begun: bool) -> Bond:
    """Return what a contract's year of so many months binds, of which some are left."""
    committed_usd = (contract.commitment_usd_per_year or 0.0) * length / MONTHS_PER_YEAR * factor
    total_usd = max(used_usd + left * contract.fixed_usd_per_month() * factor, committed_usd)
    ahead_usd = committed_usd * contract.upfront_share if has_begun else 0.0
    paid_usd = max(used_usd, ahead_usd)
    return Bond(total_usd - paid_usd, paid_usd - used_usd)


def _used_usd(ledger: pd.DataFrame, option: str, first: int, last: int) -> float:
    """Add up what a contract has come to in a span of months."""
    lines = through(ledger)
    lines = lines[(lines["option"] == option) & (lines["account"] == ACCOUNT) & lines["month"].between(first, last)]
    return float(lines[~lines["item"].str.startswith("contract, notice")]["cost_usd"].sum())
