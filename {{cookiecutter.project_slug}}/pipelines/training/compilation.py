"""Compile: the project's files → definition and assets, checked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.training.assets import Assets, collect_assets
from pipelines.training.checks import check_definition

if TYPE_CHECKING:
    from pipelines.training.settings import ProjectSettings


@dataclass(frozen=True)
class Compiled:
    """A pipeline's definition, as bytes of JSON, and the objects that it refers to."""

    definition: bytes
    assets: Assets


def compile_pipeline(settings: ProjectSettings) -> Compiled:
    """Compile without network, clock or account: the same files give the same bytes.

    Raises:
        UserError: SageMaker would refuse the definition.
    """
    # The SDK takes seconds to import, so only who compiles pays for it.
    from pipelines.training.pipeline import get_pipeline

    definition = json.loads(get_pipeline(settings.root).definition())
    if definition.get("MlflowConfig", ...) is None:
        del definition["MlflowConfig"]
    check_definition(definition)
    text = json.dumps(definition, indent=1, ensure_ascii=False) + "\n"
    return Compiled(text.encode(), collect_assets(settings))
