"""Members that `conf/aws.yaml` gives to every request: network, keys, isolation, tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagetabular.settings.account import is_variable
from sagetabular.settings.models.steps import Create, ProcessingSettings
from sagetabular.steps.sdk import ParameterString, StepTypeEnum

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.settings import Aws
    from sagetabular.settings.models.steps import StepSettings

_TRIAL = "TrainingJobDefinition"
# Where the requests have them. A Transform job takes network and isolation from its model; what
# registers a model runs nothing.
_PLACES: dict[StepTypeEnum, dict[str, tuple[str, ...]]] = {
    StepTypeEnum.PROCESSING: {
        "vpc": ("NetworkConfig", "VpcConfig"),
        "isolated": ("NetworkConfig", "EnableNetworkIsolation"),
        "traffic": ("NetworkConfig", "EnableInterContainerTrafficEncryption"),
        "volume_key": ("ProcessingResources", "ClusterConfig", "VolumeKmsKeyId"),
        "output_key": ("ProcessingOutputConfig", "KmsKeyId"),
    },
    StepTypeEnum.TRAINING: {
        "vpc": ("VpcConfig",),
        "isolated": ("EnableNetworkIsolation",),
        "traffic": ("EnableInterContainerTrafficEncryption",),
        "volume_key": ("ResourceConfig", "VolumeKmsKeyId"),
        "output_key": ("OutputDataConfig", "KmsKeyId"),
    },
    StepTypeEnum.TUNING: {
        "vpc": (_TRIAL, "VpcConfig"),
        "isolated": (_TRIAL, "EnableNetworkIsolation"),
        "traffic": (_TRIAL, "EnableInterContainerTrafficEncryption"),
        "volume_key": (_TRIAL, "ResourceConfig", "VolumeKmsKeyId"),
        "output_key": (_TRIAL, "OutputDataConfig", "KmsKeyId"),
    },
    StepTypeEnum.CREATE_MODEL: {
        "vpc": ("VpcConfig",),
        "isolated": ("EnableNetworkIsolation",),
    },
    StepTypeEnum.TRANSFORM: {
        "volume_key": ("TransformResources", "VolumeKmsKeyId"),
        "output_key": ("TransformOutput", "KmsKeyId"),
    },
    StepTypeEnum.REGISTER_MODEL: {"package": ("SecurityConfig",)},
}


@dataclass(frozen=True)
class AccountRules:
    """Members that every request gets.

    Attributes:
        aws: `conf/aws.yaml`.
        parameters: Name → parameter whose value comes from the environment at the start.
    """

    aws: Aws
    parameters: Mapping[str, ParameterString]

    def complete(
        self, kind: StepTypeEnum, request: dict[str, Any], settings: StepSettings | None
    ) -> dict[str, Any]:
        """Return a request with all that its kind has a place for.

        Args:
            kind: Type of the step.
            request: What the step asks for; it may lack a structure that it has no use for.
            settings: Those of a model's step: its own tags and isolation count more.
        """
        members = {
            "vpc": self._vpc(),
            "isolated": self._isolated(settings),
            "traffic": self.aws.encryption.traffic,
            "volume_key": self.id_of("VolumeKmsKeyId"),
            "output_key": self.id_of("OutputKmsKeyId"),
            "package": self._package(),
        }
        for member, path in _PLACES[kind].items():
            if members[member] is not None:
                request = _put(request, path, members[member])
        return {**request, **self._tags(settings)}

    def id_of(self, name: str) -> Any:
        """Return a parameter, or an id that is the same for everybody; None without either."""
        return self.parameters.get(name) or self.aws.ids.get(name)

    def _vpc(self) -> dict[str, Any] | None:
        network = self.aws.network
        if network is None:
            return None
        lists = {"SecurityGroup": network.security_groups, "Subnet": network.subnets}
        groups, subnets = (
            [self.id_of(f"{name}Id{number}") for number, _ in enumerate(values, start=1)]
            for name, values in lists.items()
        )
        return {"SecurityGroupIds": groups, "Subnets": subnets}

    def _package(self) -> dict[str, Any] | None:
        key = self.id_of("OutputKmsKeyId")
        return None if key is None else {"KmsKeyId": key}

    def _isolated(self, settings: StepSettings | None) -> bool | None:
        """Return whether it is cut off from the network; None for the project's own steps."""
        if not isinstance(settings, ProcessingSettings | Create):
            return None
        own = settings.isolated
        return self.aws.isolation.of(settings.class_name) if own is None else own

    def _tags(self, settings: StepSettings | None) -> dict[str, Any]:
        tags = {**self.aws.tags, **(settings.tags if settings else {})}
        found = [{"Key": key, "Value": value} for key, value in tags.items()]
        return {"Tags": found} if found else {}


def make_account(aws: Aws) -> AccountRules:
    """Declare a parameter for each id that an environment variable holds."""
    named = [name for name, value in aws.ids.items() if is_variable(value)]
    return AccountRules(aws, {name: ParameterString(name) for name in named})


def _put(request: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Set a member, unless the structure that has it is missing; returns a copy."""
    first, *rest = path
    if not rest:
        return {**request, first: value}
    if first not in request:
        return request
    return {**request, first: _put(request[first], tuple(rest), value)}
