"""C10: what managed GPUs cost an hour and a month."""

from __future__ import annotations

from typing import ClassVar

from tco import catalog
from tco.decide.advice.c10_gpu_prices import BASE_HIGH_USD, BASE_LOW_USD, HIGH_USD, LOW_USD
from tco.units import HOURS_PER_MONTH
from tco.validation.claims import Claim, Finding, Play

SELLERS = {
    "platforms": ("modal", "replicate"),
    "GPU clouds": ("coreweave", "crusoe", "hyperstack", "lambda", "nebius", "runpod", "verda"),
    "marketplaces": ("runpod", "vast"),
    "large clouds": ("aws", "azure", "gcp", "oracle"),
}
GPUS = ("a100-80", "h100-sxm")  # what such claims are about
TERMS = {"platforms": "serverless", "marketplaces": "marketplace"}  # on demand at the others


class GpuPrices(Claim):
    """The price book by the kind of seller, and two GPUs a month."""

    kind: ClassVar[str] = "C10"
    says: ClassVar[str] = "Managed GPUs cost $2.50-6.00 an hour, a baseline $3-12 k a month."
    inputs: ClassVar[str] = (
        "List prices of A100 80 GB and H100 in the catalog, on demand; two GPUs, since one may fail."
    )
    file: ClassVar[str] = "c10-gpu-prices.yaml"

    def judge(self, play: Play) -> Finding:
        """Read the book, and the months of the scenario."""
        prices = {kind: gpu_prices_usd(sellers, TERMS.get(kind, "on-demand")) for kind, sellers in SELLERS.items()}
        inside = {kind: sum(LOW_USD <= round(each, 2) <= HIGH_USD for each in found) for kind, found in prices.items()}
        months = {option.name: option.total_usd for option in play.numbers().comparison.options}
        ranges = [
            f"{kind} ${min(found):.2f} to ${max(found):.2f} ({inside[kind]} of {len(found)} inside)"
            for kind, found in prices.items()
            if found
        ]
        gives = (
            "An hour: " + "; ".join(ranges) + ".",
            "Two H100 a month: " + ", ".join(f"{name} ${usd:,.0f}" for name, usd in months.items()) + ".",
            f"One GPU at ${LOW_USD:.2f} to ${HIGH_USD:.2f} is ${LOW_USD * HOURS_PER_MONTH:,.0f} to "
            f"${HIGH_USD * HOURS_PER_MONTH:,.0f} a month, two are ${2 * LOW_USD * HOURS_PER_MONTH:,.0f} to "
            f"${2 * HIGH_USD * HOURS_PER_MONTH:,.0f}.",
        )
        based = sum(BASE_LOW_USD <= usd <= BASE_HIGH_USD for usd in months.values())
        why = (
            "The hour holds for platforms and for the H100 of most GPU clouds, not for that of large clouds; an A100 "
            f"often costs less. The baseline holds for two GPUs ({based} of {len(months)} sellers), not for one at "
            "most prices."
        )
        figures = {f"two_at_{name}_usd_per_month": usd for name, usd in months.items()}
        figures |= {
            f"inside_{kind.replace(' ', '_')}_share": inside[kind] / len(found)
            for kind, found in prices.items()
            if found
        }
        return self.found("holds when", why, gives, figures)


def gpu_prices_usd(sellers: tuple[str, ...], wanted: str) -> list[float]:
    """List what an hour of the GPUs costs at some sellers under a kind of term, USD."""
    found = []
    for name in catalog.price_names("gpu_hour"):
        seller, gpu, term = (*name.split("/"), "", "")[:3]
        if seller in sellers and gpu in GPUS and term == wanted:
            found.append(catalog.price(name, "gpu_hour").value)
    return found
