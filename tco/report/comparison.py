"""The comparison as a document, as flat rows and as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from tco.decide.build_case import build_case
from tco.decide.compare import Comparison, OptionSummary
from tco.finance.tier_costs import TierCost
from tco.pipeline import Evaluation
from tco.report.ab_tests import ab_test_notes
from tco.report.accounts import account_style
from tco.report.async_notes import async_json, async_notes
from tco.report.cold_starts import cold_start_notes
from tco.report.document import Column, Document, Table, Text
from tco.report.engine_notes import engine_notes
from tco.report.every_request import every_request_json, every_request_sections, simulated
from tco.report.finance import all_tier_costs, finance_notes, unit_table
from tco.report.finance_rows import build_case_json, finance_json, unit_row
from tco.report.money import Money, exchange_json, exchange_notes
from tco.report.money_notes import money_notes
from tco.report.numbers import counted, seconds
from tco.report.recommendation import in_words, recommendation, short_limits
from tco.report.retrieval_notes import retrieval_notes
from tco.report.servers import server_facts, server_notes
from tco.report.trim_notes import trim_notes
from tco.report.vendor_notes import vendor_notes
from tco.report.window_json import window_json

SCHEMA_VERSION = 1


def comparison_document(
    evaluation: Evaluation, comparison: Comparison, more: tuple[Text | Table, ...] = ()
) -> Document:
    """Write the comparison for people; what more there is to explain stands before the notes."""
    scenario = evaluation.scenario
    money = Money.of(scenario)
    sections: list[Text | Table] = [
        _overview(evaluation, comparison),
        _breakdown(comparison, money),
        *_quality(evaluation, comparison),
        unit_table(evaluation, comparison),
        Text(recommendation(comparison, scenario), "lead"),
        *every_request_sections(
            evaluation, [each.name for each in comparison.options if each.checks and each.slo_kept]
        ),
        *more,
        *(Text(note, "note") for note in _notes(evaluation, comparison)),
    ]
    return Document(scenario.name, scenario.question, tuple(sections))


def _overview(evaluation: Evaluation, comparison: Comparison) -> Table:
    months, money = evaluation.scenario.horizon_months, Money.of(evaluation.scenario)
    columns = (
        Column("Option", numeric=False), Column(f"{months}-month cost"), Column("NPV"),
        Column(f"{money.symbol}/request"), Column("p95"), Column("p95 TTFT"), Column("SLO", numeric=False),
        Column("Break-even", numeric=False),
    )  # fmt: skip
    rows = tuple(
        (
            option.name, money.whole(option.total_usd), money.whole(option.npv_usd),
            money.each(option.cost_usd_per_request),
            seconds(option.e2e_p95_s), seconds(option.ttft_p95_s), _slo(option), break_even(option, comparison),
        )
        for option in comparison.options
    )  # fmt: skip
    names = [option.name for option in comparison.options]
    emphasis = names.index(comparison.chosen) if comparison.chosen else None
    return Table("", columns, rows, emphasis)


def _slo(option: OptionSummary) -> str:
    if not option.checks:
        return "none applies"
    if option.slo_kept:
        return "kept"
    unknown = any(check.kept is None for check in option.checks)
    names = short_limits(check.limit_name for check in option.checks if not check.kept)
    return f"{'unknown' if unknown else 'missed'}: {names}"


def slo_words(option: OptionSummary, before: str) -> str:
    """Say that an option misses the SLO, or that nobody knows; nothing where it keeps it.

    Args:
        option: what is told of.
        before: put before the words where there are any.
    """
    if option.slo_kept:
        return ""
    return before + ("misses SLO" if _misses(option) else "SLO unknown")


def none_keeps(comparison: Comparison) -> str:
    """Say that nothing can be recommended; an option that nobody knows enough about may still keep the SLO."""
    known = all(_misses(option) for option in comparison.options)
    return "No option keeps the SLO" if known else "No option is known to keep the SLO"


def _misses(option: OptionSummary) -> bool:
    return any(check.kept is False for check in option.checks)


def break_even(option: OptionSummary, comparison: Comparison) -> str:
    """Say when an option has caught up with the baseline, counting months from 1 as people do."""
    if option.is_baseline:
        return "baseline"
    if option.break_even_month is None:
        return "never"
    if np.allclose(option.monthly_usd, comparison[comparison.baseline].monthly_usd, rtol=1e-12, atol=0.0):
        return "equal"
    return f"month {option.break_even_month + 1}"


def _breakdown(comparison: Comparison, money: Money) -> Table:
    """Cost by the first two parts of the account, over the horizon."""
    accounts = account_order(comparison)
    sells = any(option.gross_margin is not None for option in comparison.options)
    columns = (
        Column("Where the money goes", numeric=False),
        *(Column(account_style(name).word) for name in accounts),
        *((Column("Gross margin"),) if sells else ()),
    )
    rows = tuple(
        (
            option.name,
            *(money.whole(option.accounts_usd[name]) if name in option.accounts_usd else "-" for name in accounts),
            *((f"{option.gross_margin:.1%}",) if option.gross_margin is not None else ()),
        )
        for option in comparison.options
    )
    return Table("", columns, rows)


def _quality(evaluation: Evaluation, comparison: Comparison) -> list[Text | Table]:
    """Good answers and what one costs, where a quality is known, a fallback answered, or a cache did."""
    windows, money = {name: plan.worst for name, plan in evaluation.plans.items()}, Money.of(evaluation.scenario)
    told = [option.success_share is not None or option.degraded_share for option in comparison.options]
    if not any(told) and not any(window.cached_share for window in windows.values()):
        return []
    found = [
        ("Good answers", [option.success_share for option in comparison.options], _percent),
        (f"{money.symbol}/good answer", [option.cost_usd_per_success for option in comparison.options], money.each),
        ("From cache", [windows[option.name].cached_share or None for option in comparison.options], _percent),
        ("False hits", [windows[option.name].false_hit_share or None for option in comparison.options], _percent),
        ("By fallback", [option.degraded_share or None for option in comparison.options], _percent),
        ("Unanswered", [sum(windows[o.name].unanswered.values()) or None for o in comparison.options], _percent),
        ("Availability", _availability(evaluation, comparison), lambda share: f"{share:.3%}"),
        ("Resent", [windows[option.name].retries_per_request or None for option in comparison.options], _percent),
    ]
    shown = [(name, values, say) for name, values, say in found if any(value is not None for value in values)]
    cells = [["-" if value is None else say(value) for value in values] for _, values, say in shown]
    names = [option.name for option in comparison.options]
    rows = tuple(zip(names, *cells, strict=True))
    return [Table("", (Column("Quality", numeric=False), *(Column(name) for name, _, _ in shown)), rows)]


def _availability(evaluation: Evaluation, comparison: Comparison) -> list[float | None]:
    """Least availability of each option, where any falls back: that is what the chain is for."""
    options = evaluation.scenario.options
    if all(options[option.name].fallback is None for option in comparison.options):
        return [None] * len(comparison.options)
    windows = [evaluation.plans[option.name].judged for option in comparison.options]
    found = [[window.availability for window in judged] for judged in windows]
    return [None if None in each else min(share for share in each if share is not None) for each in found]


def _unknown_quality(evaluation: Evaluation, comparison: Comparison) -> list[str]:
    """Say which tiers' answers nobody has judged, so that a cheaper one looks as good as a dearer one."""
    if all(option.success_share is not None for option in comparison.options):
        return []
    scenario = evaluation.scenario
    used = dict.fromkeys(tier for name in scenario.options for tier in scenario.tiers_of(name))
    unknown = [tier for tier in used if scenario.tiers[tier].quality is None]
    return [
        f"Quality is not stated for {', '.join(unknown)}: a cheaper tier is taken to answer as well as a dearer one."
    ]


