"""Serving against measurements: fit on one part of the rows, simulate the other, and say how far off it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tco.calibration.calibrate import PROTOCOLS, Calibration, Served, calibrate, loop_of
from tco.calibration.loops import Loop, trajectory
from tco.calibration.measured import MeasuredRow, Measurements
from tco.calibration.setups import SAME, set_up_of
from tco.errors import UsageError
from tco.serving.roofline import pieces
from tco.serving.step_time import Server
from tco.serving.table_fit import ROOFLINE, columns
from tco.sim.closed_loop import run_closed_loop
from tco.validation.parallel import Workers

CALIBRATIONS = ("same set-up", "nearest", "roofline")
UNKNOWN = "model neither measured in the fitted rows nor in the catalog"


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row: measured and simulated."""

    row: MeasuredRow
    served: Served
    ttft_ms: float
    tpot_ms: float
    roofline_tpot_ms: float | None

    @property
    def tpot_ape(self) -> float:
        """Absolute error of the time per output token, as a fraction of the measured one."""
        return abs(self.tpot_ms / self.row.tpot_ms - 1)

    @property
    def ttft_ape(self) -> float:
        """Absolute error of the time to first token, as a fraction of the measured one."""
        return abs(self.ttft_ms / self.row.ttft_ms - 1)

    @property
    def roofline_tpot_ape(self) -> float | None:
        """Absolute error of the uncalibrated roofline; None where the catalog lacks model, GPU or precision."""
        return None if self.roofline_tpot_ms is None else abs(self.roofline_tpot_ms / self.row.tpot_ms - 1)

    @property
    def outside(self) -> bool:
        """Whether the row lies outside the range in which its calibration holds."""
        return self.served.reach is not None and not self.served.reach.holds(self.row)


@dataclass(frozen=True, slots=True)
class Errors:
    """Errors over some rows, as fractions; None where there is nothing to look at."""

    rows: int
    tpot_ape_median: float | None
    tpot_ape_p90: float | None
    ttft_ape_median: float | None
    ttft_ape_p90: float | None
    roofline_tpot_ape_median: float | None


@dataclass(frozen=True)
class ServingValidation:
    """What `tco validate serving` found.

    Attributes:
        fit: the rows that were fitted and where they are from.
        predict: the same of the rows that were predicted.
        fitted_rows: distinct rows that went into the fit.
        predictions: one for each predicted row, in file order.
        left_out: rows that could not be used, by reason.
        split: how one file was split; empty when there were two.
        calibration: the fit.
    """

    fit: str
    predict: str
    fitted_rows: int
    predictions: list[Prediction]
    left_out: dict[str, int]
    split: str
    calibration: Calibration

    def overall(self) -> Errors:
        """Errors over every row."""
        return errors(self.predictions)

    def groups(self) -> dict[tuple[str, str], list[Prediction]]:
        """Predictions by GPU and model, in alphabetical order."""
        found: dict[tuple[str, str], list[Prediction]] = defaultdict(list)
        for each in self.predictions:
            found[each.row.gpu, each.row.model].append(each)
        return dict(sorted(found.items()))

    def used(self) -> dict[str, int]:
        """Count rows by what calibrated them."""
        counts = Counter(each.served.calibration for each in self.predictions)
        return {name: counts[name] for name in CALIBRATIONS}


def errors(predictions: list[Prediction]) -> Errors:
    """Summarise errors."""
    tpot = [each.tpot_ape for each in predictions]
    ttft = [each.ttft_ape for each in predictions]
    roofline = [each.roofline_tpot_ape for each in predictions if each.roofline_tpot_ape is not None]
    return Errors(
        len(predictions), _quantile(tpot, 0.5), _quantile(tpot, 0.9), _quantile(ttft, 0.5), _quantile(ttft, 0.9),
        _quantile(roofline, 0.5),
    )  # fmt: skip


