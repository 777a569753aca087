"""The validation of the serving simulation as a document."""

from __future__ import annotations

from tco.report.document import Column, Document, Table, Text
from tco.validation.serving import CALIBRATIONS, Errors, Prediction, ServingValidation, errors

AIMS = {"tpot_ape_median": 0.06, "tpot_ape_p90": 0.20, "ttft_ape_median": 0.25, "roofline_tpot_ape_median": 0.25}
COLUMNS = (
    Column("GPU", numeric=False), Column("Model", numeric=False), Column("Rows"), Column("TPOT"), Column("p90"),
    Column("TTFT"), Column("p90"), Column("Roofline"),
)  # fmt: skip
NAMES = {
    "tpot_ape_median": "TPOT median",
    "tpot_ape_p90": "TPOT p90",
    "ttft_ape_median": "TTFT median",
    "roofline_tpot_ape_median": "roofline TPOT median",
}


def serving_document(found: ServingValidation) -> Document:
    """Write the findings for people: one row per GPU and model, then what the figures rest on."""
    rows = [_cells(gpu, model, errors(each)) for (gpu, model), each in found.groups().items()]
    overall = found.overall()
    rows.append(_cells("all", "", overall))
    sections: list[Text | Table] = [
        Table("Absolute errors, simulated against measured", COLUMNS, tuple(rows), emphasis=len(rows) - 1),
        Text(_verdict(overall), "lead"),
        *(Text(note, "note") for note in _notes(found)),
    ]
    source = f"fitted to {found.fitted_rows} rows of {found.fit}, predicting {overall.rows} rows of {found.predict}"
    return Document("Serving simulation against measurements", source, tuple(sections))


def _cells(gpu: str, model: str, told: Errors) -> tuple[str, ...]:
    figures = (
        told.tpot_ape_median, told.tpot_ape_p90, told.ttft_ape_median, told.ttft_ape_p90, told.roofline_tpot_ape_median,
    )  # fmt: skip
    return (gpu, model.rpartition("/")[2], f"{told.rows:,}", *map(percent, figures))


def percent(fraction: float | None) -> str:
    """Write an error; a dash where there is none.

    >>> percent(0.0273), percent(None)
    ('2.7 %', '-')
    """
    return "-" if fraction is None else f"{100 * fraction:,.1f} %"


def _verdict(overall: Errors) -> str:
    """Hold the overall errors against the aims."""
    told = []
    for name, aim in AIMS.items():
        value = getattr(overall, name)
        reached = "unknown" if value is None else "reached" if value <= aim else "missed"
        told.append(f"{NAMES[name]} {percent(value)}, aim {percent(aim)}: {reached}")
    return "; ".join(told) + "."


def _notes(found: ServingValidation) -> list[str]:
    used = found.used()
    notes = ["Calibrated by: " + ", ".join(f"{name} {used[name]:,} rows" for name in CALIBRATIONS) + "."]
    if found.split:
        notes.append(f"Split: {found.split}.")
    if found.left_out:
        notes.append(
            "Left out: " + "; ".join(f"{count:,} rows, {reason}" for reason, count in found.left_out.items()) + "."
        )
    notes.append(
        "TPOT and TTFT: time per output token and time to first token, means of a run. Roofline: median error of the "
        "time per output token from data sheets alone. --format csv tells each row and its calibration's range."
    )
    return notes


def range_warnings(predictions: list[Prediction]) -> list[str]:
    """Say, for each GPU and model, how many rows lie outside the range in which their calibration holds."""
    counts: dict[tuple[str, str], list[Prediction]] = {}
    for each in predictions:
        if each.outside:
            counts.setdefault((each.row.gpu, each.row.model), []).append(each)
    return [f"{gpu} {model}: {_outside(rows)}" for (gpu, model), rows in sorted(counts.items())]


def _outside(rows: list[Prediction]) -> str:
    first = rows[0]
    reach = first.served.reach
    if reach is None:
        return ""
    asked = f"concurrency {first.row.concurrency}, {first.row.input_len}/{first.row.output_len} tokens"
    known = f"concurrency {_span(reach.concurrency)}, {_span(reach.input_len)}/{_span(reach.output_len)} tokens"
    return f"{len(rows)} rows outside the calibrated range, such as line {first.row.line}: {asked}; calibrated: {known}"


def _span(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}-{ends[1]}"
