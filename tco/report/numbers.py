"""Numbers as people read them. Rounding happens here and in `cents`, and nowhere before."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil, floor, log10


def usd(amount: float) -> str:
    """Write an amount in whole dollars.

    >>> usd(1234.5), usd(-3)
    ('$1,234', '-$3')
    """
    return f"-${-amount:,.0f}" if amount < 0 else f"${amount:,.0f}"


def usd_each(amount: float) -> str:
    """Write a small unit amount with three significant digits, never in exponents.

    >>> usd_each(0.00831), usd_each(12.3), usd_each(0.0)
    ('$0.00831', '$12.30', '$0')
    """
    if amount == 0:
        return "$0"
    if abs(amount) >= 1:
        return f"${amount:,.2f}"
    digits = 2
    while abs(amount) * 10**digits < 100 and digits < 12:
        digits += 1
    return f"${amount:.{digits}f}"


def usd_exact(amount: float) -> str:
    """Write a unit price with every digit it has: what is multiplied must be what is printed.

    >>> usd_exact(10.0), usd_exact(2.125), usd_exact(0.00005), usd_exact(0.1 + 0.2), usd_exact(-241_429.0)
    ('$10.00', '$2.125', '$0.00005', '$0.30', '-$241,429.00')
    """
    digits = Decimal(f"{abs(amount):.12g}")  # the thirteenth is where sums of decimal fractions go astray
    places = max(2, -int(digits.normalize().as_tuple().exponent))
    return f"{'-' if amount < 0 else ''}${digits:,.{places}f}"


def usd_cents(amount: Decimal) -> str:
    """Write an amount that has been rounded to the cent.

    >>> usd_cents(Decimal("1234.50")), usd_cents(Decimal("-0.07"))
    ('$1,234.50', '-$0.07')
    """
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def quantity(value: float, unit_price_usd: float = 0.0) -> str:
    """Write a quantity with six significant digits, and with as many more as its cost to the cent takes.

    Args:
        value: how much.
        unit_price_usd: what one costs, where the reader is to multiply.

    >>> quantity(8021.377812), quantity(1_234_567.0), quantity(4 / 52), quantity(0.0)
    ('8,021.38', '1,234,567', '0.0769231', '0')
    >>> quantity(4 / 52, 241_429.0)  # 0.07692308 x 241,429 = 18,571.46, as is 4 / 52 x 241,429
    '0.07692308'
    """
    if value == 0:
        return "0"
    places = 5 - floor(log10(abs(value)))
    if unit_price_usd:
        places = max(places, ceil(log10(abs(unit_price_usd) * 100)))
    text = f"{value:,.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def seconds(value: float | None) -> str:
    """Write a duration.

    >>> seconds(0.0123), seconds(2.345), seconds(61.2), seconds(None)
    ('12 ms', '2.35 s', '61.2 s', 'n/a')
    """
    if value is None:
        return "n/a"
    if value < 0.0995:
        return f"{value * 1000:.0f} ms"
    return f"{value:.2f} s" if value < 9.995 else f"{value:.1f} s"


def short_usd(amount: float) -> str:
    """Write an amount for an axis or a label.

    >>> short_usd(1_234_567), short_usd(45_600), short_usd(12), short_usd(0)
    ('$1.23M', '$45.6k', '$12', '$0')
    """
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= size:
            return f"${amount / size:.3g}{letter}"
    return f"${amount:.3g}"


def few(value: float) -> str:
    """Write a mean number of requests: three digits, never in exponents, and what is next to nothing as such.

    >>> few(0.0), few(3.7e-5), few(0.1234), few(12_345.0)
    ('0', '<0.01', '0.123', '12,345')
    """
    if 0 < value < 0.01:
        return "<0.01"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def share_used(value: float) -> str:
    """Write a share in per cent, with a decimal where whole ones would say nothing.

    >>> share_used(0.0063), share_used(0.485), share_used(1.2)
    ('0.6%', '48%', '120%')
    """
    return f"{value:.1%}" if value < 0.0995 else f"{value:.0%}"


def short_names(paths: Sequence[tuple[str | int, ...]]) -> list[str]:
    """Name each path by its end: two keys, and as many more as it takes to tell the paths apart.

    >>> short_names([("tiers", "gpt 6.1", "price"), ("seed",)])
    ['gpt 6.1.price', 'seed']
    >>> short_names([("options", "a", "shares", "small"), ("options", "b", "shares", "small")])
    ['a.shares.small', 'b.shares.small']
    """
    keys, longest = 2, max(map(len, paths), default=0)
    while True:
        names = [".".join(map(str, path[-keys:])) for path in paths]
        if len(set(names)) == len(set(paths)) or keys >= longest:
            return names
        keys += 1


def counted(number: float, what: str, several: str | None = None) -> str:
    """Write a number with the thing it counts, in the singular or the plural.

    Args:
        number: printed as a whole number, and worded as printed.
        what: the thing in the singular.
        several: its plural; the singular with an s when left out.

    >>> counted(1, "month"), counted(7, "window"), counted(150_000, "request"), counted(0.7, "request")
    ('1 month', '7 windows', '150,000 requests', '1 request')
    >>> counted(2, "row had", "rows had")
    '2 rows had'
    """
    digits = f"{number:,.0f}"
    return f"{digits} {what}" if digits == "1" else f"{digits} {several or what + 's'}"
