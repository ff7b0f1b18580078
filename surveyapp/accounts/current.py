"""Who the running staff request belongs to."""

from __future__ import annotations

from typing import cast

from flask import g

from surveyapp.accounts.policy import StaffMember


def the_staff_member() -> StaffMember:
    """Return the signed-in member; only views behind a permission may call this."""
    return cast("StaffMember", g.staff_member)
