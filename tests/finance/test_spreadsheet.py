"""Present value beside a spreadsheet: LibreOffice computes what a sheet with NPV() says."""

from __future__ import annotations

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter

from tco.finance.value import present_value_usd

SOFFICE = shutil.which("soffice")
FLOW = np.array([-250_000.0, *[9_000.0] * 35, 34_000.0])
RATE = 0.08
# XlsxWriter leaves the results to the program that opens the file; LibreOffice computes them only when told to.
RECALCULATES = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""


def computed(folder: Path, *formulas: str) -> list[float]:
    """Values of formulas beside the flow in column A and a month's rate in B1, as LibreOffice computes them."""
    book = xlsxwriter.Workbook(str(folder / "npv.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_column(0, 0, FLOW)
    digits = book.add_format({"num_format": "0.000000000"})  # else LibreOffice writes NPV() as an amount of money
    sheet.write(0, 1, (1 + RATE) ** (1 / 12) - 1)
    for row, formula in enumerate(formulas, start=1):
        sheet.write_formula(row, 1, formula, digits)
    book.close()
    (folder / "profile/user").mkdir(parents=True)
    (folder / "profile/user/registrymodifications.xcu").write_text(RECALCULATES)
    as_csv = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false"
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", as_csv,
         "--outdir", str(folder), str(folder / "npv.xlsx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    rows = list(csv.reader((folder / "npv.csv").read_text(encoding="utf-8").splitlines()))
    return [float(rows[row][1]) for row in range(1, len(formulas) + 1)]


@pytest.mark.slow
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_a_spreadsheet_agrees_on_the_present_value(tmp_path):
    """NPV() discounts its first amount: the first month stands outside, or the sum is grown by a month."""
    last = len(FLOW)
    apart, grown, plain = computed(
        tmp_path, f"=A1+NPV(B1,A2:A{last})", f"=NPV(B1,A1:A{last})*(1+B1)", f"=NPV(B1,A1:A{last})"
    )
    ours = present_value_usd(FLOW, RATE)

    assert apart == pytest.approx(ours, rel=1e-9)
    assert grown == pytest.approx(ours, rel=1e-9)
    assert plain != pytest.approx(ours, rel=1e-3)  # pasted as it stands, the formula is off by a month's interest
