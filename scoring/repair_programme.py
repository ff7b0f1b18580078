"""What a repair may buy or move, what every row needs, and which coefficients must hold: the programme to solve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """One unit of a lever adds ``amount`` to figure ``figure`` of row ``row``."""

    row: int
    figure: int
    amount: float


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that can be bought or moved: its price per unit, its cap, whether it is countable."""

    price: float
    cap: float
    countable: bool
    effects: tuple[Effect, ...]
    balance: tuple[int, int] | None = None
    """(pool, +1 into a school or -1 out of one): what is moved in must have been moved out."""


@dataclass(frozen=True, slots=True)
class Cone:
    """One difference coefficient: the rows of one stage, one figure, its limit."""

    rows: tuple[int, ...]
    figure: int
    limit: float


@dataclass(frozen=True, slots=True)
class Programme:
    """All rows with what they have and need (units of the figure), all levers, all cones.

    ``have``, ``standard`` and ``floor`` have shape (rows, figures); ``pupils`` has shape (rows,).
    """

    have: Floats
    standard: Floats
    floor: Floats
    pupils: Floats
    levers: tuple[Lever, ...]
    cones: tuple[Cone, ...]
    pass_count: int
    pools: int
