"""The pipeline definition, as the service reads it: JSON in, checked steps and values out.

Public, for whoever looks at a definition without running it: `parse_definition` returns a
`Definition` of `Step`s and `Parameter`s, `effective_values` the value of every parameter, and
`references` what a part of a definition refers to.

What the service would refuse in a request is found by `request_problems`; `expression_places`,
`property_type`, `fits`, `limits_of` and `limit_problems` tell what may stand in its place.
"""

from sagelocal.definition.api import limits_of
from sagelocal.definition.expressions import Reference, references
from sagelocal.definition.fitting import fits
from sagelocal.definition.graph import Branch, Definition, Step
from sagelocal.definition.limits import limit_problems
from sagelocal.definition.parameters import Parameter, effective_values
from sagelocal.definition.parsing import STEP_TYPES, parse_definition
from sagelocal.definition.properties import NoPropertyError, Referred, property_type
from sagelocal.definition.validation import Problem, expression_places, request_problems

__all__ = [
    "STEP_TYPES",
    "Branch",
    "Definition",
    "NoPropertyError",
    "Parameter",
    "Problem",
    "Reference",
    "Referred",
    "Step",
    "effective_values",
    "expression_places",
    "fits",
    "limit_problems",
    "limits_of",
    "parse_definition",
    "property_type",
    "references",
    "request_problems",
]
