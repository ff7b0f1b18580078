"""The web shell: the one joint where configuration, database and stages become two apps."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from surveyapp.config import Config
from surveyapp.db import Database
from surveyapp.delivery import compress, protect
from surveyapp.extensions import attach, babel, csrf

STAFF_PREFIX = "/staff"
BODY_LIMIT = 64 * 1024
UPLOAD_LIMIT = 5 * 1024 * 1024
HIGHEST_ROW = 2**31 - 1


class RowNumber(IntegerConverter):
    """A number in an address; one that no table could hold names no page, and is not asked for."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=HIGHEST_ROW)


def create_public_app(config: Config, database: Database) -> Flask:
    """Build the app respondents meet: no cookie, no session, nothing from elsewhere."""
    from surveyapp.errors import register_public_errors
    from surveyapp.responses.routes import blueprint as responses

    app = _bare_app("surveyapp.public", config, database)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.register_blueprint(responses)
    register_public_errors(app)
    compress(app)
    return app


def create_staff_app(config: Config, database: Database) -> Flask:
    """Build the app administrators and inspectors sign in to."""
    from surveyapp.accounts.policy import refuse_unguarded
    from surveyapp.accounts.routes import blueprint as accounts
    from surveyapp.accounts.sessions import guard
    from surveyapp.board.routes import blueprint as board
    from surveyapp.counties.routes import blueprint as counties
    from surveyapp.errors import register_staff_errors
    from surveyapp.frame import add_frame
    from surveyapp.links.routes import blueprint as links
    from surveyapp.oversight.routes import blueprint as oversight
    from surveyapp.plan.routes import blueprint as plan
    from surveyapp.reports.routes import blueprint as reports
    from surveyapp.results.routes import blueprint as results
    from surveyapp.surveys.routes import blueprint as surveys

    app = _bare_app("surveyapp.staff", config, database)
    app.config.update(
        SECRET_KEY=config.secret,
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        SESSION_COOKIE_NAME=f"{config.cookie_prefix}staff",
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.https,
        WTF_CSRF_TIME_LIMIT=None,
        # A strict check reads the Referer, which our own pages forbid browsers to send; where a post comes from
        # is asked of Sec-Fetch-Site by the guard instead.
        WTF_CSRF_SSL_STRICT=False,
    )
    # Before the forms' protection, which reads the body: who may send how much is decided first.
    guard(app)
    csrf.init_app(app)
    add_frame(app)
    for stage in (accounts, oversight, counties, surveys, links, results, board, reports, plan):
        app.register_blueprint(stage)
    register_staff_errors(app)
    refuse_unguarded(app)
    return app


def create_application(config: Config, database: Database) -> DispatcherMiddleware | ProxyFix:
    """Mount both apps at one address; two addresses would do as well."""
    public = create_public_app(config, database)
    staff = create_staff_app(config, database)
    mounted = DispatcherMiddleware(public.wsgi_app, {STAFF_PREFIX: staff.wsgi_app})
    if config.proxy_hops == 0:
        return mounted
    hops = config.proxy_hops
    return ProxyFix(mounted, x_for=hops, x_proto=hops, x_host=hops)


def _bare_app(name: str, config: Config, database: Database) -> Flask:
    app = Flask(name, root_path=__path__[0], static_folder="static", template_folder="templates")
    app.config.update(BABEL_DEFAULT_LOCALE="zh", BABEL_DEFAULT_TIMEZONE="Asia/Shanghai", MAX_FORM_PARTS=300)
    app.url_map.converters = app.url_map.converters | {"int": RowNumber}
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    babel.init_app(app)
    if config.service:
        # Links and redirects are made from the official name only, whatever Host a request brings.
        app.config["TRUSTED_HOSTS"] = [urlsplit(config.public_url).hostname or ""]
    attach(app, config, database)
    protect(app, https=config.https)
    return app
