"""Documents: from the text of a request to an operation that can be executed: parsed, bounded, validated, cached.

For signed-in callers an operation is prepared once and then served from a bounded cache. Documents of anonymous callers
are prepared each time and never cached, so strangers can neither fill the caches nor leave passwords in them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLFormattedError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    is_input_type,
    parse,
    type_from_ast,
    validate,
)
from graphql.pyutils import Undefined
from graphql.utilities import validate_input_value
from graphql.validation.validate import ValidationAbortedError

from api.context import Context
from api.errors import (
    OPERATION_NOT_ALLOWED,
    PARSE_FAILED,
    PERSISTED_QUERY_NOT_FOUND,
    VALIDATION_FAILED,
    RequestError,
    coded,
    static_errors,
)
from api.graphql.bounds import SelectionSize, check_bounds, measure
from api.graphql.cost import CostModel, check_cost
from api.graphql.execution import OperationExecutor, assemble_executor, build_executor
from api.graphql.field_flags import is_public
from api.graphql.listed import Listed, digest_of
from api.graphql.plans import Plans
from api.graphql.refusals import looks_up
from api.graphql.resolvers import InexactTime
from api.graphql.roots import root_fields
from api.graphql.usable import check_document, check_values
from api.graphql.validation import MAX_COMPARISONS, RULES
from api.graphql.variables import Variables
from api.input_paths import Path, place, placed, usage_of
from api.limits import RequestLimits
from domain.kernel.bounded_cache import WeightedLru
from domain.kernel.errors import ErrorCode

# The core shows the whole value that does not fit, which may hold a password.
_OWN_FIELD = re.compile(r"^Expected value of type '\w+' (?:not to include unknown|to include required) field '(\w+)'")
_ECHO = re.compile(r",? found: .*\Z", re.DOTALL)
_HASH = re.compile(r"[0-9a-f]{64}")
_DOCUMENT_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_MAX_VARIABLE_ERRORS = 10
_NOT_LISTED = "This server executes only operations that its operator has listed in TRADEGRAPH_DOCUMENTS."
_TOO_SIMILAR = (
    f"The document repeats fields or fragments too often: at most {MAX_COMPARISONS} pairs of fields of one name are "
    "compared, to see whether they can be merged."
)
# What health probes and conformance suites ask. Not the whole schema: that is a large answer to give to strangers.
_PUBLIC_META_FIELDS = frozenset({"__typename", "__type"})


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Operation:
    """One operation of a valid document within its bounds, ready to be executed any number of times."""

    schema: GraphQLSchema
    document: DocumentNode
    node: OperationDefinitionNode
    name: str | None
    kind: OperationType
    public: bool
    roots: tuple[FieldNode, ...]
    cost_model: CostModel
    max_cost: int
    fragments: Mapping[str, FragmentDefinitionNode]
    # What executions have in common; None when the fields selected depend on variables.
    plans: Plans | None
    variables: Variables
    # What each execution copies; None when the executions have nothing in common.
    template: OperationExecutor | None
    fixed_cost: list[int] = field(default_factory=list)
    # The first root field: there are as many as the schema has.
    root: str = ""
    # True of a query that finds objects by their ids.
    looks_up: bool = False

    def executor(self, variables: Mapping[str, Any] | None, context: Context) -> OperationExecutor:
        """An executor with coerced variables.

        Raises:
            RequestError: the variables do not fit, or make the operation too expensive.
        """
        values = self.variables.read(variables or {})
        executor = (
            self._template().for_execution(values, context)
            if values is not None
            else self._carefully(variables or {}, context)
        )
        if self.fixed_cost:
            cost = self.fixed_cost[0]
        else:
            cost = self.cost_model.cost(self.node, executor.variable_values.coerced)
            if not self.cost_model.depends_on_variables:
                self.fixed_cost.append(cost)
        check_cost(cost, self.max_cost)
        executor.cost = cost
        return executor

    def _template(self) -> OperationExecutor:
        return self.template or assemble_executor(self.schema, self.node, self.fragments, None)

    def _carefully(self, variables: Mapping[str, Any], context: Context) -> OperationExecutor:
        """An executor for variables that are wrong or unusual."""
        check_values(variables, self._usage_of)
        executor = build_executor(self.schema, self.document, self.name, variables, context, self.plans)
        if isinstance(executor, list):
            raise RequestError(*self._variable_errors(executor, variables))
        return executor

    def _variable_errors(self, errors: list[GraphQLError], variables: Mapping[str, Any]) -> list[GraphQLFormattedError]:
        """The core's errors again, each with its field."""
        found: list[GraphQLFormattedError] = []
        for definition in self.node.variable_definitions or ():
            name = definition.variable.name.value
            value = variables.get(name, Undefined)
            type_ = type_from_ast(self.schema, definition.type)
            if not is_input_type(type_) or (value is Undefined and definition.default_value):
                continue

            def report(error: GraphQLError, path: list[str | int], name: str = name) -> None:
                message = f"Variable '${name}': {_ECHO.sub('.', error.message)}"
                # The core reports a field that is missing or unknown at the object around it, and names it in the text.
                named = _OWN_FIELD.search(error.message)
                at = place((*self._usage_of(name), *path, *(named.groups() if named else ())))
                found.append(coded(message, ErrorCode.BAD_USER_INPUT.value, **at))

            validate_input_value(value, type_, report)
            if len(found) >= _MAX_VARIABLE_ERRORS:
                break
        return found[:_MAX_VARIABLE_ERRORS] or self.placed([_variable_error(error) for error in errors])

    def _usage_of(self, variable: str) -> Path:
        return usage_of(variable, self.node, self.fragments.values())

    def placed(self, errors: Iterable[GraphQLFormattedError]) -> list[GraphQLFormattedError]:
        """Errors of the operation as a whole, with paths into the input of its first root field."""
        if not self.roots:
            return list(errors)
        return [
            {**error, "extensions": placed(error["extensions"], self.schema, self.kind, self.roots[0])}
            if "path" not in error
            else error
            for error in errors
        ]


