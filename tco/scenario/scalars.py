"""Scalars: what a plain word or number of YAML means, refusing those that YAML 1.1 and 1.2 read differently."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

MAX_DIGITS = 20  # more than any figure here has, and few enough for every number type
_TEXT_SHOWN = 60
_TOO_LONG = f"is a number of more than {MAX_DIGITS} digits"
_INFINITE = "is not a finite number"
_NUMBER_TO_SOME = "is a number to some YAML readers and text to others"

# Words that YAML 1.1 reads as true or false and YAML 1.2 reads as text: nobody can tell what was meant.
_MISREAD_WORD = re.compile(r"^(y|n|yes|no|on|off)$", re.IGNORECASE)
_INTEGER = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_DECIMAL = re.compile(r"^[-+]?(0|[1-9][0-9]*)?\.[0-9]+([eE][-+][0-9]+)?$|^[-+]?(0|[1-9][0-9]*)\.$")
_EXPONENT = re.compile(r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$")
_LEADING_ZERO = re.compile(r"^[-+]?0[0-9_]+(\.[0-9]*)?$")
_BASE_OR_UNDERSCORE = re.compile(r"^[-+]?(0[xXbBoO][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?)$")
_SEXAGESIMAL = re.compile(r"^[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?$")
_NOT_FINITE = re.compile(r"^([-+]?\.?inf(inity)?|\.?nan)$", re.IGNORECASE)

Refusal = tuple[str, str]  # what is wrong with a scalar, and what to write where its field takes it
TRUTH = "true or false"  # what to write instead of a truth value that not every reader sees


def resolve(text: str) -> tuple[Any, Refusal | None]:
    """Read a plain scalar; return its value and, where readers of YAML disagree about it, why it is refused.

    >>> resolve("0.5"), resolve("x"), resolve("1e3")[1][1]
    ((0.5, None), ('x', None), '1000')
    """
    if text in ("", "~", "null", "Null", "NULL"):
        return None, None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true", None
    if _INTEGER.match(text):
        return (int(text), None) if len(text) <= MAX_DIGITS else (text, _refusal(text, _TOO_LONG, "fewer digits"))
    if _DECIMAL.match(text):
        number = float(text)
        return (number, None) if isfinite(number) else (text, _refusal(text, _INFINITE, "a finite number"))
    return text, _ambiguity(text)


def _ambiguity(text: str) -> Refusal | None:
    if _MISREAD_WORD.match(text):
        return _refusal(text, "is a truth value to some YAML readers and text to others", TRUTH)
    if _LEADING_ZERO.match(text):
        return _refusal(text, "is octal to some YAML readers and decimal to others", _without_zeros(text))
    if _SEXAGESIMAL.match(text):
        return _refusal(text, "is a base-60 number to some YAML readers and text to others", "one number")
    if _BASE_OR_UNDERSCORE.match(text):
        return _refusal(text, _NUMBER_TO_SOME, "plain digits")
    if _NOT_FINITE.match(text):
        return _refusal(text, _INFINITE, "a finite number")
    if _EXPONENT.match(text):
        return _refusal(text, _NUMBER_TO_SOME, _without_exponent(text))
    return None


def _refusal(text: str, why: str, instead: str) -> Refusal:
    return f"{quoted(text)} {why}", instead


def _without_zeros(text: str) -> str:
    """Write a number without leading zeros.

    >>> _without_zeros("-012"), _without_zeros("00")
    ('-12', '0')
    """
    return ("-" if text.startswith("-") else "") + (text.lstrip("+-0_") or "0")


def _without_exponent(text: str) -> str:
    """Write a number without an exponent.

    >>> _without_exponent("1e3"), _without_exponent("2.5E-7"), _without_exponent("1e99")
    ('1000', '0.00000025', 'plain digits')
    """
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of twenty digits
        return "plain digits"
    return f"{number:f}" if abs(number.adjusted()) < MAX_DIGITS else "plain digits"


def quoted(text: object) -> str:
    r"""Quote a text from a file: on one line, without control characters, and not longer than a line holds.

    >>> print(quoted("two\nlines"), quoted("x" * 99))
    'two\nlines' 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    whole = str(text)
    shown = whole if whole.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in whole)
    return f"'{shown[:_TEXT_SHOWN]}{'…' if len(shown) > _TEXT_SHOWN else ''}'"
