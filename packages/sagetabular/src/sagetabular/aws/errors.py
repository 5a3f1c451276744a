"""Refusals of AWS, and what keeps from reaching it, in the user's two lines."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sagetabular.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPIRED = (
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired",
    "UnrecognizedClientException",
)  # fmt: skip
DOCTOR = "`pipeline doctor --on aws` looks closer."
# Characters of what AWS says, which may be a whole page of HTML.
_LONGEST = 500
_SIGN_IN = "Sign in (`aws sso login`), or set AWS_PROFILE."


@contextmanager
def explained(service: str, action: str) -> Iterator[None]:
    """Turn botocore's errors into two lines.

    Args:
        service: Who is asked, as AWS spells it.
        action: What was asked, as IAM spells it.

    Raises:
        UserError: Instead of botocore's errors.
    """
    from botocore import exceptions as aws
    from botocore.parsers import ResponseParserError

    stale = (
        aws.CredentialRetrievalError, aws.LoginError, aws.PartialCredentialsError,
        aws.ProfileNotFound, aws.SSOError, aws.TokenRetrievalError,
    )  # fmt: skip
    try:
        yield
    except aws.NoCredentialsError as err:
        raise UserError("AWS credentials are needed, none were found.", _SIGN_IN) from err
    except stale as err:
        raise UserError(_line(f"AWS credentials must be valid, got: {err}"), _SIGN_IN) from err
    except aws.ConfigParseError as err:
        msg = f"AWS's configuration must be in sections of key = value, got: {err}"
        raise UserError(
            _line(msg), "Correct that file, or name another in AWS_CONFIG_FILE."
        ) from err
    except aws.ClientError as err:
        raise _refusal(service, action, err) from err
    except aws.ParamValidationError as err:
        msg = f"{service} takes no such {action}: {err.kwargs['report']}"
        raise UserError(_line(msg), f"Correct the value in the environment. {DOCTOR}") from err
    except (aws.BotoCoreError, ResponseParserError) as err:
        msg = f"{service} could not be asked to {action}: {err}"
        raise UserError(_line(msg), "Check the network, and region in conf/aws.yaml.") from err


def code_of(error: BaseException | None) -> str:
    """Return the code of a refusal; nothing if it is another error."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _refusal(service: str, action: str, error: Exception) -> UserError:
    code = code_of(error)
    words = str(getattr(error, "response", {}).get("Error", {}).get("Message", ""))
    if code in EXPIRED:
        return UserError(_line(f"AWS credentials must be valid, got {code}: {words}"), _SIGN_IN)
    remedy = f"Check which account this is, and your permissions for {service}. {DOCTOR}"
    if code == "ValidationError":
        remedy = "Correct what it names."
    if code == "NoSuchBucket":
        remedy = "Correct the bucket's name in the environment, or make the bucket."
    return UserError(_line(f"{service} refused {action}: {code}: {words}"), remedy)


def _line(text: str) -> str:
    return textwrap.shorten(text, _LONGEST, placeholder=" …")
