"""Price terms: what changes list prices: negotiated rates, announced changes, and paths over the years."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from tco import catalog
from tco.catalog.meters import METERS
from tco.domain import ACCOUNTS, is_account
from tco.errors import suggestion
from tco.fields import IsoDate, Month, Source, UnitPrice
from tco.plugin import Frozen, together
from tco.scenario.references import known

CatalogName = Annotated[str, known("a price", catalog.names)]
Figures = Annotated[dict[str, UnitPrice], Field(min_length=1, max_length=20)]
YearlyChange = Annotated[float, Field(ge=-0.9, le=2.0)]

COSTLY = ("loaded_year_usd_per_year", "server_usd_per_server", "energy_usd_per_kwh", "colocation_usd_per_kw_month")


def _known_account(name: str) -> str:
    if not is_account(name):
        raise PydanticCustomError(
            "unknown_name",
            "'{found}' is not an account of the ledger, nor the beginning of one; known: {names}",
            {"found": name, "names": ", ".join(ACCOUNTS), "hint": suggestion(name, ACCOUNTS)},
        )
    return name


AccountName = Annotated[str, AfterValidator(_known_account)]


def _known_figures(name: str, figures: dict[str, float] | None) -> None:
    """Refuse figures that the catalog has no meter for under the name, and those of 0 for what nobody gives away."""
    priced = [f"{meter}_{METERS[meter].unit}" for meter in sorted(catalog.meters_of(name))]
    for key in figures or ():
        if key not in priced:
            hint = suggestion(key, priced)
            raise ValueError(
                f"figures has '{key}', which is not a price of '{name}'; allowed: {', '.join(priced)}"
                + (f"; {hint}" if hint else "")
            )
        if key in COSTLY and not (figures or {})[key]:
            raise ValueError(f"figures has '{key}' {(figures or {})[key]:g}; allowed: above 0")


class Negotiated(Frozen):
    """A rate of one's own for a catalog name, for all of the plan or for a span of months."""

    name: CatalogName
    """Catalog name of the price."""
    from_month: Month | None = None
    """First month in which it holds; the plan's first when left out."""
    until_month: Month | None = None
    """Last month in which it holds; the plan's last when left out."""
    discount_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Off the list price, whatever that is in the month; or give `figures`."""
    figures: Figures | None = None
    """Prices fixed by the contract, keyed by meter and unit as in `input_usd_per_mtok`; no path moves them."""
    source: Source
    """Contract or quote."""
    source_date: IsoDate
    """Its day."""

    @together("discount_share", "figures")
    def _one_way(self) -> None:
        if (self.discount_share is None) == (self.figures is None):
            found = "both are" if self.figures is not None else "neither is"
            raise ValueError(f"discount_share or figures, one of them; {found} given")

    @together("from_month", "until_month")
    def _months_in_order(self) -> None:
        if self.from_month is not None and self.until_month is not None and self.from_month > self.until_month:
            raise ValueError(f"from_month {self.from_month} is after until_month {self.until_month}")

    @together("name", "figures")
    def _figures_are_of_the_name(self) -> None:
        _known_figures(self.name, self.figures)

    def holds(self, month: str) -> bool:
        """Say whether it holds in a calendar month.

        >>> Negotiated(name="openai/gpt-4o", from_month="2027-01", discount_share=0.2, source="contract",
        ...            source_date="2026-11-01").holds("2026-12")
        False
        """
        return (self.from_month or "") <= month <= (self.until_month or "9")


class Announced(Frozen):
    """A change of prices that is known ahead, from a month on."""

    name: CatalogName | None = None
    """Catalog name of the price that changes; or give `account`."""
    account: AccountName | None = None
    """Account whose prices change, with all below it."""
    from_month: Month
    """First month of the new price."""
    change_fraction: Annotated[float, Field(gt=-1, le=100)] | None = None
    """Change from the price before: -0.2 for 20 % less; or give `figures`."""
    figures: Figures | None = None
    """New prices of `name`, keyed by meter and unit as in `input_usd_per_mtok`."""
    source: Source
    """Announcement."""
    source_date: IsoDate
    """Its day."""

    @together("name", "account")
    def _one_subject(self) -> None:
        if (self.name is None) == (self.account is None):
            raise ValueError(
                f"name or account, one of them; {'both are' if self.name is not None else 'neither is'} given"
            )

    @together("change_fraction", "figures", "name")
    def _one_way(self) -> None:
        if (self.change_fraction is None) == (self.figures is None):
            found = "both are" if self.figures is not None else "neither is"
            raise ValueError(f"change_fraction or figures, one of them; {found} given")
        if self.figures is not None and self.name is None:
            raise ValueError("figures needs a name; allowed for an account: change_fraction")
        if self.name is not None:
            _known_figures(self.name, self.figures)


class PricePath(Frozen):
    """How the prices of an account drift over the years: an assumption, and said as one in the report."""

    account: AccountName
    """Account, with all below it; where several paths fit, the longest name counts."""
    change_fraction_per_year: YearlyChange
    """Change within a year: -0.3 for 30 % less."""
    reviewed_every_months: Annotated[int, Field(ge=1, le=120)] = 1
    """Prices move only every so many months: 12 for a price that is renewed once a year."""
    source: Source
    """Where the assumption comes from."""

    def factor(self, month: int) -> float:
        """Return the price of a month over that of the first.

        >>> path = PricePath(
        ...     account="serving", change_fraction_per_year=-0.19, reviewed_every_months=6, source="a guess"
        ... )
        >>> [round(path.factor(month), 6) for month in (0, 5, 6, 11, 12)]
        [1.0, 1.0, 0.9, 0.9, 0.81]
        """
        moved = month - month % self.reviewed_every_months
        return float((1.0 + self.change_fraction_per_year) ** (moved / 12))


class PriceTerms(Frozen):
    """What the plan pays beside the list prices of today."""

    negotiated: Annotated[tuple[Negotiated, ...], Field(max_length=1000, strict=False)] = ()
    """Rates of one's own."""
    announced: Annotated[tuple[Announced, ...], Field(max_length=1000, strict=False)] = ()
    """Changes that are known ahead."""
    paths: Annotated[tuple[PricePath, ...], Field(max_length=100, strict=False)] = ()
    """Drift by account."""

    def path_of(self, account: str) -> PricePath | None:
        """Return the path that fits an account best; None where none does."""
        fits = [path for path in self.paths if account == path.account or account.startswith(f"{path.account}:")]
        return max(fits, key=lambda path: len(path.account), default=None)
