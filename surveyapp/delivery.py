"""What every answer carries, whichever app gives it: protective headers, and files that may be kept for ever."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
))
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
ONE_YEAR = 365 * 24 * 3600
COMPRESSIBLE = frozenset({"text/html", "text/css", "text/javascript", "image/svg+xml", "application/json"})
WORTH_COMPRESSING = 860
COMPRESSION_LEVEL = 6


def protect(app: Flask, *, https: bool) -> None:
    """Give every answer of an app its headers, and its templates the addresses of static files."""

    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers[name] = value
        if https:
            response.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
        if request.endpoint != "static" or response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")
        elif "v" in request.args:
            response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR}, immutable"
        return response

    def asset(filename: str) -> str:
        folder = Path(app.static_folder or "")
        return url_for("static", filename=filename, v=_digest(folder / filename))

    app.after_request(add_headers)
    app.jinja_env.globals["asset"] = asset


def compress(app: Flask) -> None:
    """Send what is worth it gzipped.

    Only for pages on which nothing secret outlives the answer: a compressed length tells a guesser about
    whatever stands beside his guess.
    """

    def zip_body(response: Response) -> Response:
        if response.mimetype not in COMPRESSIBLE or response.status_code in {206, 304} or request.method == "HEAD":
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip") <= 0:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if len(body) >= WORTH_COMPRESSING:
            zipped = _zip_kept(body) if request.endpoint == "static" else _zip(body)
            response.set_data(zipped)
            response.content_encoding = "gzip"
            if response.headers.get("ETag"):
                response.set_etag(f"{response.get_etag()[0]}-gzip")
        return response

    app.after_request(zip_body)


def _zip(body: bytes) -> bytes:
    return gzip.compress(body, COMPRESSION_LEVEL, mtime=0)


@lru_cache(maxsize=16)
def _zip_kept(body: bytes) -> bytes:
    return _zip(body)


@lru_cache(maxsize=64)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
