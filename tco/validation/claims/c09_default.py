"""C9: the default architecture by volume."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ValidationError

from tco.decide.vary import Value
from tco.validation.claims import Claim, Finding, Play

VOLUMES = (50_000.0, 500_000.0, 5_000_000.0, 50_000_000.0)
CLAIMED = ("api", "api-and-platform", "hybrid", "hybrid")
OFFERED = ("api", "api-and-platform", "hybrid")  # own GPUs for all would answer what a frontier model is asked for
PRICES = ("openai/gpt-6.1-terra", "openai/gpt-6-sol", "openai/gpt-6-astra")


class DefaultByVolume(Claim):
    """The recommended option at each volume, for three prices of the frontier model."""

    kind: ClassVar[str] = "C9"
    says: ClassVar[str] = (
        "By default: below 100 k requests a month a managed API; to 2 M API plus some platform; above, hybrid with "
        "cost modelling; regulated: platform or own."
    )
    inputs: ClassVar[str] = (
        "900 tokens in and 150 out at the median; 70% go to a 70B model on a platform or on own GPUs; 0.05, 0.15 and "
        "1 engineers; three list prices of the API."
    )
    file: ClassVar[str] = "c09-default-by-volume.yaml"

    def judge(self, play: Play) -> Finding:
        """Evaluate every volume at every price."""
        chosen = {price: [self._chosen(play, price, volume) for volume in VOLUMES] for price in PRICES}
        agree = sum(found == claimed for each in chosen.values() for found, claimed in zip(each, CLAIMED, strict=True))
        allowed = [name for name in play.scenario.options if self._may_be_regulated(play, name)]
        gives = (
            *(
                f"{price}: "
                + ", ".join(f"{name or 'none'} at {_short(v)}" for name, v in zip(each, VOLUMES, strict=True))
                + "."
                for price, each in chosen.items()
            ),
            f"Regulated (`sensitive: true`): the model allows {', '.join(allowed)}; a platform is somebody else's "
            "hardware.",
        )
        why = (
            f"The order follows, the lines move: {agree} of {len(VOLUMES) * len(PRICES)} cells agree. From where a "
            "second vendor pays depends on the price of the first; own GPUs wait for tens of millions of requests, "
            "because an open model by the token is cheap and an engineer is not."
        )
        figures = {"agreeing_cells_ratio": agree / (len(VOLUMES) * len(PRICES))}
        return self.found("holds when", why, gives, figures)

    def _chosen(self, play: Play, price: str, volume: float) -> str | None:
        changes: dict[str, Value] = {"tiers.frontier.price": price, "traffic.requests_per_month": volume}
        return play.numbers(changes, OFFERED).comparison.chosen

    def _may_be_regulated(self, play: Play, option: str) -> bool:
        try:
            play.changed({"classes.chat.sensitive": True}, (option,))
        except ValidationError:
            return False
        return True


def _short(volume: float) -> str:
    """Write a volume.

    >>> _short(50_000.0), _short(5_000_000.0)
    ('50 k', '5 M')
    """
    return f"{volume / 1e6:g} M" if volume >= 1e6 else f"{volume / 1e3:g} k"
