"""Why a plan cannot be loaded or shown."""

from __future__ import annotations


class PlanFileInvalid(Exception):
    """A plan's files do not say what a plan must say; the message names file, line and column of every fault."""


class PlanChanged(Exception):
    """Another plan is stored under this id."""


class PlanUnknown(Exception):
    """There is no such plan, or none this member of staff may know of: the same answer for both."""
