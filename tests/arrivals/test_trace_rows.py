"""A trace file is read whole, or refused with every fault by line."""

from __future__ import annotations

import time

import pytest

from tco.arrivals.trace_rows import HEADERS, MAX_FAULTS, MAX_TOKENS, read_trace
from tco.errors import Fault, ScenarioError
from tests.cli.conftest import ROOT

HEAD = "arrival_s,input_tokens,output_tokens\n"
CONVERSATION = ROOT.parent / "shared/data/traces/azure2023_conv.csv"


@pytest.fixture
def read(tmp_path):
    """Read a text as a trace."""

    def reading(text):
        path = tmp_path / "trace.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_trace(path)

    return reading


@pytest.fixture
def faults(read):
    """Read a text that is refused."""

    def reading(text) -> list[tuple[int, str, str]]:
        with pytest.raises(ScenarioError) as caught:
            read(text)
        assert caught.value.file.endswith("trace.csv")
        return [(fault.line, fault.key, fault.message) for fault in caught.value.faults]

    return reading


def test_a_trace_by_hand(read):
    """Gaps of 2, 1 and 3 s, mean 2; the first request waits the mean; scaled to mean 1."""
    trace = read(HEAD + "10,100,20\n12,200,30\n13,300,40\n16,400,50\n")

    assert "trace.csv" == trace.name
    assert [1.0, 1.0, 0.5, 1.5] == trace.gaps.tolist()
    assert [100, 200, 300, 400] == trace.input_tokens.tolist()
    assert [20, 30, 40, 50] == trace.output_tokens.tolist()
    assert 0 == trace.raised_rows


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[0])
def test_every_known_header_is_read(read, header):
    """Columns are found by name, in any order and among others, blanks around names included."""
    when, tokens_in, tokens_out = header
    trace = read(f"extra, {tokens_out} ,{when},{tokens_in}\nx,7,0,5\ny,8,2,6\n")

    assert [5, 6] == trace.input_tokens.tolist()
    assert [7, 8] == trace.output_tokens.tolist()


@pytest.mark.parametrize(
    "times",
    [
        ("2023-11-16 18:15:46.6805900", "2023-11-16 18:15:48.6805900", "2023-11-16 18:15:49.6805900"),
        ("2023-11-16T18:15:46Z", "2023-11-16T19:15:48+01:00", "2023-11-16 18:15:49"),
        ("1.7e9", "1700000002", "1700000003.0"),
        ("-1", "1", " 2 "),
    ],
)
def test_times_are_seconds_or_dates(read, times):
    """Gaps of two seconds and one in every notation."""
    trace = read(HEAD + "".join(f"{moment},1,1\n" for moment in times))

    assert [1.0, 4 / 3, 2 / 3] == pytest.approx(trace.gaps.tolist(), rel=1e-6)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change the zone of a process")
def test_a_time_without_a_zone_does_not_depend_on_the_readers(read, monkeypatch):
    """Where the reader's clock goes forward by an hour between two rows, the gap is still two seconds."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        trace = read(HEAD + "2023-03-26 01:59:58,1,1\n2023-03-26 02:00:00,1,1\n2023-03-26 03:00:01,1,1\n")
    finally:
        monkeypatch.undo()
        time.tzset()

    assert 2 / 3601 == pytest.approx(trace.gaps[1] / trace.gaps[2], rel=1e-6)


def test_counts_of_zero_are_raised_to_one_and_counted(read):
    """An answer of nothing still takes a step; how many rows were changed is told in the report."""
    trace = read(HEAD + "0,0,0\n1,5,0\n2,0,6\n3,7.0,8\n")

    assert [1, 5, 1, 7] == trace.input_tokens.tolist()
    assert [1, 1, 6, 8] == trace.output_tokens.tolist()
    assert 3 == trace.raised_rows


def test_line_endings_blank_lines_and_a_byte_order_mark_do_not_matter(read):
    """As spreadsheets save it."""
    plain = read(HEAD + "0,1,2\n1,3,4\n")
    saved = read(b"\xef\xbb\xbf" + (HEAD + '0,1,2\n\n"1",3,4\n\n').replace("\n", "\r\n").encode())

    assert plain.gaps.tolist() == saved.gaps.tolist()
    assert plain.input_tokens.tolist() == saved.input_tokens.tolist()


@pytest.mark.parametrize("count", ["-1", "1.5", "", "many", "nan", "inf", str(MAX_TOKENS + 1)])
def test_a_count_that_is_no_count_is_told(faults, count):
    """With its line, its column's name and what was found."""
    allowed = f"allowed: a whole number from 0 to {MAX_TOKENS}"

    assert [(3, "input_tokens", f"{count!r}; {allowed}")] == faults(f"{HEAD}0,1,1\n1,{count},1\n2,1,1\n")
    assert [(3, "output_tokens", f"{count!r}; {allowed}")] == faults(f"{HEAD}0,1,1\n1,1,{count}\n2,1,1\n")


