"""Veto items: who may move them where, and what follows for the county."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.findings import Combinator, Outcome
from scoring.vetoes import VetoState, parse_vetoes, standing_of, veto_finding
from tests.scoring.builders import RULES, all_absent, vetoes

MET, NOT, OPEN = Outcome.MET, Outcome.NOT_MET, Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        pytest.param([], "unassessed", id="nothing said"),
        pytest.param([("absent", "county")], "absent", id="county says absent"),
        pytest.param([("raised", "county")], "raised", id="anyone raises"),
        pytest.param([("absent", "province"), ("raised", "county")], "raised", id="raising is open to everyone"),
        pytest.param([("raised", "county"), ("absent", "county")], "raised", id="county cannot take it off"),
        pytest.param([("raised", "city"), ("absent", "city")], "raised", id="only dismissal takes it off"),
        pytest.param([("raised", "county"), ("unassessed", "county")], "raised", id="nor forget it"),
        pytest.param([("raised", "county"), ("dismissed", "city")], "dismissed", id="city dismisses"),
        pytest.param([("raised", "county"), ("confirmed", "city")], "confirmed", id="city confirms"),
        # Method §4: raised by anyone entitled, confirmed or dismissed by the city or the province, whoever raised it.
        pytest.param([("raised", "province"), ("dismissed", "city")], "dismissed", id="city on the province's raising"),
        pytest.param([("absent", "province"), ("confirmed", "city")], "confirmed", id="absence binds nobody"),
        pytest.param([("confirmed", "city"), ("absent", "county")], "confirmed", id="confirmed stays"),
        pytest.param([("confirmed", "city"), ("absent", "province")], "confirmed", id="only dismissal again"),
        pytest.param([("confirmed", "city"), ("dismissed", "city")], "dismissed", id="city corrects itself"),
        pytest.param([("confirmed", "city"), ("dismissed", "province")], "dismissed", id="province over city"),
        pytest.param([("confirmed", "province"), ("dismissed", "city")], "confirmed", id="city not over province"),
        pytest.param([("dismissed", "province"), ("confirmed", "city")], "dismissed", id="nor for confirmation"),
        pytest.param(
            [("dismissed", "province"), ("raised", "county"), ("confirmed", "city")], "confirmed", id="raised anew"
        ),
        pytest.param([("confirmed", "province"), ("raised", "county")], "confirmed", id="raising does not reopen"),
        pytest.param([("absent", "city"), ("unassessed", "county")], "absent", id="lower level does not undo"),
        pytest.param([("absent", "county"), ("unassessed", "city")], "unassessed", id="higher level does"),
        pytest.param([("dismissed", "city"), ("absent", "city")], "absent", id="absent after dismissal"),
    ],
)
def test_where_an_item_stands_after_all_that_was_said(steps: list[tuple[str, str]], state: str) -> None:
    assert standing_of(vetoes(*(("5.1", s, level) for s, level in steps))).state == state


@pytest.mark.parametrize(
    ("first", "outcome"),
    [("absent", MET), ("dismissed", MET), ("raised", OPEN), ("unassessed", OPEN), ("confirmed", NOT)],
)
def test_one_item_decides_the_domain_when_all_others_are_absent(first: str, outcome: Outcome) -> None:
    rows = (*vetoes(("5.3", first, "city")), *(row for row in all_absent() if row.code != "5.3"))
    found = veto_finding(rows, RULES)
    assert found.outcome is outcome
    assert found.combinator is Combinator.NONE_PRESENT
    assert [child.code for child in found.children] == ["5.1", "5.2", "5.3", "5.4", "5.5", "5.6"]
    assert found.children[2].outcome is outcome


def test_a_confirmed_item_decides_over_open_ones() -> None:
    found = veto_finding(vetoes(("5.2", "confirmed", "city"), ("5.4", "raised", "county")), RULES)
    assert (found.outcome, found.actual) == (NOT, "1")
    assert "5.2" in found.reasons[0].zh
    # What is only raised, or absent, is not named among the confirmed.
    assert not any(code in found.reasons[0].zh for code in ("5.1", "5.3", "5.4"))


def test_every_pair_of_states_keeps_the_order_confirmed_then_open_then_absent() -> None:
    rank = {"confirmed": NOT, "raised": OPEN, "unassessed": OPEN, "absent": MET, "dismissed": MET}
    others = tuple(row for row in all_absent() if row.code not in ("5.1", "5.6"))
    for a, b in product(rank, repeat=2):
        found = veto_finding((*vetoes(("5.1", a, "city"), ("5.6", b, "city")), *others), RULES)
        expected = NOT if NOT in (rank[a], rank[b]) else OPEN if OPEN in (rank[a], rank[b]) else MET
        assert found.outcome is expected, (a, b)


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"code": "5.9", "state": "absent", "level": "city"}, "code"),
        ({"code": "2.1", "state": "absent", "level": "city"}, "code"),
        ({"code": "5.1", "state": "gone", "level": "city"}, "state"),
        ({"code": "5.1", "state": "", "level": "city"}, "state"),
        ({"code": "5.1", "state": "absent", "level": ""}, "level"),
        ({"code": "5.1", "state": "absent", "level": "town"}, "level"),
        ({"code": "5.1", "state": "confirmed", "level": "county"}, "level"),
        ({"code": "5.1", "state": "dismissed", "level": "county"}, "level"),
        ({"code": "5.1", "state": "raised", "level": "county", "reason": "\x07"}, "reason"),
    ],
)
def test_impossible_rows_are_named(row: dict[str, str], column: str) -> None:
    read, defects = parse_vetoes([{}, row], rule_set=RULES)
    assert read == ()
    assert [(d.file, d.row, d.column) for d in defects] == [("vetoes.csv", 3, column)]


def test_rows_are_numbered_as_in_a_file_whose_first_line_is_the_header_and_blank_rows_count() -> None:
    blank = {"code": None, "state": None, "level": None, "reason": " "}
    absent = {"code": "5.1", "state": "absent", "level": "city", "reason": ""}
    read, defects = parse_vetoes([absent, blank, absent], rule_set=RULES)
    assert defects == ()
    assert [row.row for row in read] == [2, 4]


@given(st.lists(st.tuples(st.sampled_from(VetoState), st.sampled_from(["county", "city", "province"]))))
def test_no_county_ever_takes_off_what_was_raised_or_confirmed(steps: list[tuple[VetoState, str]]) -> None:
    # "raised" by the county may reopen what was dismissed; nothing a county may write closes anything.
    said = [(s, level) for s, level in steps if level != "county" or s not in ("confirmed", "dismissed")]
    before = standing_of(vetoes(*(("5.1", s.value, level) for s, level in said))).state
    for own in ("absent", "unassessed", "raised"):
        after = standing_of(vetoes(*(("5.1", s.value, level) for s, level in said), ("5.1", own, "county"))).state
        assert after == before or before not in ("raised", "confirmed")


def test_a_veto_says_where_it_stands_and_where_that_is_written() -> None:
    found = veto_finding(vetoes(("5.5", "raised", "county"), ("5.5", "confirmed", "province")), RULES)
    item = found.children[4]
    assert item.actual == VetoState.CONFIRMED
    assert item.reasons[0].zh == "“重大安全责任事故和严重违纪违规事件”经省级确认存在。"
    assert item.reasons[0].en.endswith(" is confirmed by the province.")
    assert [(i.file, i.row) for i in item.inputs] == [("vetoes.csv", 3)]
    assert item.units == RULES.indicator("5.5").units