def _percent(share: float) -> str:
    return f"{share:.1%}"


def account_order(comparison: Comparison) -> list[str]:
    """List every account, the one with the largest sum over all options first."""
    totals: dict[str, float] = {}
    for option in comparison.options:
        for account, amount in option.accounts_usd.items():
            totals[account] = totals.get(account, 0.0) + amount
    return sorted(totals, key=lambda account: -totals[account])


def _notes(evaluation: Evaluation, comparison: Comparison) -> list[str]:
    plans = evaluation.plans.values()
    hour = "worst" if any(plan.levels for plan in plans) else "busiest"
    money = Money.of(evaluation.scenario)
    notes = [
        *exchange_notes(evaluation.scenario),
        f"Traffic: {_traffic(evaluation)}. Latency is that of the {hour} hour of the worst month, "
        f"from {simulated(evaluation)}; costs are undiscounted except NPV.",
        f"Break-even: month from which the total so far is no higher than that of {comparison.baseline}, the cheapest "
        f"to start{_that_keeps(comparison)}.",
    ]
    notes += _intervals(evaluation)
    fleets = [_fleet(option) for option in comparison.options if option.replicas_first]
    if fleets:
        notes.append("Replicas, first to last month: " + "; ".join(fleets) + ".")
    notes += cold_start_notes(evaluation)
    notes += async_notes(evaluation)
    for option in comparison.options:
        missed = [in_words(check, money) for check in option.checks if not check.kept]
        if missed:
            notes.append(f"{option.name} misses: {'; '.join(missed)}.")
    manned = [option.name for option in comparison.options if _people_usd(option)]
    unmanned = [option.name for option in comparison.options if not _people_usd(option)]
    if manned and unmanned:
        notes.append(f"No engineers are counted for {', '.join(unmanned)}; they are for {', '.join(manned)}.")
    if comparison.chosen is not None and (margins := [option.gross_margin for option in comparison.options]):
        known = [margin for margin in margins if margin is not None]
        if known and max(known) < 0:
            notes.append("No option turns a profit on what customers pay, engineers not counted.")
    notes += finance_notes(evaluation, comparison)
    notes += retrieval_notes(evaluation)
    notes += trim_notes(evaluation)
    notes += vendor_notes(evaluation)
    notes += money_notes(evaluation)
    if evaluation.trace and evaluation.trace.raised_rows:
        raised = counted(evaluation.trace.raised_rows, "row of the trace has", "rows of the trace have")
        notes.append(f"{raised} a count of 0 tokens, taken as 1.")
    notes += server_notes(evaluation.scenario)
    notes += engine_notes(evaluation)
    notes += _unknown_quality(evaluation, comparison)
    notes += ab_test_notes(evaluation, comparison)
    return [*notes, _oldest_price(evaluation)]


