"""Reading YAML: what readers disagree about is refused, at its place, once, and whatever the file is, quickly."""

from __future__ import annotations

from time import perf_counter, process_time

import pytest

from tco.errors import ScenarioError
from tco.scenario.loader import load_scenario
from tco.scenario.nodes import MAX_DEPTH, parse
from tests.scenario.texts import CATALOG, INLINE, faults_in, plant

TO_SOME = "is a number to some YAML readers and text to others"
TRUTH = "is a truth value to some YAML readers and text to others"


@pytest.mark.parametrize("text", [INLINE, CATALOG])
def test_the_texts_are_valid(tmp_path, text):
    """What the faults are planted in has none of its own."""
    assert [] == faults_in(tmp_path, text)


@pytest.mark.parametrize(
    ("scalar", "why", "instead"),
    [
        ("NO", TRUTH, "a number"),
        ("yes", TRUTH, "a number"),
        ("Off", TRUTH, "a number"),
        ("n", TRUTH, "a number"),
        ("012", "is octal to some YAML readers and decimal to others", "12"),
        ("-012", "is octal to some YAML readers and decimal to others", "-12"),
        ("12:30:45", "is a base-60 number to some YAML readers and text to others", "one number"),
        ("1e3", TO_SOME, "1000"),
        ("1.5e3", TO_SOME, "1500"),
        ("2E-7", TO_SOME, "0.0000002"),
        ("1e99999999999999999999", TO_SOME, "plain digits"),
        ("0x1F", TO_SOME, "plain digits"),
        ("0o17", TO_SOME, "plain digits"),
        ("1_000", TO_SOME, "plain digits"),
        (".nan", "is not a finite number", "a finite number"),
        ("NaN", "is not a finite number", "a finite number"),
        ("-.inf", "is not a finite number", "a finite number"),
        ("Infinity", "is not a finite number", "a finite number"),
        ("1" * 400 + ".0", "is not a finite number", "a finite number"),
        ("1" * 21, "is a number of more than 20 digits", "fewer digits"),
    ],
)
def test_a_scalar_that_readers_disagree_about_is_told_once(tmp_path, scalar, why, instead):
    """The value is refused where it stands, with what to write; its key is not missing and has no wrong type."""
    planted = plant("e2e_p95_s: 45", f"e2e_p95_s: §{scalar}")
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.place == (fault.line, fault.column)
    assert fault.key == "slo.e2e_p95_s"
    assert fault.message.startswith(f"'{scalar[:60]}")
    assert fault.message.endswith(why)
    assert fault.hint == f"write {instead}"


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("latency_class: async", "latency_class: NO", "write 'interactive' or 'async'"),
        ("share: 0.75", "share: NO", "write a number"),
        ("horizon_months: 36", "horizon_months: yes", "write a whole number"),
        ("horizon_months: 36", "horizon_months: 036", "write 36"),
        ("question: Which is cheapest?", "question: NO", "quote it: 'NO'"),
        ("question: Which is cheapest?", "question: 012", "quote it: '012'"),
        ("first: gpu", "first: NO", "quote it: 'NO'"),
        ("    min_replicas: 1\n", "    interactive_first: NO\n", "write true or false"),
        ("source_date: 2026-01-31", "source_date: NO", "write a date as YYYY-MM-DD"),
        ("hour_of_week: flat", "hour_of_week: NO", "write a catalog name, or a list of 168 rates from Monday 00:00"),
        ("arrivals: {kind: poisson}", "arrivals: {kind: NO}", "write constant or gamma or poisson or trace"),
        ("arrivals: {kind: poisson}", "arrivals: 012", "write a mapping of keys"),
        ("seed: 7", "sed: 012", "write 12 or, for text, quote it"),
    ],
)
def test_what_to_write_depends_on_the_field(tmp_path, old, new, hint):
    """A truth value is no way out where a number belongs; where the field is not known, both ways are told."""
    faults = faults_in(tmp_path, plant(old, new).text)

    assert hint in [fault.hint for fault in faults]


def test_an_unknown_key_with_a_refused_value_is_two_faults(tmp_path):
    """Mending the value alone would only bring the other one up."""
    unknown, value = faults_in(tmp_path, plant("seed: 7", "sed: 012").text)

    assert (5, 1, "did you mean 'seed'?") == (unknown.line, unknown.column, unknown.hint)
    assert (5, 6, "sed") == (value.line, value.column, value.key)


