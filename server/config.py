"""The settings of one running system, and the only place that reads the environment."""

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self, cast
from urllib.parse import urlsplit

Serving = Literal["gevent", "threads"]

# sockaddr_un holds 104 bytes on macOS and 108 on Linux; the longest name below the folder is
# "/pg/.s.PGSQL.5432".
LONGEST_SOCKET_DIR = 80


REPORT_LIMITS: Mapping[str, int] = {
    "device": 20,
    "phone": 10,
    "words": 60,
    "address": 300,
    "everyone": 1500,
    "doubtful_here": 30,
    "doubtful": 100,
}
"""Reports in ten minutes (`domain/abuse.py`), assumptions of ours; 0 of `everyone` turns all limits off."""


class SettingError(ValueError):
    """A setting that cannot work; the message is one line that names the variable and the mend."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs from one installation to the next. Empty text means "not set"."""

    data_dir: Path
    secret_key: str
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    """The address that people use, without a closing slash: it is in links that we hand out."""
    database_url: str = ""
    """libpq form, `postgresql://...`; SQLAlchemy takes it too. Empty: the embedded PostgreSQL."""
    redis_url: str = ""
    """`redis://`, `rediss://` or `unix://`. Empty: the embedded Valkey."""
    admin_password: str = ""
    """The password of the first account; empty: one is made up and shown once."""
    web_processes: int = 2
    web_number: int = 0
    """Which of the web processes this one is, counted from 0."""
    workers: int = 1
    """How many dispatcher processes work beside each other."""
    serving: Serving = "gevent"
    publish_every_s: int = 900
    """The fixed clock of everything public, in seconds (docs/dataflow.md)."""
    stuck_after_s: int = 60
    """Seconds after which the reconciler sets going again what got stuck; it looks twice as often."""
    keep_contacts_days: int = 90
    """How long contacts, words and photos of reporters are kept after their case was settled, donors' after giving."""
    keep_tracks_days: int = 30
    """How long it is kept where volunteers were."""
    keep_fixes_hours: int = 24
    """How long it is kept exactly."""
    privacy_contact: str = ""
    """Who answers for personal data, as people are to be told: a name, a phone or an address."""
    tile_url: str = ""
    """A tile server's URL template for the base map; empty: our own areas and roads only."""
    require_totp: bool = False
    """Whether coordinators and admins can do nothing before they have a second factor (docs/decisions/sign-in.md)."""
    report_limits: Mapping[str, int] = field(default_factory=lambda: REPORT_LIMITS)
    """From how many reports on one waits in quarantine (`domain/abuse.py`)."""
    proxy_hops: int = 0
    """Proxies in front of our gateway that pass on the client's address."""
    trusted_proxies: str = "private_ranges"
    """Whose word about the client's address our gateway takes, when there are proxies: networks, apart by blanks."""
    fault: str = ""
    """A named point at which this process kills itself; only tests set it."""

    @property
    def log_dir(self) -> Path:
        """Where each process writes its log."""
        return self.data_dir / "log"

    @property
    def photo_dir(self) -> Path:
        """Where the images of photos lie."""
        return self.data_dir / "photos"

    @property
    def run_dir(self) -> Path:
        """Pid files, locks and generated configuration of the present run."""
        return self.data_dir / "run"

    @property
    def socket_dir(self) -> Path:
        """Where every UNIX socket lies: `run_dir`, unless its path is too long for a socket."""
        if len(os.fsencode(self.run_dir)) <= LONGEST_SOCKET_DIR:
            return self.run_dir
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tanggap-{name}"

    @property
    def channel(self) -> str:
        """The queue's publish channel between relay and web processes: one for each database.

        Publishing knows no numbered databases, so two systems on one Valkey would hear each other.
        """
        return f"tanggap:{hashlib.sha256(self.database_url.encode()).hexdigest()[:12]}"

    @property
    def reachable_host(self) -> str:
        """A host that a browser on this machine can open, also when we listen on every address."""
        return _reachable(self.host)

    def with_servers(self, database_url: str, redis_url: str) -> Self:
        """These settings, pointed at a database and a queue."""
        return replace(self, database_url=database_url, redis_url=redis_url)


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads and checks the settings; makes and keeps a secret key where none is given.

    Raises SettingError.
    """
    read = os.environ if environ is None else environ
    data_dir = Path(read.get("DATA_DIR") or "var").expanduser().resolve()
    host = read.get("HOST") or "127.0.0.1"
    port = _whole(read, "PORT", 8000, 1, 65_535)
    return Settings(
        data_dir=data_dir,
        secret_key=read.get("SECRET_KEY") or _kept_secret(data_dir),
        host=host,
        port=port,
        public_url=_url(read, "PUBLIC_URL", ("http", "https")).rstrip("/") or f"http://{_reachable(host)}:{port}",
        database_url=_database_url(read),
        redis_url=_url(read, "REDIS_URL", ("redis", "rediss", "unix")),
        admin_password=read.get("ADMIN_PASSWORD") or "",
        web_processes=_whole(read, "WEB_PROCESSES", 2, 1, 64),
        web_number=_whole(read, "WEB_NUMBER", 0, 0, 63),
        workers=_whole(read, "WORKERS", 1, 1, 64),
        serving=_serving(read),
        publish_every_s=_whole(read, "PUBLISH_EVERY_S", 900, 1, 86_400),
        stuck_after_s=_whole(read, "STUCK_AFTER_S", 60, 2, 3600),
        keep_contacts_days=_whole(read, "KEEP_CONTACTS_DAYS", 90, 1, 3650),
        keep_tracks_days=_whole(read, "KEEP_TRACKS_DAYS", 30, 1, 3650),
        keep_fixes_hours=_whole(read, "KEEP_FIXES_HOURS", 24, 1, 8760),
        privacy_contact=read.get("PRIVACY_CONTACT") or "",
        tile_url=read.get("TILE_URL") or "",
        require_totp=_whole(read, "REQUIRE_TOTP", 0, 0, 1) == 1,
        report_limits=_limits(read),
        proxy_hops=_whole(read, "PROXY_HOPS", 0, 0, 9),
        trusted_proxies=read.get("TRUSTED_PROXIES") or "private_ranges",
        fault=read.get("FAULT") or "",
    )


def environment_for(settings: Settings) -> dict[str, str]:
    """This process's environment, with the settings written out for a child to read back."""
    return {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "SECRET_KEY": settings.secret_key,
        "HOST": settings.host,
        "PORT": str(settings.port),
        "PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "WEB_PROCESSES": str(settings.web_processes),
        "WORKERS": str(settings.workers),
        "SERVING": settings.serving,
        "PUBLISH_EVERY_S": str(settings.publish_every_s),
        "STUCK_AFTER_S": str(settings.stuck_after_s),
        "KEEP_CONTACTS_DAYS": str(settings.keep_contacts_days),
        "KEEP_TRACKS_DAYS": str(settings.keep_tracks_days),
        "KEEP_FIXES_HOURS": str(settings.keep_fixes_hours),
        "PRIVACY_CONTACT": settings.privacy_contact,
        "TILE_URL": settings.tile_url,
        "REQUIRE_TOTP": str(int(settings.require_totp)),
        "REPORT_LIMITS": " ".join(f"{name}={number}" for name, number in settings.report_limits.items()),
        "PROXY_HOPS": str(settings.proxy_hops),
        "TRUSTED_PROXIES": settings.trusted_proxies,
        "FAULT": settings.fault,
    }


