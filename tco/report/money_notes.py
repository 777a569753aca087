"""Money notes: prices of nothing or of another GPU, two views of costs, options that another serves for at first."""

from __future__ import annotations

import re

from tco import catalog
from tco.demand.forecast import month_label
from tco.finance.tier_costs import tier_of
from tco.pipeline import Evaluation
from tco.report.numbers import counted
from tco.scenario.purchase.mix import Mix
from tco.scenario.servers.roofline import Roofline
from tco.scenario.tiers import Tier


def money_notes(evaluation: Evaluation) -> list[str]:
    """Say what is counted at a price of 0 or of another GPU, where views differ, and which option is built later."""
    return [*_for_nothing(evaluation), *_of_other_gpus(evaluation), *_views(evaluation), *_stand_ins(evaluation)]


def _for_nothing(evaluation: Evaluation) -> list[str]:
    """Name each price of 0 that something was counted at, by its key, with what it is the price of."""
    ledger = evaluation.ledger
    free = ledger[(ledger["unit_price_usd"] == 0) & (ledger["quantity"] > 0)]
    items: dict[str, list[str]] = {}
    for key, item in free[["scenario_key", "item"]].drop_duplicates().itertuples(index=False):
        items.setdefault(key, []).append(item)
    told = "; ".join(f"{key} ({', '.join(names)})" for key, names in items.items())
    return [f"Counted at a price of 0: {told}."] if told else []


def _of_other_gpus(evaluation: Evaluation) -> list[str]:
    """Name each price of the catalog that is for another GPU than the one whose step times are simulated."""
    tiers, notes = evaluation.scenario.tiers, []
    hours, servers = catalog.price_names("gpu_hour"), catalog.price_names("server")
    for key, name in evaluation.ledger[["scenario_key", "price_name"]].drop_duplicates().itertuples(index=False):
        used = _gpu_of(tiers[tier]) if (tier := tier_of(key, tiers)) else None
        if used is None or name not in (*hours, *servers):
            continue
        paid = re.sub(r"^\d+x-", "", name.split("/")[1])
        if not (paid.startswith(used) or used.startswith(paid)):
            notes.append(f"{key} is the price of {paid} ({name}), while {tier} is simulated on {used}.")
    return notes


def _gpu_of(tier: Tier) -> str | None:
    """Name the GPU of a tier's server, where it is one of the catalog.

    >>> from tco.scenario.tiers.gpu_fleet import GpuFleet
    >>> _gpu_of(GpuFleet(server="llama-3.1-70b/h100-sxm-x2/fp8", price="runpod/h100-sxm/on-demand"))
    'h100-sxm'
    """
    server = getattr(tier, "server", None)
    if isinstance(server, str):
        return re.sub(r"-x\d+$", "", server.split("/")[1])
    return server.gpu if isinstance(server, Roofline) and isinstance(server.gpu, str) else None


def _views(evaluation: Evaluation) -> list[str]:
    """Say that costs and present values count what is bought or prepaid in different months."""
    ledger = evaluation.ledger
    two = [
        name for name in evaluation.scenario.options if (ledger.loc[ledger["option"] == name, "view"] != "both").any()
    ]
    if not two:
        return []
    return [
        f"Costs of {', '.join(two)} count what is bought or prepaid over the months that it serves, the NPV counts it "
        "when it is paid: the two differ by more than discounting."
    ]


def _stand_ins(evaluation: Evaluation) -> list[str]:
    scenario = evaluation.scenario
    notes = []
    for name, option in scenario.options.items():
        if option.meanwhile is None:
            continue
        last = month_label(scenario.start, option.first_month - 1)
        notes.append(
            f"{name} is built in {counted(option.first_month, 'month')}, to {last}; until then {option.meanwhile} "
            f"serves and is paid in its place. Latency, answers and replicas of {name} are told as if it served in "
            f"every month: before, those of {option.meanwhile} hold."
        )
        notes += _signed_later(evaluation, name, month_label(scenario.start, option.first_month))
    return notes


def _signed_later(evaluation: Evaluation, option: str, serves: str) -> list[str]:
    """Name reservations that are dated before their option serves, and so are signed later than they say."""
    notes = []
    for tier, config in evaluation.scenario.tiers_of(option).items():
        purchase = getattr(config, "purchase", None)
        for place, block in enumerate(purchase.reserved if isinstance(purchase, Mix) else ()):
            if block.from_month is not None and block.from_month < serves:
                key = f"tiers.{tier}.purchase.reserved[{place}]"
                notes.append(f"{key} is from {block.from_month}, and {option} signs it when it serves, in {serves}.")
    return notes
