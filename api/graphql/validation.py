"""The rules that documents are validated by: one tuple for all of them, so that nothing is built per request."""

from typing import Any, Final

from graphql import (
    ArgumentNode,
    GraphQLError,
    GraphQLInputType,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
    specified_rules,
)
from graphql.language import SKIP, ValueNode
from graphql.utilities import validate_input_literal
from graphql.validation import ASTValidationRule
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.input_paths import place
from domain.kernel.errors import ErrorCode


class LiteralValuesRule(ValuesOfCorrectTypeRule):
    """The core's rule; it also names the field of a value that one of our scalars refuses."""

    _argument = ""

    def enter_argument(self, node: ArgumentNode, *_args: Any) -> None:
        """Remember the argument of the values that follow."""
        self._argument = node.name.value

    def enter_variable_definition(self, node: VariableDefinitionNode, *_args: Any) -> None:
        """Remember the variable of a default."""
        self._argument = node.variable.name.value

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check one literal with everything in it."""

        def report(error: GraphQLError, path: list[str | int]) -> None:
            extensions = error.extensions or {}
            if extensions.get("code") == ErrorCode.BAD_USER_INPUT:
                extensions = {**extensions, **place((self._argument, *path))}
                error = GraphQLError(error.message, node, extensions=extensions)
            self.report_error(error)

        if input_type:
            validate_input_literal(node, input_type, report, None, None, self.context.hide_suggestions)
        return SKIP


# Fields of one name beside one another are compared pair by pair, which is the only rule whose work grows faster than
# the document. By default the core allows so many that a document of 14 KB takes a second of a processor.
MAX_COMPARISONS: Final = 10_000
_UNITS_OF_A_COMPARISON: Final = 2
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = _UNITS_OF_A_COMPARISON * MAX_COMPARISONS

RULES: tuple[type[ASTValidationRule], ...] = (
    *(LiteralValuesRule if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules),
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)
