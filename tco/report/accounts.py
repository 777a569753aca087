"""Accounts: what each is called and which colour it has, the same in every report."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True)
class AccountStyle:
    """How an account is shown: its name in a table or legend, what it is in a sentence, its colour."""

    word: str
    phrase: str
    colour: str


# Okabe and Ito's colour-blind-safe set (jfly.uni-koeln.de/color, 2008); the pink a little darker, brown and navy added.
BLUE, VERMILION, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#C979B5"
ORANGE, SKY, NAVY, BROWN, YELLOW = "#E69F00", "#56B4E9", "#221F55", "#6B2F12", "#F0E442"
GREYS = ("#9A9A9A", "#CFCFCF", "#606060")

# Colours without a name: of 3 000 random sets the one whose nearest pair is farthest apart to every eye, 17 in CIE Lab.
STYLES = {
    "serving:api": AccountStyle("API tokens", "API tokens", BLUE),
    "serving:units": AccountStyle("Units", "units of throughput", "#300C00"),
    "serving:gpu": AccountStyle("GPUs", "GPUs", VERMILION),
    "serving:platform": AccountStyle("Platform", "the serverless platform", ORANGE),
    "serving:vendor": AccountStyle("Vendor", "the vendor's fees", "#300CFC"),
    "serving:drift": AccountStyle("Drift", "spend that grows unseen", "#9C3C00"),
    "serving:edge": AccountStyle("Edge devices", "edge devices", BROWN),
    "serving:rules": AccountStyle("Rules", "answers by rules", "#F0C090"),
    "people:run": AccountStyle("Run staff", "the staff who run it", GREEN),
    "people:build": AccountStyle("Build", "building it", SKY),
    "people:release": AccountStyle("Releases", "releases", YELLOW),
    "people:tuning": AccountStyle("Tuning", "tuning it anew", "#78B454"),
    "people:on-call": AccountStyle("On call", "engineers on call", "#3C5478"),
    "people:hiring": AccountStyle("Hiring", "hiring", "#540090"),
    "people:migration": AccountStyle("Migration", "migrating to it", "#9C603C"),
    "people:exit": AccountStyle("Exit", "leaving it", "#3C303C"),
    "platform:cache": AccountStyle("Cache", "the cache", PINK),
    "platform:routing": AccountStyle("Routing", "deciding who answers", GREYS[2]),
    "platform:observability": AccountStyle("Telemetry", "telemetry and evaluation", "#B4D8FC"),
    "platform:extras": AccountStyle("Extras", "fees and overhead", "#FC7890"),
    "quality:review": AccountStyle("Review", "human review of answers", "#9CFC78"),
    "quality:bad-answers": AccountStyle("Bad answers", "what bad answers cost", GREYS[1]),
    "network:egress": AccountStyle("Egress", "data on its way to users", "#C030F0"),
    "storage:vector": AccountStyle("Vectors", "the vector store", NAVY),
}


# Accounts without a colour of their own: how they are called in a table and in a sentence.
WORDS = {
    "serving:vendor": ("Vendor contract", "the vendor's contract"),
    "serving:drift": ("Unseen growth", "growth that nobody sees"),
    "platform:observability": ("Telemetry", "telemetry and evaluations"),
    "quality:review": ("Review", "people who review answers"),
    "people:tuning": ("Tuning", "tuning it anew"),
    "people:on-call": ("On call", "being on call"),
    "people:hiring": ("Hiring", "hiring"),
    "people:migration": ("Moving in", "moving in"),
    "people:exit": ("Moving out", "moving out"),
}


def account_style(account: str) -> AccountStyle:
    """Return how an account is shown; one below a known account is shown as that one, with its own name.

    An account that nobody has described is grey, and always the same grey.

    >>> account_style("people:run").word
    'Run staff'
    >>> account_style("serving:gpu:reserved") == AccountStyle("serving:gpu:reserved", "serving:gpu:reserved", VERMILION)
    True
    """
    if account in STYLES:
        return STYLES[account]
    family = ":".join(account.split(":")[:2])
    colour = STYLES[family].colour if family in STYLES else GREYS[crc32(account.encode()) % len(GREYS)]
    return AccountStyle(*WORDS.get(account, (account, account)), colour)
