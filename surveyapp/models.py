"""Every table, in one import, for the migrations and the tests that compare them."""

from surveyapp.accounts import models as accounts
from surveyapp.counties import models as counties
from surveyapp.db import Base
from surveyapp.links import models as links
from surveyapp.plan import models as plan
from surveyapp.responses import models as responses
from surveyapp.results import models as results
from surveyapp.surveys import models as surveys

__all__ = ["Base", "accounts", "counties", "links", "plan", "responses", "results", "surveys"]
