"""C9: the default architecture by volume."""

from __future__ import annotations

from typing import ClassVar

from tco.decide.advice import Advice, Numbers, Rule

SMALL, LARGE = 100_000.0, 2_000_000.0
API, PLATFORM, HYBRID, OWN = "managed API", "API and platform", "hybrid", "platform or own GPUs"


class DefaultByVolume(Rule):
    """Requests a month, and whether anything is sensitive."""

    kind: ClassVar[str] = "C9"
    says: ClassVar[str] = (
        "below 100 k requests a month a managed API; to 2 M API plus some platform; above, hybrid with cost modelling; "
        "regulated: platform or own"
    )

    def judge(self, numbers: Numbers) -> Advice:
        """Hold the kind of the recommended option against the rule's."""
        chosen = numbers.comparison.chosen
        if chosen is None:
            return self.does_not_apply("no option keeps the SLO, so none is recommended")
        scenario, volume = numbers.evaluation.scenario, numbers.mean_requests_per_month
        regulated = any(entry.sensitive for entry in scenario.classes.values())
        kinds = {tier.kind_name() for tier in scenario.tiers_of(chosen).values()}
        rule = {OWN} if regulated else _allowed(volume)
        found = _kind(kinds)
        some = ", some of them sensitive" if regulated else ""
        here = f"{volume:,.0f} requests a month{some}: {' or '.join(sorted(rule))}"
        agrees = found in rule or (regulated and "gpu_fleet" in kinds)
        offered = {_kind({tier.kind_name() for tier in scenario.tiers_of(name).values()}) for name in scenario.options}
        if agrees:
            why = "the cheapest option that keeps the SLO is of that kind"
        elif offered.isdisjoint(rule):
            why = "the scenario has no option of the rule's kind to choose from"
        else:
            why = (
                f"{chosen} has the lowest present value among those that keep the SLO; volume alone does not decide it"
            )
        return self.told(here, f"{chosen}: {found}", agrees, why)


def _allowed(volume: float) -> set[str]:
    if volume < SMALL:
        return {API}
    return {API, PLATFORM} if volume <= LARGE else {HYBRID}


def _kind(kinds: set[str]) -> str:
    """Name an architecture by the kinds of its tiers.

    >>> _kind({"managed_api"}), _kind({"managed_api", "gpu_fleet"}), _kind({"gpu_fleet"})
    ('managed API', 'hybrid', 'platform or own GPUs')
    """
    kinds = kinds - {"rules"}
    if kinds <= {"managed_api"}:
        return API
    if kinds <= {"managed_api", "serverless"} and "managed_api" in kinds:
        return PLATFORM
    return HYBRID if "managed_api" in kinds else OWN