def _quantile(values: list[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None


def split_by_concurrency(rows: list[MeasuredRow]) -> tuple[list[MeasuredRow], list[MeasuredRow]]:
    """Hold out every other concurrency of each set-up, the second lowest first; return fitted and held-out rows."""
    levels: dict[Any, set[int]] = defaultdict(set)
    keys = [set_up_of(row).relatives[SAME] for row in rows]
    for key, row in zip(keys, rows, strict=True):
        levels[key].add(row.concurrency)
    held = {key: set(sorted(found)[1::2]) for key, found in levels.items()}
    fitted = [row for key, row in zip(keys, rows, strict=True) if row.concurrency not in held[key]]
    return fitted, [row for key, row in zip(keys, rows, strict=True) if row.concurrency in held[key]]


def validate_serving(fit: Measurements, predict: Measurements | None, work: Workers) -> ServingValidation:
    """Fit the table model, predict rows by simulating their closed loops, and compare.

    Args:
        fit: rows to fit; split where there are no others.
        predict: rows to predict; None to hold out every other concurrency of each set-up of `fit`.
        work: where simulations run.

    Raises:
        UsageError: when nothing is left to fit or to predict.
    """
    split, fit_rows, predict_rows = "", fit.rows, predict.rows if predict is not None else []
    left_out = Counter({f"{reason} (in {fit.file})": count for reason, count in fit.left_out.items()})
    if predict is None:
        split = "every other concurrency of each set-up held out"
        fit_rows, predict_rows = split_by_concurrency(fit.rows)
    else:
        left_out.update({f"{reason} (in {predict.file})": count for reason, count in predict.left_out.items()})
    for rows, what, file in ((fit_rows, "fit", fit.file), (predict_rows, "predict", (predict or fit).file)):
        if not rows:
            told = "; ".join(f"{count} rows: {reason}" for reason, count in left_out.items())
            raise UsageError(f"{file}: no row to {what}{'; left out ' + told if told else ''}")
    calibration = calibrate(fit_rows, work)
    predictions = _predict(predict_rows, calibration, work)
    if missing := len(predict_rows) - len(predictions):
        left_out[UNKNOWN] += missing
    return ServingValidation(
        fit.file, (predict or fit).file, len(fit_rows), predictions, dict(left_out), split, calibration
    )


def _predict(rows: list[MeasuredRow], calibration: Calibration, work: Workers) -> list[Prediction]:
    served = [(row, found) for row in rows if (found := calibration.serve(row)) is not None]
    runs = list(dict.fromkeys((found.server, found.loop) for _, found in served))  # equal runs are simulated once
    runs.sort(key=lambda run: -run[1].requests)
    times = dict(zip(runs, work.map("simulating closed loops", _simulate, runs), strict=True))
    roofline = _roofline([row for row, _ in served], work)
    return [
        Prediction(row, found, times[found.server, found.loop][0] * 1e3, times[found.server, found.loop][1] * 1e3, bare)
        for (row, found), bare in zip(served, roofline, strict=True)
    ]


def _simulate(run: tuple[Server, Loop]) -> tuple[float, float]:
    return run_closed_loop(*run)


def _roofline(rows: list[MeasuredRow], work: Workers) -> list[float | None]:
    """Return the uncalibrated roofline's time per output token, milliseconds; None where the catalog lacks facts."""
    set_ups = [set_up_of(row) for row in rows]
    loops = [loop_of(row, set_up, PROTOCOLS[0], None) for row, set_up in zip(rows, set_ups, strict=True)]
    wanted = list(dict.fromkeys(loop for loop, set_up in zip(loops, set_ups, strict=True) if set_up.known))
    walked = dict(zip(wanted, work.map("walking the roofline's loops", trajectory, wanted), strict=True))
    return [
        float(columns(walked[loop][1], pieces(set_up.deployment)) @ ROOFLINE) * 1e3 if set_up.known else None
        for loop, set_up in zip(loops, set_ups, strict=True)
    ]


def validation_json(found: ServingValidation) -> dict[str, Any]:
    """Return the findings under stable keys; errors are fractions."""
    overall = asdict(found.overall())
    groups = [
        {"gpu": gpu, "model": model, **asdict(errors(each)), "calibration": dict(_counts(each))}
        for (gpu, model), each in found.groups().items()
    ]
    return {
        "schema_version": 1, "unit": "fraction", **overall, "overall": overall, "groups": groups,
        "fit": found.fit, "predict": found.predict, "split": found.split, "fitted_rows": found.fitted_rows,
        "calibration": found.used(), "outside_range_rows": sum(each.outside for each in found.predictions),
        "left_out_rows": sum(found.left_out.values()), "left_out": found.left_out,
        "predictions": prediction_rows(found),
    }  # fmt: skip


def _counts(predictions: list[Prediction]) -> Counter[str]:
    return Counter(each.served.calibration for each in predictions)


def prediction_rows(found: ServingValidation) -> list[dict[str, Any]]:
    """Return one flat row for each prediction; errors are fractions."""
    return [
        {
            "line": each.row.line, "id": each.row.id, "gpu": each.row.gpu, "model": each.row.model,
            "backend": each.row.backend, "precision": each.row.precision, "input_len": each.row.input_len,
            "output_len": each.row.output_len, "concurrency": each.row.concurrency,
            "calibration": each.served.calibration, "related_by": each.served.relation, "outside_range": each.outside,
            **_range(each.served),
            "ttft_ms": each.row.ttft_ms, "ttft_simulated_ms": each.ttft_ms, "ttft_ape": each.ttft_ape,
            "tpot_ms": each.row.tpot_ms, "tpot_simulated_ms": each.tpot_ms, "tpot_ape": each.tpot_ape,
            "roofline_tpot_ms": each.roofline_tpot_ms, "roofline_tpot_ape": each.roofline_tpot_ape,
        }
        for each in found.predictions
    ]  # fmt: skip


def _range(served: Served) -> dict[str, int | None]:
    reach = served.reach
    return {
        f"{name}_{side}": None if reach is None else getattr(reach, name)[at]
        for name in ("concurrency", "input_len", "output_len")
        for at, side in enumerate(("from", "to"))
    }
