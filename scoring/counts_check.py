"""Whether published counts agree with one another and withhold what must be withheld."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from scoring.counts import COUNTS_FILE, Case, Counts, ItemCounts
from scoring.errors import Defect
from scoring.questionnaire import QuestionnaireSet
from scoring.ruleset import DontKnowRule, Parameters, SatisfiedRule

Pair = tuple[str, str]
"""What is wrong, in Chinese and in English."""


def counts_defects(counts: Counts, questionnaires: QuestionnaireSet, parameters: Parameters) -> tuple[Defect, ...]:
    """Name every contradiction inside published counts, and every class too small to be published.

    A forger who changes one number of the public part must change all that hang on it; whether the counts are
    those of the survey only the auditor part can tell.
    """
    found: list[Pair] = []
    found += _sizes(counts, parameters.smallest_cell)
    found += _answered(counts, questionnaires)
    found += _pooled(counts)
    found += _totals(counts, questionnaires)
    return tuple(Defect(COUNTS_FILE, None, None, f"{COUNTS_FILE}:{zh}。", f"{COUNTS_FILE}: {en}.") for zh, en in found)


def _place(row: ItemCounts) -> str:
    return "/".join(part for part in (row.form, row.item, row.group) if part)


def _sizes(counts: Counts, smallest: int) -> Iterator[Pair]:
    for row in counts.items:
        if len(row.classes) > 1 and any(c.n < smallest for c in row.classes):
            place = _place(row)
            yield f"{place} 公布了少于{smallest}份的回答", f"{place} publishes fewer than {smallest} answers"
    valid = {g.group: g.valid for g in counts.groups}
    for mean in counts.means:
        n = mean.satisfied
        if n is not None and min(n, valid[mean.group] - n) < smallest:
            zh = f"{mean.group} 的平均分满意数公布了少于{smallest}份的一类"
            yield zh, f"the mean count of {mean.group} tells of fewer than {smallest}"


def _answered(counts: Counts, questionnaires: QuestionnaireSet) -> Iterator[Pair]:
    valid = {g.group: g.valid for g in counts.groups}
    overall = {q.form: q.items[q.overall_index].code for q in questionnaires.questionnaires}
    for row in counts.items:
        if row.form is None or row.group is None:
            continue
        if row.item == overall[row.form] and row.answered != valid[row.group]:
            place = _place(row)
            zh = f"{place} 的回答数{row.answered}不等于有效问卷数{valid[row.group]}"
            yield zh, f"{place} has {row.answered} answers for {valid[row.group]} valid responses"
        elif row.answered > valid[row.group]:
            place = _place(row)
            zh = f"{place} 的回答数{row.answered}大于有效问卷数{valid[row.group]}"
            yield zh, f"{place} has more answers than the {valid[row.group]} valid responses"
    if counts.overall.answered != counts.valid:
        zh = f"总体评价回答数{counts.overall.answered}不等于有效问卷数{counts.valid}"
        yield zh, f"the overall item has {counts.overall.answered} answers for {counts.valid} valid responses"
    for group, n in valid.items():
        if n and questionnaires.for_group(group) is None:
            yield f"群体 {group} 没有对应的问卷", f"no questionnaire serves group {group}"
    for flag in counts.flags:
        if flag.n > counts.flagged:
            yield f"标记 {flag.code} 多于有标记问卷数", f"flag {flag.code} is on more than all flagged"
    if counts.flagged > sum(flag.n for flag in counts.flags):
        yield "有标记问卷多于各标记之和", "more responses are flagged than all flags together"


def _pooled(counts: Counts) -> Iterator[Pair]:
    dont_know = counts.overall.count_of((0,))
    satisfied_by_code = {
        SatisfiedRule.OVERALL_ITEM: counts.overall.count_of((5, 4)),
        SatisfiedRule.BASIC_COUNTS: counts.overall.count_of((5, 4, 3)),
    }
    for rule, dont_know_rule in product(SatisfiedRule, DontKnowRule):
        at = {case: counts.pooled_under(rule, dont_know_rule, case) for case in Case}
        everyone, clean = at[Case.ALL], at[Case.WITHOUT_FLAGGED]
        against, for_ = at[Case.FLAGGED_AGAINST], at[Case.FLAGGED_FOR]
        leaves = dont_know_rule is DontKnowRule.LEAVES_BASE
        base = counts.valid - ((dont_know or 0) if leaves else 0)
        by_code = satisfied_by_code.get(rule)
        clean_dont_know = counts.valid - counts.flagged - clean.base
        right = (
            everyone.base == base
            and by_code in (None, everyone.satisfied)
            and everyone.satisfied == counts.pooled_under(rule, DontKnowRule.LEAVES_BASE, Case.ALL).satisfied
            and against.base == for_.base == clean.base + counts.flagged
            and against.satisfied == clean.satisfied == for_.satisfied - counts.flagged
            and 0 <= clean_dont_know <= ((dont_know or 0) if leaves else 0)
            and all(c.satisfied <= c.base for c in at.values())
            and clean.satisfied <= everyone.satisfied <= clean.satisfied + counts.flagged
        )
        if not right:
            text = f"{rule}+{dont_know_rule}"
            yield f"{text} 的各项合计互相矛盾", f"the pooled counts of {text} contradict one another"
    if dont_know is None or None in satisfied_by_code.values():
        yield "总体评价的合计未按规定分类", "the pooled overall item lacks its prescribed classes"


def _totals(counts: Counts, questionnaires: QuestionnaireSet) -> Iterator[Pair]:
    overall = {q.form: q.items[q.overall_index].code for q in questionnaires.questionnaires}
    parts = [row for row in counts.items if row.form and row.item == overall[row.form]]
    yield from _against_parts(counts.overall, parts)
    for total in counts.items:
        if total.group is None:
            same = [r for r in counts.items if (r.form, r.item) == (total.form, total.item)]
            yield from _against_parts(total, [r for r in same if r.group is not None])
    shown = [m.satisfied for m in counts.means if m.satisfied is not None]
    pooled = counts.pooled_under(SatisfiedRule.MEAN_GE_4, DontKnowRule.VALID_NOT_SATISFIED, Case.ALL)
    if sum(shown) > pooled.satisfied:
        yield "各群体平均分满意数之和大于合计", "the groups' mean counts exceed their total"


def _against_parts(total: ItemCounts, parts: list[ItemCounts]) -> Iterator[Pair]:
    place = _place(total)
    if total.answered != sum(p.answered for p in parts):
        yield f"{place} 各群体回答数之和与合计不符", f"the groups' answers to {place} do not add up to the total"
        return
    for c in total.classes:
        known = [n for p in parts if (n := p.count_of(c.codes)) is not None]
        least = sum(known)
        if least > c.n or (len(known) == len(parts) and least != c.n):
            codes = "+".join(str(code) for code in c.codes)
            yield (
                f"{place} 编码 {codes} 各群体之和与合计不符",
                f"the groups' counts of codes {codes} of {place} contradict the total",
            )
