"""The city plan's page."""

from __future__ import annotations

from flask import Blueprint, render_template

from scoring.ruleset import load_rule_set
from surveyapp.accounts.current import the_staff_member
from surveyapp.accounts.policy import Permission, needs
from surveyapp.extensions import the_database
from surveyapp.plan.pages import PlanLink, PlanListPage, plan_page
from surveyapp.plan.queries import plan_in_scope, plans_in_scope, remarks_of, standings_of, steps_of

blueprint = Blueprint("plan", __name__, url_prefix="/plan")


@blueprint.get("/")
@needs(Permission.VIEW_PLAN)
def index() -> str:
    """List the plans."""
    with the_database().reading() as session:
        plans = plans_in_scope(session, the_staff_member())
    page = PlanListPage(tuple(PlanLink(plan.id, plan.title, plan.document_number) for plan in plans))
    return render_template("staff/plan/index.html", page=page)


@blueprint.get("/<plan_id>/")
@needs(Permission.VIEW_PLAN)
def plan(plan_id: str) -> str:
    """Show one plan: targets beside computed figures, and the schedule."""
    staff = the_staff_member()
    with the_database().reading() as session:
        found = plan_in_scope(session, staff, plan_id)
        standings = standings_of(session, found, staff)
        steps, remarks = steps_of(session, plan_id), remarks_of(session, plan_id)
    page = plan_page(found, load_rule_set(found.rule_set_id), standings, steps, remarks)
    return render_template("staff/plan/plan.html", page=page)
