"""Surroundings that must not reach the compiler, and a program that compiles in them."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

# Whatever reads the environment in these packages names the variable in its source.
_PACKAGES = ("botocore", "boto3", "s3transfer", "sagemaker")
_READ = re.compile(r"""(?:environ(?:\.\w+)?|getenv)\s*[\[(]\s*["'](\w+)["']""")
_NAMED = re.compile(
    r"""["']((?:AWS|BOTO|BOTOCORE|SAGEMAKER|SM|MLFLOW|RFT)_\w+|\w*_PROXY|\w+_CA_BUNDLE)["']"""
)
# Read by other libraries that the SDK calls, or put together from parts.
_OTHERS = (
    "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_STS", "HTTP_PROXY",
    "AWS_BEARER_TOKEN_S3", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
    "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS",
    "XDG_DATA_HOME", "XDG_CACHE_HOME", "DOCKER_CONFIG",
)  # fmt: skip

# Where the SDK and botocore look, below the home folder.
FILES = (
    ".aws/config", ".aws/credentials", ".aws/models/endpoints.json",
    ".aws/models/sagemaker/2017-07-24/service-2.json", ".aws/models/s3/2006-03-01/service-2.json",
    ".config/sagemaker/config.yaml", ".sagemaker/config.yaml", ".boto", ".docker/config.json",
)  # fmt: skip

# Compiles afresh, says which files of the home were opened, and what is not as it was.
COMPILE = """
import logging, os, signal, socket, sys, warnings
from pathlib import Path
opened = []
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith(os.environ["HOME"] + "/"):
        opened.append(arguments[0])
sys.addaudithook(watch)
def state():
    import boto3
    from botocore.loaders import Loader
    root = logging.getLogger()
    known = {name: (each.level, [*each.handlers]) for name, each in [("", root), *loggers.items()]}
    return {
        "environment": dict(os.environ), "logging": known, "warnings": [*warnings.filters],
        "models": Loader.CUSTOMER_DATA_PATH, "session": boto3.DEFAULT_SESSION,
        "sockets": socket.getdefaulttimeout(), "signal": signal.getsignal(signal.SIGTERM),
    }
import boto3
loggers = {name: logging.getLogger(name) for name in ("botocore", "sagemaker", "urllib3")}
before = state()
from sagetabular.compiling import compilation
from sagetabular.settings import load_project
definition = compilation._compile(load_project(Path(sys.argv[1])))
after = state()
for name in before:
    if before[name] != after[name]:
        print(f"{name}: {before[name]} != {after[name]}", file=sys.stderr)
        sys.exit(98)
if opened:
    print(f"opened: {opened}", file=sys.stderr)
    sys.exit(97)
sys.stdout.buffer.write(definition)
"""


def variables() -> list[str]:
    """Every variable that the installed SDK and botocore name, in a fixed order."""
    found = set(_OTHERS)
    for package in _PACKAGES:
        spec = find_spec(package)
        for folder in spec.submodule_search_locations:
            for file in Path(folder).rglob("*.py"):
                text = file.read_text(encoding="utf-8", errors="replace")
                found |= {*_READ.findall(text), *_NAMED.findall(text)}
    return sorted(found)


def home(folder: Path, content: str) -> Path:
    """A home folder in which every file is rubbish."""
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


# The cases of /cases/sdk_defaults: a value that the SDK's schema refuses, and what is no YAML.
BROKEN = (
    'SchemaVersion: "1.0"\nSageMaker:\n  FeatureGroup:\n    Tags:\n      - {Key: a, Value: null}\n'
)
NO_YAML = "a: [1\n"
VALID = """SchemaVersion: "1.0"
SageMaker:
  ProcessingJob:
    NetworkConfig: {EnableNetworkIsolation: true}
    RoleArn: arn:aws:iam::111122223333:role/x
  TrainingJob:
    VpcConfig: {Subnets: [subnet-12345678], SecurityGroupIds: [sg-12345678]}
  Pipeline:
    RoleArn: arn:aws:iam::111122223333:role/x
"""


def rubbish(folder: Path) -> dict[str, str]:
    """Kind of rubbish → a value of that kind."""
    for name, content in {"broken": BROKEN, "no-yaml": NO_YAML, "valid": VALID}.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return {
        "text": "[%& ünsinn",
        "bucket": "s3://nowhere/config.yaml",
        "address": "http://127.0.0.1:9",
        "nothing there": str(folder / "missing"),
        "folder": str(folder),
        "empty": "",
        **{name: str(folder / f"{name}.yaml") for name in ("broken", "no-yaml", "valid")},
    }
