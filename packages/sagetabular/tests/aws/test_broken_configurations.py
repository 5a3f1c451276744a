"""Credentials that are half there, and files of AWS's tools that cannot be read."""

from __future__ import annotations

import boto3
import pytest

from sagetabular.aws.account import Account
from sagetabular.errors import UserError


@pytest.fixture
def account(tmp_path, monkeypatch) -> Account:
    """An account that only the test's own files and variables say something about."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return Account("eu-west-1")


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_a_file_that_cannot_be_read_is_named(account, tmp_path, name) -> None:
    (tmp_path / name).write_text("[default\n")
    with pytest.raises(UserError) as caught:
        _ = account.identity
    rule, remedy = str(caught.value).splitlines()
    assert str(tmp_path / name) in rule
    assert "AWS_CONFIG_FILE" in remedy and "network" not in remedy


def test_the_half_of_the_credentials_that_is_missing_is_named(account, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    with pytest.raises(UserError, match="missing: AWS_SECRET_ACCESS_KEY") as caught:
        _ = account.identity
    assert "aws sso login" in str(caught.value)
