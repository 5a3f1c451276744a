"""Base of other frameworks' schemas: lax types, and nothing that is dropped in silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from sagetabular.errors import UserError
from sagetabular.settings.reading import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagetabular.migration.plan import Place, Plan


class Foreign(BaseModel):
    """Base of the schemas.

    Those frameworks ignored what they did not know, so it is kept, to be reported. A field without
    a value counts as missing.

    Attributes:
        not_carried: Field → why it has no place in this project.
        open_keys: Whether unknown keys have a meaning.
    """

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        coerce_numbers_to_str=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )
    not_carried: ClassVar[Mapping[str, str]] = {}
    open_keys: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _empty_is_missing(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item for key, item in value.items() if item is not None}


ForeignType = TypeVar("ForeignType", bound=Foreign)


def read_as(kind: type[ForeignType], document: object, place: Place) -> ForeignType:
    """Check a document against a schema.

    Raises:
        UserError: A field is missing or has another type.
    """
    try:
        return kind.model_validate({} if document is None else document)
    except ValidationError as err:
        detail = err.errors()[0]
        where = place.at(*detail["loc"])
        if detail["type"] == "missing":
            raise UserError(f"{where} is missing.", "Add it.") from err
        rule = re.sub(r"^(Input|String|List|Value|Keys) should", "must", detail["msg"])
        rule = re.sub(r"a valid dictionary.*", "a mapping", rule)
        msg = f"{where} {' '.join(rule.split())}, got {shown(detail['input'])}."
        raise UserError(msg, "Correct it there.") from err


def note_dropped(found: Foreign, place: Place, plan: Plan) -> None:
    """Note every field of a document, at any depth, that is not carried over."""
    for name, field in type(found).model_fields.items():
        where = place.at(field.alias or name)
        value = getattr(found, name)
        if name in found.not_carried and name in found.model_fields_set:
            plan.drop(where, found.not_carried[name])
        elif isinstance(value, Foreign):
            note_dropped(value, where, plan)
        elif isinstance(value, list | dict):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in pairs:
                if isinstance(item, Foreign):
                    note_dropped(item, where.at(key), plan)
    if not found.open_keys:
        for key in found.model_extra or {}:
            plan.drop(place.at(key), "the import does not know it")
