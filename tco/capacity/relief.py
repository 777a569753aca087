"""Relief: tiers from which requests go elsewhere when there are too many, so that more may come than they carry."""

from __future__ import annotations

from tco.domain import Outcome
from tco.scenario import Scenario
from tco.scenario.tiers.managed_api import ManagedApi


def is_relieved(scenario: Scenario, option: str, tier: str) -> bool:
    """Say whether an option gets its answers however many requests come to a tier.

    The router sends what is too much elsewhere, or the tier turns it away, or lets it give up, and the fallback
    catches that.
    """
    config, chosen = scenario.tiers[tier], scenario.options[option]
    if tier in chosen.router.relieved_tiers():
        return True
    fallback = chosen.fallback
    if fallback is None:
        return False
    refuses = getattr(config, "max_queue_requests", None) is not None
    refuses = refuses or (isinstance(config, ManagedApi) and config.limits_in_force is not None)
    loses = any(getattr(config, key, None) is not None for key in ("queue_timeout_s", "timeout_s"))
    caught = {Outcome.REJECTED: refuses, Outcome.TIMED_OUT: loses}
    return any(happens and fallback.catches(tier, why) for why, happens in caught.items())
