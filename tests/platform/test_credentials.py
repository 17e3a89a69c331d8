"""Generated secrets in the data folder."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.credentials import CredentialsError, complete
from adapters.settings.loading import load_settings


def test_secrets_are_generated_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    settings = load_settings({"TRADEGRAPH_DATA_DIR": str(tmp_path)})
    first = complete(settings)
    assert len(first.secret) >= 32
    assert len(first.admin_password) >= 12
    assert complete(settings) == first
    path = tmp_path / "credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {
        "secret": first.secret,
        "admin_email": "admin@tradegraph.localhost",
        "admin_password": first.admin_password,
    }


def test_secrets_from_the_environment_are_not_written(tmp_path: Path) -> None:
    settings = load_settings(
        {"TRADEGRAPH_DATA_DIR": str(tmp_path), "TRADEGRAPH_ADMIN_PASSWORD": "correct horse battery"}
    )
    completed = complete(settings)
    assert completed.admin_password == "correct horse battery"
    assert list(json.loads((tmp_path / "credentials.json").read_text())) == ["secret"]
    # Once the environment no longer gives it, it is generated after all, beside what was there.
    later = complete(replace(settings, admin_password=""))
    assert later.secret == completed.secret
    assert later.admin_password not in ("", "correct horse battery")


def test_no_file_is_written_when_all_secrets_are_given(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "TRADEGRAPH_DATA_DIR": str(tmp_path),
            "TRADEGRAPH_ADMIN_PASSWORD": "correct horse battery",
            "TRADEGRAPH_SECRET": "s" * 32,
        }
    )
    assert complete(settings) == settings
    assert list(tmp_path.iterdir()) == []


def test_concurrent_starts_use_the_same_secrets(tmp_path: Path) -> None:
    settings = load_settings({"TRADEGRAPH_DATA_DIR": str(tmp_path)})
    with ThreadPoolExecutor(8) as pool:
        secrets = {completed.secret for completed in pool.map(complete, [settings] * 32)}
    assert len(secrets) == 1


@pytest.mark.parametrize("content", ["", "[]", '{"secret": 1}'])
def test_a_damaged_file_is_refused_and_left_unchanged(tmp_path: Path, content: str) -> None:
    path = tmp_path / "credentials.json"
    path.write_text(content)
    with pytest.raises(CredentialsError, match="is damaged: restore it from a backup, or remove it for a new one"):
        complete(load_settings({"TRADEGRAPH_DATA_DIR": str(tmp_path)}))
    assert path.read_text() == content


def test_a_missing_data_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"^cannot read or write .*: No such file or directory$"):
        complete(load_settings({"TRADEGRAPH_DATA_DIR": str(tmp_path / "none")}))
