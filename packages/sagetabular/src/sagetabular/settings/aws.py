"""`conf/aws.yaml` as typed settings: what the account gives to every job, in each stage."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from sagetabular.errors import UserError
from sagetabular.settings.account import Encryption, Isolation, Network, Tags, is_variable
from sagetabular.settings.loading import RuleError, Settings, suggestion
from sagetabular.settings.reading import shown

MOST_TAGS = 50
# What the one stage is called that there is without `stages`.
ONLY_STAGE = "dev"
# What of a stage adds to the top; all else of it takes the place of what is there.
_ADDED = ("environment", "tags")


def _number(value: object) -> object:
    """Accept an account's number without quotes, where YAML reads it as what it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text(value: object) -> str:
    """Return a value as CloudFormation takes it: as text."""
    if isinstance(value, list) and all(isinstance(each, str | int) for each in value):
        return ",".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        msg = f"must be a text, a number, true, false or a list of them, got {shown(value)}."
        raise RuleError(msg, "Leave it out for the template's default.")
    return str(value)


Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
Number = Annotated[str, BeforeValidator(_number), Field(pattern=r"^\d{12}$")]
Name = Literal["RoleArn", "Bucket", "ImageUri", "JobsImageUri", "TrackingUri", "DataUri"]
StageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,6}$")]
ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,255}$")]
ParameterValue = Annotated[str, BeforeValidator(_text)]


class Infrastructure(Settings):
    """Values for the parameters of the templates in `infrastructure/`."""

    parameters: dict[ParameterName, ParameterValue] = Field(default_factory=dict)


class Stage(Settings):
    """A stage: what it says counts more than the top of the file.

    Its `environment`, `tags` and `infrastructure.parameters` add to those at the top, name by name.
    Everything else takes the place of what stands there: a network, or none (`null`), is whole.
    """

    region: Region | None = None
    account: Number | None = None
    environment: dict[Name, str] = Field(default_factory=dict)
    network: Network | None = None
    encryption: Encryption = Encryption()
    isolation: Isolation = Isolation()
    tags: Annotated[Tags, Field(max_length=MOST_TAGS)] = Field(default_factory=dict)
    infrastructure: Infrastructure = Infrastructure()

    @model_validator(mode="after")
    def _region_is_one(self) -> Self:
        if "region" in self.model_fields_set and self.region is None:
            raise RuleError("has a region that says nothing.", "Name one, or leave region out.")
        return self


class Aws(Settings):
    """The whole of `conf/aws.yaml`, or what it says for one stage.

    Attributes:
        account: Number of the account; any that the credentials are of, if left out.
        stages: Name → stage.
    """

    region: Region
    account: Number | None = None
    environment: dict[Name, str]
    network: Network | None = None
    encryption: Encryption = Encryption()
    isolation: Isolation = Isolation()
    tags: Annotated[Tags, Field(max_length=MOST_TAGS)] = Field(default_factory=dict)
    infrastructure: Infrastructure = Infrastructure()
    stages: dict[StageName, Stage] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tags_of_stages_are_few(self) -> Self:
        for name in self.stages:
            count = len(self.in_stage(name).tags)
            if count > MOST_TAGS:
                msg = f"stages.{name}.tags must be at most {MOST_TAGS} with those at the top"
                raise RuleError(f"{msg}, got {count}.", "Remove some.")
        return self

    def in_stage(self, name: str | None) -> Aws:
        """Return what the file says for a stage; None for what stands at its top.

        A file without stages is that of one stage, `dev`.

        Raises:
            UserError: There is no such stage.
        """
        if name is None or (name == ONLY_STAGE and not self.stages):
            return self
        if name not in self.stages:
            msg = f"conf/aws.yaml: stages has no {shown(name)}."
            known = suggestion(name, self.stages) if self.stages else "Add it under `stages:`."
            raise UserError(msg, known)
        stage = self.stages[name]
        own: dict[str, Any] = {key: getattr(stage, key) for key in stage.model_fields_set}
        for key in own.keys() & _ADDED:
            own[key] = {**getattr(self, key), **own[key]}
        if "infrastructure" in own:
            both = {**self.infrastructure.parameters, **stage.infrastructure.parameters}
            own["infrastructure"] = Infrastructure(parameters=both)
        return self.model_copy(update=own)

    @property
    def ids(self) -> dict[str, str]:
        """Pipeline parameter → its environment variable, or the id itself."""
        lists = {
            "SubnetId": self.network.subnets if self.network else [],
            "SecurityGroupId": self.network.security_groups if self.network else [],
        }
        keys = {
            "VolumeKmsKeyId": self.encryption.volume_key,
            "OutputKmsKeyId": self.encryption.output_key,
        }
        numbered = {
            f"{name}{number}": value
            for name, values in lists.items()
            for number, value in enumerate(values, start=1)
        }
        return numbered | {name: value for name, value in keys.items() if value is not None}

    @property
    def variables(self) -> dict[str, str]:
        """Pipeline parameter → the environment variable that holds its value on AWS."""
        own = {name: value for name, value in self.ids.items() if is_variable(value)}
        return {**{str(name): value for name, value in self.environment.items()}, **own}