@pytest.mark.parametrize("moment", ["soon", "", "nan", "inf", "1e30", "2023-13-01", "18:15:46"])
def test_a_time_that_is_no_time_is_told(faults, moment):
    """With its line."""
    expected = [(3, "arrival_s", f"{moment!r}; allowed: seconds, or a date and time")]

    assert expected == faults(f"{HEAD}0,1,1\n{moment},1,1\n2,1,1\n")


def test_rows_out_of_order_are_told(faults):
    """A gap below zero would be an arrival before the one before."""
    expected = "'0.5' is before the row above; allowed: rows in the order of arrival"

    assert [(4, "arrival_s", expected)] == faults(HEAD + "0,1,1\n1,1,1\n0.5,1,1\n2,1,1\n")


def test_a_short_row_is_told(faults):
    """With how many columns there are and must be."""
    assert [(3, "", "2 columns; allowed: 3 or more, as in the header")] == faults(HEAD + "0,1,1\n1,1\n2,1,1\n")


def test_every_fault_is_told_at_once(faults):
    """Each on its line, rows that are fine in between; a row over several lines counts them all."""
    found = faults('arrival_s,input_tokens,output_tokens,note\n0,x,1,a\n1,1,1,"two\nlines"\nsoon,1,1,b\n3,1,-4,c\n')

    assert [(2, "input_tokens"), (5, "arrival_s"), (6, "output_tokens")] == [fault[:2] for fault in found]


def test_a_column_of_faults_is_cut_short(faults):
    """Twenty are enough to see that the column is wrong."""
    assert MAX_FAULTS == len(faults(HEAD + "soon,1,1\n" * 1000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header; known: "),
        ("a,b,c\n0,1,1\n", "the header 'a,b,c' is not that of a known trace; known: "),
        ("TIMESTAMP,input_tokens,output_tokens\n0,1,1\n", "the header 'TIMESTAMP,input_tokens,output_tokens' is not"),
        (HEAD, "0 rows; allowed: at least 2 rows that differ in time"),
        (HEAD + "0,1,1\n", "1 row; allowed: at least 2 rows"),
        (HEAD + "5,1,1\n5,1,1\n5,1,1\n", "3 rows, all at one time; allowed: at least 2 rows"),
        (HEAD + '0,1,1\n1,"1"x,1\n', "not valid CSV: "),
        (HEAD.encode() + b"0,1,1\n1,\xff,1\n", "byte 0xff is not UTF-8; allowed: text in UTF-8"),
    ],
)
def test_a_file_that_is_no_trace_is_one_fault(faults, text, message):
    """Said of the file, on the line where it is seen."""
    (found,) = faults(text)

    assert found[2].startswith(message)
    assert (3 if "CSV" in message or "UTF-8" in message else 1) == found[0]


def test_a_file_that_is_not_there_is_told(tmp_path):
    """In the words of the system."""
    with pytest.raises(ScenarioError) as caught:
        read_trace(tmp_path / "nowhere.csv")

    assert (Fault(1, 1, "", "the trace cannot be read: No such file or directory"),) == caught.value.faults


@pytest.mark.skipif(not CONVERSATION.exists(), reason="../shared/data is not here")
def test_a_published_trace_is_read_as_published():
    """Azure's 2023 conversation trace: 19 366 requests, CV 1.1, mean prompt 1 155 and mean answer 211 tokens."""
    trace = read_trace(CONVERSATION)
    rows = CONVERSATION.read_text(encoding="utf-8").strip().count("\n")

    assert 19_366 == rows == len(trace.gaps)
    assert 1.1 == pytest.approx(trace.gaps.std(), abs=0.05)
    assert 1155 == pytest.approx(trace.input_tokens.mean(), abs=1)
    assert 211 == pytest.approx(trace.output_tokens.mean(), abs=1)
