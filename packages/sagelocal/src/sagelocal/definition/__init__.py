"""The pipeline definition, as the service reads it: JSON in, checked steps and values out.

Public, for whoever looks at a definition without running it: `parse_definition` returns a
`Definition` of `Step`s and `Parameter`s, `effective_values` the value of every parameter, and
`references` what a part of a definition refers to.
"""

from sagelocal.definition.expressions import Reference, references
from sagelocal.definition.graph import Branch, Definition, Step
from sagelocal.definition.parameters import Parameter, effective_values
from sagelocal.definition.parsing import STEP_TYPES, parse_definition

__all__ = [
    "STEP_TYPES",
    "Branch",
    "Definition",
    "Parameter",
    "Reference",
    "Step",
    "effective_values",
    "parse_definition",
    "references",
]