def _whole(read: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = read.get(name) or str(default)
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise SettingError(f"{name} is {text!r}; it must be a whole number from {low} to {high}")
    return value


def _url(read: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    url = read.get(name) or ""
    if url and urlsplit(url).scheme not in schemes:
        raise SettingError(f"{name} must begin with {' or '.join(f'{s}://' for s in schemes)}")
    return url


def _database_url(read: Mapping[str, str]) -> str:
    url = _url(read, "DATABASE_URL", ("postgresql", "postgres", "postgresql+psycopg"))
    _, separator, rest = url.partition("://")
    return f"postgresql://{rest}" if separator else ""


def _limits(read: Mapping[str, str]) -> Mapping[str, int]:
    """REPORT_LIMITS: `off`, or some of the limits by name: `device=20 words=60`."""
    text = (read.get("REPORT_LIMITS") or "").strip()
    if text == "off":
        return {**REPORT_LIMITS, "everyone": 0}
    found: dict[str, int] = {}
    for part in text.split():
        name, _, number = part.partition("=")
        if name not in REPORT_LIMITS or not re.fullmatch(r"[0-9]{1,7}", number):
            known = ", ".join(REPORT_LIMITS)
            raise SettingError(f"REPORT_LIMITS has {part!r}; it must be off, or NAME=NUMBER of {known}")
        found[name] = int(number)
    return {**REPORT_LIMITS, **found}


def _serving(read: Mapping[str, str]) -> Serving:
    mode = read.get("SERVING") or "gevent"
    if mode not in ("gevent", "threads"):
        raise SettingError(f"SERVING is {mode!r}; it must be gevent or threads")
    return cast("Serving", mode)


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _kept_secret(data_dir: Path) -> str:
    """The key that DATA_DIR keeps, made at the first call. Two first calls agree on one key."""
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _keep_secret(path, secrets.token_urlsafe(48))
        return path.read_text("ascii").strip()
    except OSError as error:
        raise SettingError(
            f"DATA_DIR {data_dir} cannot be used: {error.strerror}; set DATA_DIR to a folder that can be written"
        ) from error


def _keep_secret(path: Path, secret: str) -> None:
    whole = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
    try:
        # A link, unlike a rename, leaves the key of whoever was first.
        os.link(whole, path)
    except FileExistsError:
        pass
    finally:
        whole.unlink()