@pytest.mark.parametrize("scalar", ["NO", "012", "1e3", ".nan", "0x1F"])
@pytest.mark.parametrize(
    ("key", "old"),
    [
        ("seed", "seed: 7"),
        ("name", "name: Small"),
        ("classes.chat.share", "share: 0.75"),
        ("traffic.arrivals.kind", "kind: poisson"),
        ("traffic.hour_of_week", "hour_of_week: flat"),
        ("options.buy.router.shares.api", "api: 1.0"),
        ("tiers.api.availability_fraction", "availability_fraction: 0.995"),
        ("options.climb.router.first", "first: gpu"),
        ("tiers.api.price.source_date", "source_date: 2026-01-31"),
        ("people", "people:\n  engineer: {loaded_year_usd_per_year: 250000"),
    ],
)
def test_a_refused_value_is_told_once_wherever_it_stands(tmp_path, scalar, key, old):
    """No second fault about a missing key, a sum of shares or a wrong type follows from a refused value."""
    if key == "people":
        text = INLINE.replace(
            INLINE[INLINE.index("people:\n  engineer") : INLINE.index("finance:")], f"people: {scalar}\n"
        )
    else:
        text = plant(old, f"{old.split(':')[0]}: §{scalar}").text

    assert [key] == [fault.key for fault in faults_in(tmp_path, text)]


@pytest.mark.parametrize(
    "scalar", ["'NO'", '"012"', "'12:30:45'", '"1e3"', "e5", "1.2.3", "on demand", "v1e3", "2026-01-31"]
)
def test_quoted_or_plain_text_is_text(tmp_path, scalar):
    """Quoting helps, and words that only look like numbers are words."""
    assert [] == faults_in(tmp_path, plant("name: Small", f"name: §{scalar}").text)


@pytest.mark.parametrize("scalar", ["45", "45.0", "+45", "4.5e+1", "0.5", "5."])
def test_plain_numbers_are_numbers(tmp_path, scalar):
    """Forms that YAML 1.1 and 1.2 read alike are read."""
    assert [] == faults_in(tmp_path, plant("e2e_p95_s: 45", f"e2e_p95_s: §{scalar}").text)


@pytest.mark.parametrize("key", ["NO", "1e3", "012", "12:30"])
def test_an_ambiguous_key_is_told_once(tmp_path, key):
    """The key is to be quoted; that it is unknown as well is not told."""
    planted = plant("seed: 7", f"§{key}: 7")
    (fault,) = faults_in(tmp_path, planted.text)

    assert planted.place == (fault.line, fault.column)
    assert fault.hint == f"quote it: '{key}'"


def test_what_an_ambiguous_key_holds_is_judged(tmp_path):
    """A tier called NO is a tier: it is not dangling, and its own faults are told."""
    text = INLINE.replace("  api:\n", "  NO:\n").replace("api: ", "NO: ").replace("then: api", "then: 'NO'")
    faults = faults_in(tmp_path, text.replace("input_usd_per_mtok: 2.5", "input_usd_per_mtok: -1"))

    assert "tiers.NO.price.input_usd_per_mtok" in [fault.key for fault in faults]
    assert not [fault for fault in faults if "not one of the scenario's" in fault.message]


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("seed: 7", "seed: 7\n§seed: 8", "seed", "duplicate key; already given in line 5"),
        ("  batch:\n", "  §chat:\n", "classes.chat", "duplicate key; already given in line 12"),
        (
            "{api: 1.0}",
            "{api: 0.5, §api: 0.5}",
            "options.buy.router.shares.api",
            "duplicate key; already given in line 57",
        ),
    ],
)
def test_a_duplicate_key_is_refused(tmp_path, old, new, key, message):
    """The second one is told with the line of the first, and nothing that follows from leaving it out."""
    planted = plant(old, new)
    faults = [fault for fault in faults_in(tmp_path, planted.text) if fault.key == key]

    assert [(*planted.place, message)] == [(fault.line, fault.column, fault.message) for fault in faults]
    assert faults[0].hint == "keep one of the two"
    assert not [fault for fault in faults_in(tmp_path, planted.text) if "sum" in fault.message]


