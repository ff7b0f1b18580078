"""Everything the environment may set, read once, checked, and passed on as one value."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECRET_BYTES = 32


class ConfigError(Exception):
    """An environment variable is missing or cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """How this installation runs; one value, made by :func:`from_environment`."""

    database_url: str
    secret: bytes
    public_url: str
    service: bool
    https: bool
    instance: Path
    proxy_hops: int = 0

    @property
    def cookie_prefix(self) -> str:
        """Return the prefix browsers tie to https, where there is https."""
        return "__Host-" if self.https else ""


def from_environment(environ: Mapping[str, str], *, instance: Path) -> Config:
    """Read the configuration; the embedded form makes and keeps its own secret, the service form must be given one."""
    service = environ.get("SURVEY_SERVICE", "") == "1"
    port = environ.get("PORT", "8000")
    if not port.isdigit():
        raise ConfigError(f"PORT 应为端口号数字,现为 {port!r} / PORT must be a number")
    public_url = environ.get("PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")
    if service and "PUBLIC_URL" not in environ:
        raise ConfigError("服务形态必须设置 PUBLIC_URL(印在二维码里的正式网址) / PUBLIC_URL is required for service")
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Config(
        database_url=environ.get("DATABASE_URL", f"sqlite:///{instance / 'survey.db'}"),
        secret=_secret(environ, instance, service=service),
        public_url=public_url,
        service=service,
        https=public_url.startswith("https://"),
        instance=instance,
        proxy_hops=int(environ.get("PROXY_HOPS", "0")),
    )


def _secret(environ: Mapping[str, str], instance: Path, *, service: bool) -> bytes:
    text = environ.get("SECRET_KEY", "")
    if text:
        if len(text.encode()) < SECRET_BYTES:
            raise ConfigError(f"SECRET_KEY 至少 {SECRET_BYTES} 字节 / SECRET_KEY needs {SECRET_BYTES} bytes or more")
        return text.encode()
    if service:
        raise ConfigError("服务形态必须设置 SECRET_KEY / SECRET_KEY is required for service")
    kept = instance / "secret"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_bytes(secrets.token_bytes(SECRET_BYTES))
    return kept.read_bytes()