def _oldest_price(evaluation: Evaluation) -> str:
    """Name the oldest price used, and its age when the plan begins: no clock is asked."""
    oldest = evaluation.ledger.sort_values("source_date", kind="stable").iloc[0]
    day = date.fromisoformat(str(oldest["source_date"]))
    days = (date.fromisoformat(f"{evaluation.scenario.start}-01") - day).days
    age = f"{counted(days, 'day')} old when the plan begins" if days >= 0 else "dated after the plan begins"
    return f"Oldest price: {oldest['price_name']}, {day}, {age} ({oldest['scenario_key']})."


def _people_usd(option: OptionSummary) -> float:
    return sum(amount for account, amount in option.accounts_usd.items() if account.startswith("people:"))


def _that_keeps(comparison: Comparison) -> str:
    kept = [option.slo_kept for option in comparison.options]
    return " that keeps the SLO" if any(kept) and not all(kept) else ""


def _intervals(evaluation: Evaluation) -> list[str]:
    """Say how sure the p95's are; a window is one run, cut into stretches."""
    known = [
        f"{name} {_bound(interval.low)} to {_bound(interval.high)}"
        for name, plan in evaluation.plans.items()
        for interval in [plan.worst.e2e_p95]
        if interval is not None
    ]
    return [f"95 % interval of the p95 (tco simulate narrows it): {'; '.join(known)}."] if known else []


def _bound(value: float | None) -> str:
    return "?" if value is None else seconds(value)


