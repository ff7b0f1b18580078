"""The thresholds of the flags, as a rule set gives them under ``[parameters.flags]``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from scoring.toml_table import Table

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class FlagParameters:
    """What a submission is measured against; nothing here is learnt from the link.

    Speed: nobody reads and answers faster than ``seconds_per_item`` per answered item plus its text at
    ``characters_per_second``, nor any form in less than ``smallest_seconds``; up to ``hurried_factor`` times
    that a form counts as hurried, which says something only beside something else.

    Repeats: a response answers one item otherwise than its prevailing answer with the share its link shows,
    counted as if ``repeat_prior_weight`` responses with the share ``repeat_prior`` had come before, and never
    with more than ``repeat_ceiling``; chance is then multiplied by ``repeat_factor``, because people who
    complain of one thing complain of the next.

    Bursts: buckets of ``bucket_seconds``; ``burst_factor`` times the link's usual bucket is still usual.

    Beyond chance: a count that exceeds its expectation λ by ``smallest_excess`` + ``deviations`` · √λ.

    Review: a link of which more than ``review_share`` and at least ``review_minimum`` responses are flagged.
    """

    seconds_per_item: Fraction
    characters_per_second: Fraction
    smallest_seconds: Fraction
    hurried_factor: Fraction
    device_uses: int
    population_share: Fraction
    repeat_prior: Fraction
    repeat_prior_weight: int
    repeat_ceiling: Fraction
    repeat_factor: Fraction
    bucket_seconds: int
    burst_factor: Fraction
    deviations: int
    smallest_excess: int
    review_share: Fraction
    review_minimum: int


def read_flag_parameters(table: Table) -> FlagParameters:
    """Return the thresholds of a rule set's table; what is missing, unknown or impossible is noted in it."""
    parameters = FlagParameters(
        seconds_per_item=table.number("seconds_per_item", 0, 60),
        characters_per_second=table.number("characters_per_second", 1, 1000),
        smallest_seconds=table.number("smallest_seconds", 0, 600),
        hurried_factor=table.number("hurried_factor", 1, 10),
        device_uses=table.integer("device_uses", 1, 1000),
        population_share=table.number("population_share", Fraction(1, 2), 10),
        repeat_prior=table.number("repeat_prior", Fraction(1, 1000), 1),
        repeat_prior_weight=table.integer("repeat_prior_weight", 1, 1000),
        repeat_ceiling=table.number("repeat_ceiling", Fraction(1, 1000), 1),
        repeat_factor=table.number("repeat_factor", 1, 100),
        bucket_seconds=table.integer("bucket_seconds", 1, _DAY),
        burst_factor=table.number("burst_factor", 1, 100),
        deviations=table.integer("deviations", 1, 100),
        smallest_excess=table.integer("smallest_excess", 1, 1000),
        review_share=table.number("review_share", 0, 1),
        review_minimum=table.integer("review_minimum", 1, 1000),
    )
    table.finish()
    return parameters