class Documents:
    """Prepares the operations of one schema."""

    def __init__(self, schema: GraphQLSchema, limits: RequestLimits, listed: Listed | None = None) -> None:
        self.schema = schema
        self._limits = limits
        self._listed = listed or Listed()
        self._operations: WeightedLru[tuple[str, str | None], Operation] = WeightedLru(
            max_entries=limits.cached_documents, max_weight=limits.cached_document_characters
        )
        self._persisted: WeightedLru[str, str] = WeightedLru(
            max_entries=limits.persisted_queries, max_weight=limits.persisted_query_characters
        )

    def text_of(self, document_id: str, query: str | None) -> str:
        """The text to execute of a persisted document.

        Raises:
            RequestError: the id is none, is unknown, or came with a text.
        """
        named = _DOCUMENT_ID.fullmatch(document_id)
        if query is not None or named is None:
            message = "A documentId is sha256: and 64 hexadecimal digits, and comes without a query."
            raise RequestError(coded(message, ErrorCode.BAD_USER_INPUT, field="documentId"))
        text = self._listed.text(named.group(1)) or self._persisted.get(named.group(1))
        if text is None:
            raise RequestError(coded("No document of this id is known.", PERSISTED_QUERY_NOT_FOUND))
        return text

    def text(self, query: str | None, extensions: Mapping[str, Any] | None, *, trusted: bool) -> str:
        """The text to execute: as sent, or the registered one of the sent hash.

        Raises:
            RequestError: there is none, the hash is unknown, or it belongs to another text.
        """
        persisted = (extensions or {}).get("persistedQuery")
        if persisted is None:
            if not query:
                raise RequestError(coded("There is no query in the request.", ErrorCode.BAD_USER_INPUT, field="query"))
            return query
        digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        if not isinstance(digest, str) or not _HASH.fullmatch(digest) or persisted.get("version") != 1:
            raise RequestError(
                coded(
                    "persistedQuery must have version 1 and a sha256Hash.", ErrorCode.BAD_USER_INPUT, field="extensions"
                )
            )
        if not query:
            known = self._listed.text(digest) or self._persisted.get(digest)
            if known is None:
                raise RequestError(coded("PersistedQueryNotFound", PERSISTED_QUERY_NOT_FOUND))
            return known
        if digest_of(query) != digest:
            raise RequestError(
                coded("The sha256Hash does not belong to the query.", ErrorCode.BAD_USER_INPUT, field="extensions")
            )
        if trusted and not self._listed.only:
            self._persisted.put(digest, query, len(query))
        return query

    def prepare(self, text: str, name: str | None, *, trusted: bool) -> Operation:
        """The operation ``name`` of ``text``; ``trusted`` for a signed-in caller.

        Raises:
            RequestError: the document cannot be parsed, is not valid or beyond a bound, or has no such operation.
        """
        known = self._operations.get((text, name))
        if known is not None:
            return known
        operation = self._prepare(text, name, trusted=trusted)
        if trusted:
            self._operations.put((text, name), operation, len(text))
        return operation

    def _prepare(self, text: str, name: str | None, *, trusted: bool) -> Operation:
        limits = self._limits
        max_tokens = limits.document_tokens if trusted else limits.anonymous_document_tokens
        try:
            document = parse(text, max_tokens=max_tokens)
            check_document(document)
            if not self._listed.admits(document):
                raise RequestError(coded(_NOT_LISTED, OPERATION_NOT_ALLOWED))
        except GraphQLError as error:
            raise RequestError(*static_errors([error])) from None
        except RecursionError:
            raise RequestError(coded("The document is nested too deeply.", PARSE_FAILED)) from None
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        measured = {id(each): self._measured(each, fragments) for each in operations}
        errors = validate(self.schema, document, RULES, limits.validation_errors, hide_suggestions=not trusted)
        if any(isinstance(error, ValidationAbortedError) for error in errors) and len(errors) == 1:
            raise RequestError(coded(_TOO_SIMILAR, VALIDATION_FAILED, bound="comparisons", maximum=MAX_COMPARISONS))
        if errors:
            raise RequestError(*static_errors(errors))
        node = _select(operations, name)
        roots = tuple(root_fields(node.selection_set, fragments))
        plans = None if measured[id(node)].directives else Plans()
        return Operation(
            schema=self.schema,
            document=document,
            node=node,
            name=node.name.value if node.name else None,
            kind=node.operation,
            public=self._is_public(node, roots),
            roots=roots,
            cost_model=CostModel(self.schema, document),
            max_cost=limits.cost,
            fragments=fragments,
            plans=plans,
            variables=Variables(self.schema, node),
            template=None if plans is None else assemble_executor(self.schema, node, fragments, plans),
            root=_first_root(node),
            looks_up=node.operation is OperationType.QUERY and looks_up(roots),
        )

    def _measured(
        self, operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
    ) -> SelectionSize:
        """The size of one operation; all are measured, because validation reads all of them."""
        try:
            found = measure(operation, fragments)
        except RecursionError:
            # A long chain of fragments, each of which spreads the next.
            found = SelectionSize(depth=len(fragments))
        check_bounds(operation, found, self._limits)
        return found

    def _is_public(self, node: OperationDefinitionNode, roots: Iterable[FieldNode]) -> bool:
        root = self.schema.get_root_type(node.operation)
        if root is None:
            return False
        names = {field.name.value for field in roots} - _PUBLIC_META_FIELDS
        return all(name in root.fields and is_public(root.fields[name]) for name in names)


def _first_root(node: OperationDefinitionNode) -> str:
    first = node.selection_set.selections[0]
    return first.name.value if isinstance(first, FieldNode) else "fragment"


def _variable_error(error: GraphQLError) -> GraphQLFormattedError:
    if isinstance(error.original_error, InexactTime):
        error = error.original_error
    return coded(_ECHO.sub(".", error.message), **{"code": ErrorCode.BAD_USER_INPUT.value, **(error.extensions or {})})


def _select(operations: list[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    if name is None:
        if len(operations) == 1:
            return operations[0]
        message = (
            "Give operationName: the document has several operations."
            if operations
            else "The document has no operation."
        )
        raise RequestError(coded(message, ErrorCode.BAD_USER_INPUT.value, field="operationName"))
    for node in operations:
        if node.name is not None and node.name.value == name:
            return node
    raise RequestError(
        coded("The document has no operation of that name.", ErrorCode.BAD_USER_INPUT.value, field="operationName")
    )