def _traffic(evaluation: Evaluation) -> str:
    first, last = evaluation.months[0], evaluation.months[-1]
    volume = f"{counted(first.requests, 'request')} in {first.label}"
    if last is first:
        return f"{volume}, busiest hour {first.peak_rps:.3g} req/s"
    return (
        f"{volume}, {last.requests:,.0f} in {last.label}; "
        f"busiest hour {first.peak_rps:.3g} to {last.peak_rps:.3g} req/s"
    )


def _fleet(option: OptionSummary) -> str:
    sizes = ", ".join(
        f"{tier} {count} to {option.replicas_last[tier]}" for tier, count in option.replicas_first.items()
    )
    return f"{option.name}: {sizes}"


def comparison_json(evaluation: Evaluation, comparison: Comparison) -> dict[str, Any]:
    """Write the comparison for programs; keys are stable within a `schema_version`."""
    scenario, costs = evaluation.scenario, all_tier_costs(evaluation, comparison)
    return {
        "schema_version": SCHEMA_VERSION,
        "scenario": scenario.name,
        "seed": scenario.seed,
        "start": scenario.start,
        "horizon_months": scenario.horizon_months,
        "currency": scenario.currency,
        "exchange": exchange_json(scenario),
        "baseline": comparison.baseline,
        "vendor": comparison.vendor,
        "contest": comparison.contest,
        "recommended": comparison.chosen,
        "recommendation": recommendation(comparison, scenario),
        "months": [
            {
                "month": month.index,
                "period": month.label,
                "requests": month.requests,
                "peak_rps": month.peak_rps,
            }
            for month in evaluation.months
        ],
        "servers": server_facts(scenario),
        **every_request_json(evaluation),
        "build_case": build_case_json(build_case(evaluation, comparison)),
        "options": [_option_json(evaluation, option, costs[option.name]) for option in comparison.options],
    }


def _option_json(evaluation: Evaluation, option: OptionSummary, costs: tuple[TierCost, ...]) -> dict[str, Any]:
    plan = evaluation.plans[option.name]
    interval = plan.worst.e2e_p95
    return {
        **flat_row(evaluation, option),
        "e2e_p95_ci_low_s": None if interval is None else interval.low,
        "e2e_p95_ci_high_s": None if interval is None else interval.high,
        "accounts_usd": option.accounts_usd,
        "finance": finance_json(evaluation, option, costs),
        "monthly_usd": option.monthly_usd.tolist(),
        "checks": [
            {"limit_name": c.limit_name, "limit": c.limit, "value": c.value, "kept": c.kept} for c in option.checks
        ],
        "replicas": list(plan.replicas),
        "windows": [window_json(window) for window in plan.windows],
        **({"load_levels": [window_json(window) for window in plan.levels]} if plan.levels else {}),
        **({"async_windows": async_json(plan)} if any(plan.async_loads) else {}),
        **({"nights": [window_json(window) for window in plan.nights]} if plan.nights else {}),
    }


def flat_row(evaluation: Evaluation, option: OptionSummary) -> dict[str, Any]:
    """Write one option as one row, months counted from 0; the break-even's calendar month stands beside it."""
    at, money = option.break_even_month, Money.of(evaluation.scenario)
    return {
        "option": option.name,
        "total_usd": option.total_usd,
        "npv_usd": option.npv_usd,
        "cost_usd_per_request": option.cost_usd_per_request,
        "first_month_usd": float(option.monthly_usd[0]),
        "last_month_usd": float(option.monthly_usd[-1]),
        "e2e_p95_s": option.e2e_p95_s,
        "ttft_p95_s": option.ttft_p95_s,
        "slo_kept": option.slo_kept,
        "is_baseline": option.is_baseline,
        "break_even_month": at,
        "break_even_period": None if at is None else evaluation.months[at].label,
        "is_build": option.is_build,
        "build_ratio": option.build_ratio,
        "verdict": option.verdict,
        "gross_margin_fraction": option.gross_margin,
        "success_share": option.success_share,
        "cost_usd_per_success": option.cost_usd_per_success,
        "degraded_share": option.degraded_share,
        **unit_row(option),
        "currency": money.currency,
        "total_plan_currency": money.amount(option.total_usd),
        "npv_plan_currency": money.amount(option.npv_usd),
    }
