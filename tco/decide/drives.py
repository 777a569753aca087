"""Drives: what a key does to the result where it prices nothing, said no further than is known of every scenario."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from tco.scenario import Scenario
from tco.scenario.nodes import Path


@dataclass(frozen=True, slots=True)
class Drive:
    """What the keys of a pattern do.

    Attributes:
        pattern: dotted keys; `*` stands for a name. It holds for all that lies below, too.
        words: what they do; `{name}` is the name that the first `*` stands for, `{options}` those that use the tier.
            A command may hold `{file}` and, quoted for a shell, `{quoted}` for the name.
        moves_dollars: False where no amount of the ledger follows from them; True where quantities or periods do.
    """

    pattern: str
    words: str
    moves_dollars: bool


DRIVES = (
    Drive("name", "Words for the reports.", False),
    Drive("question", "Words for the reports.", False),
    Drive("currency", "Names the currency of the amounts.", False),
    Drive("start", "Names the first month, and so the period of every line.", True),
    Drive("horizon_months", "Says how many months are counted: every total is a sum over them.", True),
    Drive("seed", "Seeds every random number: with another one, quantities move within the error of what is simulated.",
          True),
    Drive("simulation", "Says how much is simulated: how sure the simulated means are, not what they estimate.", True),
    Drive("traffic", "Makes the months' requests and the busiest hour. Quantities that count requests or tokens follow "
          "the first, and fleets are sized for the second.", True),
    Drive("traffic.requests_per_month", "Sets the requests of the first month. Every quantity that counts requests or "
          "tokens follows, and fleets are sized for the busiest hour that it makes.", True),
    Drive("traffic.growth_fraction_per_month", "Multiplies the requests by 1 plus itself from each month to the next. "
          "Every quantity that counts requests or tokens follows, and fleets are sized for each month's busiest hour.",
          True),
    Drive("traffic.hour_of_week", "Spreads a month's requests over the week. Fleets are sized for the busiest hour.",
          True),
    Drive("traffic.arrivals", "Spaces the requests within an hour: how many come at once, hence latency and the fleets "
          "that are sized for it.", True),
    Drive("classes", "Says what requests are like. Tokens follow from their lengths, and fleets from the load that "
          "these make.", True),
    Drive("slo", "A limit. Fleets are sized to keep limits on latency, and an option that misses any is not "
          "recommended.", True),
    Drive("regions", "Says where users are: how far a tier is, and what each region's fleet has to carry.", True),
    Drive("quality", "Says how good and bad answers are counted. A bad one costs money only where bad_answer says so.",
          True),
    Drive("business", "What customers pay, for gross margins. No cost follows from it, but that of seats which a "
          "contract charges.", False),
    Drive("finance.discount_fraction_per_year", "Discounts later months for the NPV. Lines and totals are not "
          "discounted, and stay as they are.", False),
    Drive("finance.left_over", "Says what is left at the end of the plan, for the NPV. Lines and totals stay as they "
          "are.", False),
    Drive("prices", "Changes list prices from a month on; each line that it moves says so beside its price.", True),
    Drive("blind_drift", "Adds model spend that grows unseen to options without observability: lines of serving:drift.",
          True),
    Drive("tiers.*", "By such figures tier {name} is simulated, sized and judged. {options}", True),
    Drive("tiers.*.quality", "Says how often tier {name} answers well, for the count of good answers and for routers "
          "that judge them. {options}", True),
    Drive("options.*", "What {name} pays in all: tco explain {file} total --option {quoted}", True),
    Drive("options.*.description", "Words for the reports.", False),
    Drive("options.*.router", "Says who answers a request: what each tier of {name} has to do follows.", True),
    Drive("options.*.fallback", "Says where a request of {name} goes that got no answer: what those tiers have to do "
          "follows.", True),
    Drive("options.*.cache", "The cache of {name}: what it answers spares the tiers, and it has lines of its own.",
          True),
    Drive("options.*.retrieval", "The vector search of {name}: how often it is asked, and what it keeps.", True),
    Drive("options.*.trim", "Shortens prompts of {name}: its prompt tokens follow.", True),
    Drive("options.*.placement", "Says where the tiers of {name} stand: ways to them, and fleets in each region.",
          True),
    Drive("options.*.observability", "Telemetry of {name}: it has lines of its own, and blind_drift does not apply.",
          True),
    Drive("options.*.people", "Engineers' time of {name}: the quantity of its lines of people:build, people:run, "
          "people:tuning, people:on-call and people:hiring; their price is people.engineer, or the option's own.",
          True),
    Drive("options.*.people.build_months", "Spreads the line \"engineers, build\" of {name} over so many months. "
          "Where another option runs meanwhile, the lines of {name} begin after them.", True),
    Drive("options.*.people.tuning_fraction_per_year", "The quantity of the line \"engineers, tuning\" of {name}: so "
          "much of its build weeks a year.", True),
    Drive("options.*.people.on_call", "The lines of people:on-call of {name}: weeks on duty, and time that calls take.",
          True),
    Drive("options.*.people.hiring", "The lines of people:hiring of {name}: recruiting, and time of those who are not "
          "productive yet.", True),
    Drive("options.*.extras", "Fees and overhead of {name}: its lines of platform:extras.", True),
    Drive("options.*.review", "Human review of {name}: the quantity of its lines of quality:review.", True),
    Drive("options.*.contract", "The vendor's contract of {name}: what it counts, and how long it binds; its lines are "
          "those of serving:vendor.", True),
    Drive("options.*.migration", "What moving to {name} takes, once: its lines of people:migration.", True),
    Drive("options.*.exit", "What leaving {name} would take. Its lines are in the ledger only with at_end.", True),
    Drive("options.*.meanwhile", "Names the option whose lines {name} has until it is built.", True),
    Drive("options.*.people.build_engineer_weeks", "The quantity of the line \"engineers, build\" of {name}; its price "
          "is people.engineer.", True),
    Drive("options.*.people.run_engineer_fte", "The quantity of the line \"engineers, run\" of {name}; its price is "
          "people.engineer.", True),
)  # fmt: skip


def what_it_drives(scenario: Scenario, path: Path, file: str) -> str:
    """Say what a key does to the result, by the longest pattern that it lies below; empty where none is known."""
    drive = drive_of(path)
    if drive is None:
        return ""
    name = str(path[1]) if "*" in drive.pattern else ""
    options = _used(scenario, name) if "{options}" in drive.words else ""
    return drive.words.format(name=name, options=options, file=quote(file), quoted=quote(name))


def drive_of(path: Path) -> Drive | None:
    """Find the longest pattern that a key lies below."""
    fitting = [drive for drive in DRIVES if _fits(drive.pattern.split("."), path)]
    return max(fitting, key=lambda drive: len(drive.pattern.split(".")), default=None)


def _fits(pattern: list[str], path: Path) -> bool:
    return len(pattern) <= len(path) and all(part in ("*", str(key)) for part, key in zip(pattern, path, strict=False))


def _used(scenario: Scenario, tier: str) -> str:
    options = [name for name in scenario.options if tier in scenario.tiers_of(name)]
    return f"Used by {', '.join(options)}." if options else "No option uses it."
