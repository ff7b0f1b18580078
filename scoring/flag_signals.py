"""The signs a flag is made of: each looks at one thing and says yes or no; flags.py says which count alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from scoring.flag_parameters import FlagParameters
from scoring.link_state import (
    SKETCH_WIDTH,
    LinkState,
    departing,
    is_plain,
    prevailing_answer,
    sketch_cells,
)
from scoring.questionnaire import Questionnaire

_SETTLED_BUCKETS = 6


@dataclass(frozen=True, slots=True)
class FormOutline:
    """What flags know of a form: (k,) characters to be read per item, and (k,) which items are reversed."""

    characters: tuple[int, ...]
    reversed_items: tuple[bool, ...]


def outline_of(questionnaire: Questionnaire) -> FormOutline:
    """Return the outline of a form.

    The Chinese wording counts, whatever language was shown: letters, digits and Chinese characters, without
    punctuation. A translation says the same and takes no less time to read.
    """
    return FormOutline(
        characters=tuple(sum(c.isalnum() for c in item.text.zh) for item in questionnaire.items),
        reversed_items=tuple(item.reversed for item in questionnaire.items),
    )


def shortest_seconds(answers: str, outline: FormOutline, parameters: FlagParameters) -> Fraction:
    """Return the time in seconds below which nobody has read and answered what is answered here.

    A second per item for deciding and tapping, the text of the answered items at a speed nobody reads at with
    understanding, and a least time for any form at all. Items left blank ask for nothing.

    >>> from scoring.ruleset import load_rule_set
    >>> thresholds = load_rule_set("national-2017").parameters.flags
    >>> form = FormOutline(characters=(15,) * 12, reversed_items=(False,) * 12)
    >>> shortest_seconds("4" * 12, form, thresholds), shortest_seconds("-" * 11 + "4", form, thresholds)
    (Fraction(24, 1), Fraction(5, 1))
    """
    read = [n for n, c in zip(outline.characters, answers, strict=True) if c != "-"]
    needed = parameters.seconds_per_item * len(read) + sum(read) / parameters.characters_per_second
    return max(parameters.smallest_seconds, needed)


def contradicts(answers: str, outline: FormOutline) -> bool:
    """Say whether a reversed item carries the extreme answer that speaks against all the others.

    All direct items satisfied (4, 5) and the complaint fully agreed with (5), or all dissatisfied (1, 2) and the
    complaint fully denied (1). At least three direct items must be answered 1–5, none of them on the other side.
    One may honestly be content and find the homework too heavy: alone this says nothing.

    >>> form = FormOutline((9,) * 4, (False, False, False, True))
    >>> contradicts("4455", form), contradicts("4454", form), contradicts("1121", form), contradicts("4355", form)
    (True, False, True, False)
    """
    pairs = list(zip(answers, outline.reversed_items, strict=True))
    direct = {c for c, turned in pairs if not turned} & set("12345")
    complaint = {c for c, turned in pairs if turned}
    if sum(not turned and c in direct for c, turned in pairs) < 3:
        return False
    return (direct <= set("45") and "5" in complaint) or (direct <= set("12") and "1" in complaint)


def chance_of(state: LinkState, answers: str, outline: FormOutline, parameters: FlagParameters) -> Fraction:
    """Return an upper bound of the chance that an honest respondent of this link gives exactly these answers.

    The null model: a person has a prevailing answer, and departs from it item by item with the shares this link
    shows. The chance of *not* departing on the other items is taken as 1, because many hardly ever depart.

    Returns
    -------
    Fraction
        In (0, 1].
    """
    prevailing = prevailing_answer(answers, outline.reversed_items)
    weight = parameters.repeat_prior_weight
    base = state.n_responses + weight
    chance = parameters.repeat_factor * (state.prevailing[int(prevailing or 0)] + weight) / base
    prior = parameters.repeat_prior * weight
    for position in departing(answers, prevailing):
        chance *= min(parameters.repeat_ceiling, (state.departures[position] + prior) / base)
    return min(Fraction(1), chance)


def repeats(state: LinkState, answers: str, outline: FormOutline, parameters: FlagParameters, salt: bytes) -> bool:
    """Say whether these answers, this time included, have come through the link more often than by chance.

    Plain answers (all the same) are never counted. The count is that of a sketch, which may be too high where
    other answers share all its cells; their expected number is added to the chance expectation.
    """
    if is_plain(answers, outline.reversed_items):
        return False
    count = 1 + min(state.sketch[cell] for cell in sketch_cells(answers, salt))
    if count < parameters.smallest_excess:
        return False
    expected = (state.n_responses + 1) * chance_of(state, answers, outline, parameters)
    return beyond_chance(count, expected + Fraction(state.n_varied, SKETCH_WIDTH), parameters)


def exceeds_population(state: LinkState, population: int | None, parameters: FlagParameters) -> bool:
    """Say whether the link has, with this one, more responses than the group has people at this place."""
    return population is not None and state.n_responses + 1 > population * parameters.population_share


def in_burst(state: LinkState, bucket: int, parameters: FlagParameters) -> bool:
    """Say whether this bucket and the one before hold more than the link's own rhythm explains.

    The rhythm is the median of the other buckets of the last day in which anything came; one response per
    bucket until six such buckets are known. A parents' meeting is a burst: alone this says nothing.
    """
    counts = dict(state.rhythm)
    count = 1 + counts.pop(bucket, 0) + counts.pop(bucket - 1, 0)
    earlier = sorted(n for at, n in counts.items() if at < bucket)
    usual = earlier[len(earlier) // 2] if len(earlier) >= _SETTLED_BUCKETS else 1
    return beyond_chance(count, 2 * usual * parameters.burst_factor, parameters)


def beyond_chance(count: int, expected: Fraction, parameters: FlagParameters) -> bool:
    """Say whether a count exceeds its expectation λ by the smallest excess and some deviations √λ.

    Decided exactly. With an excess of 4 and 4 deviations a Poisson count does so with a chance below 1 in
    10,000, whatever λ is.

    >>> from scoring.ruleset import load_rule_set
    >>> thresholds = load_rule_set("national-2017").parameters.flags
    >>> beyond_chance(48, Fraction(25), thresholds), beyond_chance(49, Fraction(25), thresholds)
    (False, True)
    """
    excess = count - expected - parameters.smallest_excess
    return excess >= 0 and excess**2 >= parameters.deviations**2 * expected
