"""The state of a link adds up in any order, stays small, and keeps nothing of anybody."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.link_state import (
    MOST_BYTES,
    MOST_COUNT,
    MOST_ITEMS,
    RHYTHM_BUCKETS,
    SKETCH_ROWS,
    SKETCH_WIDTH,
    LinkState,
    empty_state,
    is_plain,
    merge,
    observe,
    prevailing_answer,
    sketch_cells,
    state_bytes,
    state_of,
    state_of_rows,
    without_rhythm,
)
from scoring.ruleset import load_rule_set

SALT = b"salt"
REVERSED = (False, False, False, False, True)
ROW = st.text("012345-", min_size=5, max_size=5)
SEEN = st.tuples(ROW, st.integers(0, 700) | st.none(), st.booleans(), st.integers(1, 1000))
SEEN_LIST = st.lists(SEEN, max_size=12)


def state_after(seen: list[tuple[str, int | None, bool, int]]) -> LinkState:
    state = empty_state(5)
    for answers, bucket, flagged, times in seen:
        state = observe(state, answers, REVERSED, bucket=bucket, flagged=flagged, salt=SALT, times=times)
    return state


@pytest.mark.parametrize(
    ("answers", "prevailing", "plain"),
    [
        ("44444", "4", True),
        ("44441", "4", True),  # the last item is the reversed one
        ("4440-", "4", True),
        ("44451", "4", False),
        ("44555", "5", False),  # two of each: the higher
        ("0000-", "", True),
        ("0-005", "", True),
        ("54321", "5", False),
        ("11244", "1", False),
    ],
)
def test_prevailing_answer_and_plainness(answers: str, prevailing: str, plain: bool) -> None:
    assert prevailing_answer(answers, REVERSED) == prevailing
    assert is_plain(answers, REVERSED) is plain


def test_what_one_response_leaves_behind() -> None:
    state = observe(empty_state(5), "44-50", REVERSED, bucket=9, flagged=True, salt=SALT)
    assert (state.n_responses, state.n_flagged, state.n_items, state.n_varied) == (1, 1, 5, 1)
    assert state.prevailing == (0, 0, 0, 0, 1, 0)
    # Departures: blank on the third item, 5 on the fourth, don't know on the fifth; seven codes per item.
    assert [i for i, n in enumerate(state.departures) if n] == [2 * 7 + 6, 3 * 7 + 5, 4 * 7 + 0]
    assert sum(state.sketch) == SKETCH_ROWS
    assert state.rhythm == ((9, 1),)


def test_who_knows_nothing_has_no_prevailing_answer() -> None:
    state = observe(empty_state(5), "00-0-", REVERSED, bucket=None, flagged=False, salt=SALT)
    assert state.prevailing == (1, 0, 0, 0, 0, 0)
    assert sum(state.departures) == 5


def test_plain_rows_leave_nothing_in_the_sketch() -> None:
    state = observe(empty_state(5), "4440-", REVERSED, bucket=None, flagged=False, salt=SALT, times=50)
    assert (state.n_responses, state.n_varied, state.rhythm) == (50, 0, ())


def test_the_cells_are_those_of_a_keyed_blake2b() -> None:
    # Stored sketches outlive a release: twelve bytes of BLAKE2b, four for each row, big-endian, modulo 256.
    digest = hashlib.blake2b(b"45123", key=SALT, digest_size=12).digest()
    assert sketch_cells("45123", SALT) == (digest[3], 256 + digest[7], 512 + digest[11])


def test_the_sketch_depends_on_the_secret() -> None:
    rows = [f"4{a}{b}4{c}" for a in "123" for b in "123" for c in "123"]
    assert any(sketch_cells(row, b"one") != sketch_cells(row, b"other") for row in rows)
    for row in rows:
        cells = sketch_cells(row, b"one")
        assert [cell // SKETCH_WIDTH for cell in cells] == [0, 1, 2]
    assert len(sketch_cells("44", b"x")) == len(sketch_cells("44", b"x" * 64)) == SKETCH_ROWS
    for salt in (b"", b"x" * 65):
        with pytest.raises(ValueError, match="1 to 64"):
            sketch_cells("44", salt)


@given(SEEN_LIST, SEEN_LIST, SEEN_LIST)
@settings(max_examples=60)
def test_merging_is_associative_and_commutative_and_equals_seeing_everything(
    one: list[tuple[str, int | None, bool, int]],
    two: list[tuple[str, int | None, bool, int]],
    three: list[tuple[str, int | None, bool, int]],
) -> None:
    a, b, c = state_after(one), state_after(two), state_after(three)
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c)) == state_after([*three, *one, *two])
    assert merge(a, empty_state(5)) == a


@given(SEEN_LIST)
def test_stored_rows_give_the_state_of_seeing_them_one_after_another(
    seen: list[tuple[str, int | None, bool, int]],
) -> None:
    rows = [(row, flagged, n) for row, _, flagged, n in seen]
    assert state_of_rows(5, rows, REVERSED, salt=SALT) == without_rhythm(state_after(seen))


def test_stored_rows_beyond_what_a_state_counts_are_left_out() -> None:
    rows = [("44345", True, MOST_COUNT), ("44444", False, 1)]
    state = state_of_rows(5, rows, REVERSED, salt=SALT)
    assert (state.n_responses, state.n_flagged, state.n_varied) == (MOST_COUNT, MOST_COUNT, MOST_COUNT)


@given(SEEN_LIST)
def test_bytes_bring_the_state_back(seen: list[tuple[str, int | None, bool, int]]) -> None:
    state = state_after(seen)
    assert state_of(state_bytes(state)) == state
    assert len(state_bytes(state)) <= MOST_BYTES
    assert without_rhythm(state) == state_after([(row, None, flagged, n) for row, _, flagged, n in seen])


@given(st.binary(max_size=1500))
def test_foreign_bytes_are_refused_or_read_but_never_break(data: bytes) -> None:
    try:
        state = state_of(b"\x01" + data)
    except ValueError:
        return
    assert state_of(state_bytes(state)) == state


def test_bytes_cut_short_or_long_or_of_another_version_are_refused() -> None:
    good = state_bytes(state_after([("45123", 3, False, 300)]))
    for bad in (b"", good[:-1], good[:-1] + b"\x81", good + b"\x00", b"\x02" + good[1:], b"\x01\x00", b"\x01\x29"):
        with pytest.raises(ValueError, match="link state"):
            state_of(bad)


def test_the_largest_state_fits_into_four_kilobytes() -> None:
    # Two million responses spread so that as many counts as possible need one byte more.
    cells_of_three_bytes = (MOST_COUNT - SKETCH_WIDTH * 128) // (16_384 - 128)
    row = (16_384,) * cells_of_three_bytes + (128,) * (SKETCH_WIDTH - cells_of_three_bytes)
    buckets_of_three_bytes = (MOST_COUNT - RHYTHM_BUCKETS * 128) // (16_384 - 128)
    first = 1_800_000_000 // 300
    rhythm = tuple((first + n, 16_384 if n < buckets_of_three_bytes else 128) for n in range(RHYTHM_BUCKETS))
    state = LinkState(
        n_responses=MOST_COUNT,
        n_flagged=MOST_COUNT,
        prevailing=(MOST_COUNT,) * 6,
        departures=(MOST_COUNT,) * (MOST_ITEMS * 7),
        sketch=row * SKETCH_ROWS,
        rhythm=rhythm,
    )
    assert len(state_bytes(state)) <= MOST_BYTES
    assert state_of(state_bytes(state)) == state


def test_a_full_state_learns_no_more() -> None:
    state = observe(empty_state(5), "44444", REVERSED, bucket=1, flagged=False, salt=SALT, times=MOST_COUNT)
    assert state.n_responses == MOST_COUNT
    assert observe(state, "44444", REVERSED, bucket=1, flagged=False, salt=SALT) is state


def test_only_the_last_day_has_a_rhythm() -> None:
    state = state_after([("44444", 0, False, 5), ("44444", RHYTHM_BUCKETS - 1, False, 1)])
    assert state.rhythm == ((0, 5), (RHYTHM_BUCKETS - 1, 1))
    state = observe(state, "44444", REVERSED, bucket=RHYTHM_BUCKETS, flagged=False, salt=SALT)
    assert state.rhythm == ((RHYTHM_BUCKETS - 1, 1), (RHYTHM_BUCKETS, 1))
    late = observe(state, "44444", REVERSED, bucket=0, flagged=False, salt=SALT)
    assert late.rhythm == state.rhythm


def test_states_of_different_forms_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="different length"):
        merge(empty_state(5), empty_state(6))


def test_the_promises_of_size_and_span() -> None:
    assert (MOST_BYTES, MOST_COUNT, MOST_ITEMS) == (4096, 2_000_000, 40)
    assert RHYTHM_BUCKETS * load_rule_set("national-2017").parameters.flags.bucket_seconds == 86_400


@pytest.mark.parametrize("n_items", [1, MOST_ITEMS])
def test_the_shortest_and_the_longest_form_have_a_state(n_items: int) -> None:
    state = empty_state(n_items)
    assert state_of(state_bytes(state)) == state
    with pytest.raises(ValueError, match="cut short"):
        state_of(state_bytes(state)[:-1])


@pytest.mark.parametrize("n_items", [0, MOST_ITEMS + 1])
def test_a_form_has_a_sensible_number_of_items(n_items: int) -> None:
    with pytest.raises(ValueError, match="1 to 40"):
        empty_state(n_items)