@pytest.mark.parametrize(
    ("old", "new", "key", "message"),
    [
        ("seed: 7", "seed: §*a", "seed", "alias '*a'; aliases are not read"),
        ("seed: 7", "§*a : 7", "", "alias '*a' as a key; keys are names"),
        ("    share: 0.75\n", "    §<<: {share: 0.75}\n", "classes.chat.<<", "merge key '<<'; merge keys are not read"),
        ("seed: 7", "seed: §!!python/name:os.system 7", "seed", "tag '!!python/name:os.system'; tags are not read"),
        ("slo:\n", "slo: §!!omap\n", "slo", "tag '!!omap'; tags are not read"),
        ("seed: 7", "? §[a]\n: 7", "", "a list or mapping as a key; keys are names"),
        ("seed: 7", "---\nseed: 7", None, None),
    ],
)
def test_what_yaml_can_and_a_scenario_cannot_is_told_once(tmp_path, old, new, key, message):
    """Aliases, merge keys, tags, keys that are no names: refused, and what they would have brought is not missing."""
    planted = plant(old, new)
    faults = faults_in(tmp_path, planted.text)

    assert len(faults) == 1
    if message is not None:
        assert (*planted.place, key, message) == (faults[0].line, faults[0].column, faults[0].key, faults[0].message)


def test_a_list_of_aliases_is_one_fault(tmp_path):
    """Thousands of them are one mistake, told where the first stands; what else the list holds is not judged by it."""
    planted = plant("hour_of_week: flat", "hour_of_week: [1, §*a" + ", *a" * 20_000 + "]")
    faults = faults_in(tmp_path, planted.text)

    assert [(*planted.place, "traffic.hour_of_week[1]")] == [(f.line, f.column, f.key) for f in faults]


@pytest.mark.parametrize(
    "flood",
    ["".join(f"zz{n}: 1\n" for n in range(20_000)), "".join(f"seed{n}: NO\n" for n in range(20_000))],
    ids=["unknown keys", "refused values"],
)
def test_a_flood_of_faults_is_counted_and_not_all_told(tmp_path, flood):
    """The first fifty in file order, and how many more there are, in a time that grows with the file only."""
    path = tmp_path / "flood.yaml"
    path.write_text(flood)
    began = process_time()
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    spent_s = process_time() - began
    lines = [line for line in str(caught.value).splitlines() if not line.startswith("    hint")]

    assert 51 == len(lines)
    assert f"... and {len(caught.value.faults) - 50:,} more" == lines[-1]
    assert len(caught.value.faults) >= 20_000
    assert spent_s < 5  # one second; the rest is room for a slow machine


MERGES = "".join(
    f"{name}: &{name}\n" + "  <<: [*" + ", *".join(before * 9) + "]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
BOMBS = {
    "alias bomb": "a: &a [x, x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join([f'*{m}'] * 9)}]\n" for m, n in zip("abcdefgh", "bcdefghi", strict=True)),
    "merge bomb": "a: &a {x: 1}\n" + MERGES,
    "recursive alias": "a: &a\n  b: *a\n",
    "recursive root": "&a\nb: *a\n",
    "100 000 brackets": "[" * 100_000,
    "50 000 braces": "{a: " * 50_000,
    "100 levels of blocks": "".join(" " * depth + "a:\n" for depth in range(100)),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_in_milliseconds(tmp_path, bomb):
    """Nothing is expanded and nothing recurses, so a bomb costs no more than its own bytes."""
    began = perf_counter()
    tree = parse(bomb)
    spent_s = perf_counter() - began

    assert tree.faults
    assert spent_s < 0.2  # a few milliseconds; the rest is room for a busy machine
    assert faults_in(tmp_path, bomb)


def test_nesting_is_told_where_it_goes_too_deep(tmp_path):
    """One fault, at the first bracket too many, with a key that fits on the line."""
    (fault,) = faults_in(tmp_path, "[" * 100_000)

    assert (1, MAX_DEPTH + 1) == (fault.line, fault.column)
    assert fault.message == "nested more than 40 levels deep"
    assert len(fault.key) < 80


def test_a_file_of_too_many_values_is_told_where_they_become_too_many(tmp_path):
    """Reading stops there; what would have come is not missing."""
    (fault,) = faults_in(tmp_path, plant("hour_of_week: flat", "hour_of_week: [" + "1," * 120_000 + "]").text)

    assert fault.line == 9
    assert fault.message == "more than 100,000 values; a scenario has fewer"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("a: 1\n\tb: 2\n", (2, 1), "found a tab character", "indent with spaces"),
        ("slo:\n\te2e_p95_s: 1\n", (2, 1), "found character that cannot start any token", "indent with spaces"),
        ('seed: 1\nname: "abc\n', (2, 7), "found unexpected end of stream", "close the quote"),
        ("seed: 1\nname: 'abc\n", (2, 7), "found unexpected end of stream", "close the quote"),
        ("a: b: c\n", (1, 5), "mapping values are not allowed", "quote text that holds ': '"),
        ("a: [1, 2\n", (1, 1), "did not find expected ',' or ']'", "close the bracket"),
        ("a: 1\n b: 2\n", (2, 3), "mapping values are not allowed", "check the indentation"),
        ("a:\n  b: 1\n c: 2\n", (3, 2), "did not find expected key", "check the indentation"),
        ("a: 1\nb\n", (2, 1), "could not find expected ':'", "write 'key: value'"),
        ("%YAML 9.9\n---\na: 1\n", (1, 1), "incompatible YAML document", ""),
        ("a: !x!y 1\n", (1, 4), "undefined tag handle", ""),
        ('a: "\\ud800"\n', (1, 7), "invalid Unicode character escape code", ""),
    ],
)
def test_broken_yaml_is_one_fault_with_a_way_out(tmp_path, text, place, message, hint):
    """What was not read is not told as missing."""
    (fault,) = faults_in(tmp_path, text)

    assert place == (fault.line, fault.column)
    assert fault.message.startswith("not valid YAML: ")
    assert message in fault.message
    assert hint in (fault.hint or "")


