"""A template in terms of another one: parameters replaced, names changed, what is known decided.

Rules of the intrinsic functions:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagetabular.errors import UserError
from studio.publishing.assembly import deciding
from studio.publishing.assembly.substituting import Substitution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NO_VALUE = {"Ref": "AWS::NoValue"}
_FOLDER_REMEDY = "Correct studio/project.yaml, or the fragment."


class Folding:
    """One template, whose nodes become nodes of the assembled one.

    Args:
        place: What errors call the template.
        template: The template.
        bound: Its parameters → what takes their place, in terms of the assembled template.
        prefix: What its resources and conditions are called in front.
        left_out: Resources that are not to be there.
        declared: Parameters of the assembled template.
    """

    def __init__(
        self,
        place: str,
        template: Mapping[str, Any],
        bound: Mapping[str, Any],
        prefix: str,
        left_out: frozenset[str],
        declared: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._place, self._template, self._bound = place, template, bound
        self._prefix, self._left_out, self._declared = prefix, left_out, declared
        self._conditions: dict[str, Any] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._reference,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
        }

    def condition(self, name: str) -> Any:
        """Return a condition: true, false, or what decides it.

        Raises:
            UserError: There is none of this name.
        """
        if name not in self._conditions:
            conditions = self._template.get("Conditions") or {}
            if name not in conditions:
                raise self._error(f"there is no condition {name}")
            self._conditions[name] = self._decided(conditions[name])
        return self._conditions[name]

    def exists(self, name: str) -> bool:
        """Return whether a resource can be there."""
        resource = self._template["Resources"][name]
        decided = self.condition(resource["Condition"]) if "Condition" in resource else True
        return name not in self._left_out and decided is not False

    def named(self, name: str) -> str:
        """Return what a resource or a condition is called in the assembled template."""
        return f"{self._prefix}{name}"

    def entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return a resource or an output, its condition decided where that can be.

        Raises:
            UserError: It refers to what is not there.
        """
        found = {}
        for key, value in entry.items():
            if key == "Condition":
                if self.condition(value) is not True:
                    found[key] = self.named(value)
            elif key == "DependsOn":
                if depends := self._depends_on(value):
                    found[key] = depends
            else:
                found[key] = self.value(value)
        return found

    def value(self, node: Any) -> Any:
        """Return a node in terms of the assembled template.

        Raises:
            UserError: It refers to what is not there.
        """
        if isinstance(node, list):
            return [each for each in map(self.value, node) if each != NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), = node.items()  # fmt: skip
            if name in self._functions:
                return self._functions[name](argument)
        values = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value != NO_VALUE}

    def _reference(self, name: str) -> Any:
        if name.startswith("AWS::"):
            return {"Ref": name}
        if name in self._bound:
            return self._bound[name]
        return {"Ref": self._resource(name)}

    def _attribute(self, words: Any) -> Any:
        name, *rest = words if isinstance(words, list) else words.split(".", 1)
        return {"Fn::GetAtt": [self._resource(name), *rest]}

    def _resource(self, name: str) -> str:
        if name not in self._template["Resources"]:
            if self._prefix:
                raise self._error(f"there is neither a resource nor a parameter {name}")
            return name
        if not self.exists(name):
            raise self._error(f"the resource {name} is left out, and is referred to")
        return self.named(name)

    def _depends_on(self, names: Any) -> Any:
        listed = [names] if isinstance(names, str) else names
        for name in listed:
            if name in self._left_out:
                raise self._error(f"the resource {name} is left out, and is referred to")
        known = self._template["Resources"]
        found = [self._resource(name) for name in listed if name not in known or self.exists(name)]
        return found[0] if len(found) == 1 else found

    def _sub(self, argument: Any) -> Any:
        text, own = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.value(value) for name, value in own.items()}
        return Substitution(values, self._variable, self._taken()).apply(text)

    def _variable(self, name: str) -> Any:
        if "." in name and not name.startswith("AWS::"):
            return self._attribute(name)
        return self._reference(name)

    def _taken(self) -> set[str]:
        return {*self._declared, *map(self.named, self._template["Resources"])}

    def _if(self, words: list[Any]) -> Any:
        name, then, otherwise = words
        decided = self.condition(name)
        if isinstance(decided, bool):
            return self.value(then if decided else otherwise)
        found = [self.value(then), self.value(otherwise)]
        return found[0] if found[0] == found[1] else {"Fn::If": [self.named(name), *found]}

    def _join(self, words: list[Any]) -> Any:
        between, parts = words[0], self.value(words[1])
        if isinstance(parts, list):
            if len(parts) == 1:
                return parts[0]
            if all(map(deciding.is_literal, parts)):
                return between.join(map(str, parts))
        return {"Fn::Join": [between, parts]}

    def _select(self, words: list[Any]) -> Any:
        index, parts = self.value(words[0]), self.value(words[1])
        if isinstance(parts, list) and deciding.is_literal(index):
            return parts[int(index)]
        return {"Fn::Select": [index, parts]}

    def _split(self, words: list[Any]) -> Any:
        text = self.value(words[1])
        return text.split(words[0]) if isinstance(text, str) else {"Fn::Split": [words[0], text]}

    def _decided(self, node: Any) -> Any:
        """Return a node of the conditions: true, false, or what decides it."""
        (name, argument), = node.items()  # fmt: skip
        if name == "Condition":
            found = self.condition(argument)
            return found if isinstance(found, bool) else {"Condition": self.named(argument)}
        if name == "Fn::Equals":
            first, second = map(self.value, argument)
            return deciding.equals(first, second, self._declared)
        parts = [self._decided(each) for each in argument]
        if name == "Fn::Not":
            return deciding.negated(parts[0])
        return (deciding.all_of if name == "Fn::And" else deciding.any_of)(parts)

    def _error(self, problem: str) -> UserError:
        return UserError(f"{self._place}: {problem}.", _FOLDER_REMEDY)
