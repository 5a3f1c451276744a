"""The arguments and variables that a SageMaker framework container gives a script.

They are those of AWS's training toolkit (`sagemaker-training`): `SM_…` for what the script may want
to know, one value each, and all of it as `SM_TRAINING_ENV`. Text is as it is, all else is JSON.
"""

from __future__ import annotations

import json

from sagelocal.files import JsonObject
from sagelocal.jobs.containers import ROOT
from sagelocal.jobs.hosts import Host

# Addressed to the container itself; what else begins like the first is addressed to its framework.
_OF_CONTAINER = (
    *("sagemaker_program", "sagemaker_submit_directory", "sagemaker_enable_cloudwatch_metrics"),
    *("sagemaker_region", "sagemaker_container_log_level", "sagemaker_job_name"),
    *("sagemaker_s3_output", "default_user_module_name", "_tuning_objective_metric"),
)
_LOG_LEVEL = 20
# A job has one core, see `sagelocal.processes.slots`.
_CORES = 1


def arguments_of(hyperparameters: JsonObject) -> list[str]:
    """Return hyperparameters as a script gets them: `--name value`, of a single letter `-n value`.

    Args:
        hyperparameters: The script's own, decoded.
    """
    return [
        word
        for name, value in sorted(hyperparameters.items())
        for word in (f"-{name}" if len(name) == 1 else f"--{name}", _word(value))
    ]


def own_hyperparameters(settings: JsonObject) -> JsonObject:
    """Return the hyperparameters that are the script's own, by name.

    Args:
        settings: All hyperparameters, decoded.
    """
    return {
        name: value
        for name, value in sorted(settings.items())
        if name not in _OF_CONTAINER and not name.startswith("sagemaker_")
    }


def script_variables(
    settings: JsonObject, channels: JsonObject, resources: JsonObject, name: str, host: Host
) -> dict[str, str]:
    """Return the variables of a script on a host, with container paths.

    Args:
        settings: All hyperparameters, decoded.
        channels: The content of `inputdataconfig.json`.
        resources: The content of `resourceconfig.json`.
        name: Of the training job.
        host: The host.
    """
    known = _environment(settings, channels, resources, name, host)
    own = known["hyperparameters"]
    shown = {
        **{key: known[key] for key in known.keys() - _ONLY_TOGETHER},
        "hps": own,
        "framework_params": known["additional_framework_parameters"],
        "channels": sorted(channels),
        "training_env": known,
        "user_args": arguments_of(own),
        **{f"channel_{channel}": path for channel, path in known["channel_input_dirs"].items()},
        **{f"hp_{key}": value for key, value in own.items()},
    }
    return {
        "PYTHONPATH": f"{ROOT}/code",
        "TRAINING_JOB_NAME": name,
        "CURRENT_HOST": host.name,
        "SAGEMAKER_JOB_NAME": str(settings.get("sagemaker_job_name", "")),
        "SAGEMAKER_REGION": str(settings.get("sagemaker_region", "")),
        **{f"SM_{key.upper()}": _text(value) for key, value in shown.items()},
    }


# In `SM_TRAINING_ENV` and in no variable of their own.
_ONLY_TOGETHER = {
    *("additional_framework_parameters", "channel_input_dirs", "hyperparameters", "job_name"),
    *("distribution_hosts", "is_master", "master_hostname", "is_modelparallel_enabled"),
    *("is_smddprun_installed", "is_smddpmprun_installed", "topology"),
}


def _environment(
    settings: JsonObject, channels: JsonObject, resources: JsonObject, name: str, host: Host
) -> JsonObject:
    """Return what the toolkit calls its training environment."""
    program = str(settings.get("sagemaker_program", ""))
    groups = resources["instance_groups"]
    return {
        "additional_framework_parameters": {
            key: value
            for key, value in settings.items()
            if key.startswith("sagemaker_") and key not in _OF_CONTAINER
        },
        "channel_input_dirs": {channel: f"{ROOT}/input/data/{channel}" for channel in channels},
        "current_host": host.name,
        "current_instance_group": resources["current_group_name"],
        "current_instance_group_hosts": list(host.names),
        "current_instance_type": resources["current_instance_type"],
        "distribution_hosts": [],
        "distribution_instance_groups": [],
        "framework_module": None,
        "hosts": list(host.names),
        "hyperparameters": own_hyperparameters(settings),
        "input_config_dir": f"{ROOT}/input/config",
        "input_data_config": channels,
        "input_dir": f"{ROOT}/input",
        "instance_groups": [group["instance_group_name"] for group in groups],
        "instance_groups_dict": {group["instance_group_name"]: group for group in groups},
        "is_hetero": len(groups) > 1,
        "is_master": host.name == host.names[0],
        "is_modelparallel_enabled": None,
        "is_smddpmprun_installed": False,
        "is_smddprun_installed": False,
        "job_name": name,
        "log_level": settings.get("sagemaker_container_log_level", _LOG_LEVEL),
        "master_hostname": host.names[0],
        "model_dir": f"{ROOT}/model",
        "module_dir": settings.get("sagemaker_submit_directory", f"{ROOT}/code"),
        "module_name": program.removesuffix(".py"),
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": _CORES,
        "num_gpus": 0,
        "num_neurons": 0,
        "output_data_dir": f"{ROOT}/output/data",
        "output_dir": f"{ROOT}/output",
        "output_intermediate_dir": f"{ROOT}/output/intermediate",
        "resource_config": resources,
        "topology": [],
        "user_entry_point": program,
    }


def _text(value: object) -> str:
    """Return a value as a variable holds it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _word(value: object) -> str:
    """Return a value as an argument holds it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return ",".join(f"{key}={inner}" for key, inner in sorted(value.items()))
    return str(value)
