"""What a node's outcome follows from: the order of outcomes, and that nesting changes nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scoring.findings import Finding, Outcome, combine_all

# Method §5, combinator `all`: what comes first here decides.
DECIDES = (Outcome.NOT_MET, Outcome.UNDECIDED, Outcome.MET, Outcome.NOT_APPLICABLE)
OUTCOMES = st.lists(st.sampled_from(Outcome))


@given(OUTCOMES)
def test_the_first_in_the_order_of_the_method_decides(outcomes: list[Outcome]) -> None:
    assert combine_all(outcomes) is min(outcomes, key=DECIDES.index, default=Outcome.NOT_APPLICABLE)


@given(st.lists(OUTCOMES))
def test_grouping_children_under_nodes_of_their_own_changes_nothing(groups: list[list[Outcome]]) -> None:
    flat = [outcome for group in groups for outcome in group]
    assert combine_all(combine_all(group) for group in groups) is combine_all(flat)


@given(OUTCOMES, st.data())
def test_what_is_decided_stays_however_the_undecided_turn_out(outcomes: list[Outcome], data: st.DataObject) -> None:
    settled = [
        data.draw(st.sampled_from([Outcome.MET, Outcome.NOT_MET])) if outcome is Outcome.UNDECIDED else outcome
        for outcome in outcomes
    ]
    before = combine_all(outcomes)
    assert before is Outcome.UNDECIDED or combine_all(settled) is before


def test_walking_names_parents_before_children_and_first_children_first() -> None:
    def node(code: str, *children: Finding) -> Finding:
        return Finding(code, code, code, Outcome.MET, children=children)

    tree = node("1", node("1.1", node("1.1/a")), node("1.2"))
    assert [finding.code for finding in tree.walk()] == ["1", "1.1", "1.1/a", "1.2"]


def test_a_finding_is_marked_as_borderline_only_where_its_rule_says_so() -> None:
    assert Finding("0", "前提", "Precondition", Outcome.MET).borderline is False
