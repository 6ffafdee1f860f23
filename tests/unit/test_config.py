"""Settings: what is unset gets a default, what cannot work is refused in one line that names it."""

import os
import stat
from pathlib import Path

import pytest

from server.config import SettingError, environment_for, from_env


def test_unset_means_the_embedded_default(tmp_path: Path) -> None:
    settings = from_env({"DATA_DIR": str(tmp_path)})
    assert (settings.host, settings.port, settings.database_url, settings.redis_url) == ("127.0.0.1", 8000, "", "")
    assert settings.public_url == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:81"), ("::1", "http://[::1]:81"), ("10.1.2.3", "http://10.1.2.3:81")],  # noqa: S104
)
def test_the_public_address_is_one_that_a_browser_can_open(tmp_path: Path, host: str, url: str) -> None:
    assert from_env({"DATA_DIR": str(tmp_path), "HOST": host, "PORT": "81"}).public_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("WEB_PROCESSES", "0"),
        ("WORKERS", "many"),
        ("SERVING", "asyncio"),
        ("DATABASE_URL", "mysql://somewhere/db"),
        ("REDIS_URL", "localhost:6379"),
        ("PUBLIC_URL", "tanggap.example"),
    ],
)
def test_a_setting_that_cannot_work_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name):
        from_env({"DATA_DIR": str(tmp_path), name: value})


def test_a_data_dir_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="DATA_DIR"):
        from_env({"DATA_DIR": str(tmp_path / "file" / "below")})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_a_postgresql_address_becomes_one(tmp_path: Path, scheme: str) -> None:
    settings = from_env({"DATA_DIR": str(tmp_path), "DATABASE_URL": f"{scheme}://u:p@h:5/d"})
    assert settings.database_url == "postgresql://u:p@h:5/d"


def test_the_secret_key_is_made_once_and_kept_for_nobody_else(tmp_path: Path) -> None:
    first = from_env({"DATA_DIR": str(tmp_path)}).secret_key
    assert len(first) >= 64
    assert from_env({"DATA_DIR": str(tmp_path)}).secret_key == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_given_secret_key_is_not_written_down(tmp_path: Path) -> None:
    assert from_env({"DATA_DIR": str(tmp_path), "SECRET_KEY": "given"}).secret_key == "given"
    assert list(tmp_path.iterdir()) == []


def test_a_child_reads_back_what_its_parent_had(tmp_path: Path) -> None:
    settings = from_env(
        {
            "DATA_DIR": str(tmp_path),
            "PORT": "8123",
            "DATABASE_URL": "postgresql://h/d",
            "WORKERS": "3",
            "SERVING": "threads",
            "PUBLISH_EVERY_S": "7",
            "STUCK_AFTER_S": "9",
            "FAULT": "relay.marked",
        }
    )
    # The account's first password is for the first start alone; whoever runs later has no use for it.
    assert from_env(environment_for(settings)) == settings


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    settings = from_env({"DATA_DIR": str(deep), "SECRET_KEY": "given"})
    assert len(os.fsencode(settings.socket_dir / "pg" / ".s.PGSQL.5432")) < 104
    assert settings.socket_dir != settings.run_dir
    assert settings.socket_dir == from_env({"DATA_DIR": str(deep), "SECRET_KEY": "given"}).socket_dir
