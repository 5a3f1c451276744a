"""The frame and its fragments as one template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from sagetabular.infrastructure.validating.references import unknown_references
from studio.publishing.assembly.folding import Folding
from studio.publishing.assembly.wiring import bind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from studio.publishing.assembly.wiring import Fragment

RETAINED = "RetainExceptOnCreate"


class Assembled:
    """A template that grows by one fragment after the other.

    Attributes:
        conditions: Name → condition.
        resources: Logical id → resource.
        places: Logical id → file that it comes from.
        outputs: What fragments give each other.

    Args:
        declared: Parameters.
    """

    def __init__(self, declared: Mapping[str, Mapping[str, Any]]) -> None:
        self._declared = declared
        self.conditions: dict[str, Any] = {}
        self.resources: dict[str, dict[str, Any]] = {}
        self.places: dict[str, str] = {}
        self.outputs: dict[str, Any] = {}

    def add_fragment(self, fragment: Fragment) -> None:
        """Add a fragment, wired to those before it.

        Raises:
            UserError: It cannot be.
        """
        folding = Folding(
            fragment.place,
            fragment.template,
            bind(fragment, self.outputs),
            fragment.prefix,
            fragment.left_out,
            self._declared,
        )
        self.add(folding, fragment.template, fragment.place, fragment.patch)
        for name, output in (fragment.template.get("Outputs") or {}).items():
            if "Condition" not in output or folding.condition(output["Condition"]) is True:
                self._add_output(name, output["Value"], folding)

    def add(
        self,
        folding: Folding,
        template: Mapping[str, Any],
        place: str,
        patch: Mapping[str, Any],
    ) -> None:
        """Add conditions and resources of a template.

        Args:
            folding: Of the template.
            template: As it is written.
            place: Its file.
            patch: Resource → what is merged into it, in terms of the assembled template.

        Raises:
            UserError: It refers to what is not there, or has names that another one has.
        """
        for name in template.get("Conditions") or {}:
            condition = folding.condition(name)
            if not isinstance(condition, bool):
                self.conditions[folding.named(name)] = condition
        for name in patch:
            if not folding.exists(name):
                msg = f"{place}: the resource {name} is patched, and can never be there."
                raise UserError(msg, "Correct Metadata: Fragments: in studio/project.yaml.")
        for name, resource in template["Resources"].items():
            if folding.exists(name):
                found = merged(folding.entry(resource), patch.get(name, {}))
                self._add_resource(folding.named(name), found, place)

    def _add_resource(self, name: str, resource: dict[str, Any], place: str) -> None:
        if name in self.resources:
            msg = f"{place} and {self.places[name]} both have a resource {name}."
            raise UserError(msg, "Rename one of them.")
        if resource.get("DeletionPolicy") == "Retain":
            # A creation that fails must not leave what is in the way of the next one.
            resource["DeletionPolicy"] = RETAINED
        self.resources[name], self.places[name] = resource, place

    def _add_output(self, name: str, value: Any, folding: Folding) -> None:
        try:
            self.outputs[name] = folding.value(value)
        except UserError:
            # Of a resource that is left out: who needs it is told so where it is looked for.
            self.outputs.pop(name, None)


def merged(node: Any, patch: Any) -> Any:
    """Return a node with a patch: mappings are merged, lists appended, all else is replaced."""
    if isinstance(node, dict) and isinstance(patch, dict):
        return {
            **node,
            **{key: merged(node[key], patch[key]) if key in node else patch[key] for key in patch},
        }
    if isinstance(patch, list):
        return [*(node if isinstance(node, list) else [node]), *patch]
    return patch


def check_references(template: Mapping[str, Any]) -> None:
    """Accept a template whose references all lead somewhere.

    Raises:
        UserError: One does not.
    """
    if found := unknown_references(template):
        msg = f"The assembled template is not whole: {'; '.join(found)}."
        raise UserError(msg, "Correct studio/project.yaml.")
