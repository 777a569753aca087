"""Checks of a run: nothing is lost, stamps are in order, and Little's law holds between rows and books."""

from __future__ import annotations

from tco.domain import Outcome
from tco.errors import SimulationError
from tco.sim.result import SimulationResult

RELATIVE_TOLERANCE = 1e-9  # two sums of the same times, added in another order


def check_books(result: SimulationResult) -> None:
    """Check conservation, order of stamps, and Little's law between the rows and the stations' own counts.

    Raises:
        SimulationError: naming the law that is broken and both numbers.
    """
    ended = int((result.outcome != Outcome.IN_FLIGHT).sum())
    if ended != len(result):
        raise SimulationError(f"{result.option}: {len(result)} requests arrived, {ended} ended")
    visits = {tier: result.visits(tier) for tier in result.tiers}
    for name, books in result.books.items():
        if books.arrived != books.completed + books.unanswered:
            raise SimulationError(
                f"{result.option}: station {name} took in {books.arrived} requests, answered {books.completed}, "
                f"rejected {books.rejected}, failed {books.failed} and lost {books.timed_out} to time-outs"
            )
        if name in visits and visits[name] != books.arrived:
            raise SimulationError(
                f"{result.option}: {visits[name]} requests say they tried {name}, the station counted {books.arrived}"
            )
    answered = result.answered
    if not (
        (result.arrived_s <= result.finished_s).all()
        and (result.arrived_s <= result.first_token_s)[answered].all()
        and (result.first_token_s <= result.finished_s)[answered].all()
    ):
        raise SimulationError(f"{result.option}: a request has stamps out of order")
    inside_s = sum(books.presence_s for books in result.books.values())
    sojourn_s = float((result.finished_s - result.arrived_s).sum())
    if not abs(inside_s - sojourn_s) <= RELATIVE_TOLERANCE * max(sojourn_s, 1.0):  # so that NaN is caught too
        raise SimulationError(
            f"{result.option}: Little's law: stations held {inside_s:.6f} request-seconds, stamps say {sojourn_s:.6f}"
        )