def test_faults_before_broken_yaml_are_told_too(tmp_path):
    """The reader's own faults up to the break, in file order, and the break."""
    faults = faults_in(tmp_path, 'seed: NO\nname: 012\nquestion: "open\n')

    assert [1, 2, 3] == [fault.line for fault in faults]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; allowed: a mapping of keys"),
        (" \n\n", "the file is empty; allowed: a mapping of keys"),
        ("# only\n# comments\n", "the file is empty; allowed: a mapping of keys"),
        ("---\n", "the file is empty; allowed: a mapping of keys"),
        ("- a\n- b\n", "the file is a list; allowed: a mapping of keys"),
        ("hello\n", "the file is the text 'hello'; allowed: a mapping of keys"),
        ("5\n", "the file is the text '5'; allowed: a mapping of keys"),
        ("NO\n", "the file is the text 'NO'; allowed: a mapping of keys"),
        ("a: 1\n---\nb: 2\n", "a second document begins here; a scenario is one document"),
        ("a: \x00\n", "control character U+0000; allowed: printable text"),
        ("a: \x1b[31m\n", "control character U+001B; allowed: printable text"),
        (b"a: caf\xe9\n", "byte 0xe9 is not UTF-8; allowed: text in UTF-8"),
        (b"\xef\xbb\xbfa: caf\xe9\n", "byte 0xe9 is not UTF-8; allowed: text in UTF-8"),
        (INLINE.encode("utf-16"), "byte 0xff is not UTF-8; allowed: text in UTF-8"),
        (bytes(range(128, 256)) * 9, "byte 0x80 is not UTF-8; allowed: text in UTF-8"),
        ("a: " + "x" * 2_000_000, "the file has more than 2,000,000 bytes; a scenario has at most that"),
    ],
)
def test_a_file_that_is_no_mapping_is_one_fault(tmp_path, text, message):
    """Nothing else is told about a file that is not a scenario at all."""
    assert [message] == [fault.message for fault in faults_in(tmp_path, text)]


def test_bytes_that_are_not_utf_8_are_told_in_characters_past_the_byte_order_mark(tmp_path):
    """The column counts characters, not bytes, and the mark of three bytes is none."""
    (fault,) = faults_in(tmp_path, b"\xef\xbb\xbfname: x\nquestion: \xc3\xa9\xe9\n")

    assert (2, 12) == (fault.line, fault.column)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_and_columns_do_not_depend_on_line_endings_or_byte_order_mark(tmp_path, newline, mark):
    """Files from any editor: read alike, and faults told at the same place."""
    planted = plant("seed: 7", "§sed: 7")
    (fault,) = faults_in(tmp_path, mark + planted.text.replace("\n", newline))

    assert planted.place == (fault.line, fault.column)
    assert [] == faults_in(tmp_path, mark + INLINE.replace("\n", newline))
