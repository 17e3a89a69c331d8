"""The schema between migrations; only the models that a statement needs become classes.

The library makes classes of a model, and of all that are related to it, after each operation: most of the time that a
migration takes. Statements need the classes of one table and of those that it refers to.
"""

from collections.abc import Iterable
from typing import Self

from tortoise import Model
from tortoise.connection import ConnectionHandler
from tortoise.fields.relational import ForeignKeyFieldInstance, ManyToManyFieldInstance
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

ModelKey = tuple[str, str]


class LazyState(State):
    """The models after the operations so far."""

    models: dict[ModelKey, ModelState]
    apps: "LazyApps"

    @classmethod
    def empty(cls) -> Self:
        """The state before the first migration."""
        models: dict[ModelKey, ModelState] = {}
        return cls(models=models, apps=LazyApps(models))

    def clone(self) -> Self:
        """A copy that later operations do not change."""
        models = {key: model.clone() for key, model in self.models.items()}
        return type(self)(models=models, apps=LazyApps(models))

    def reload_model(self, app_label: str, model_name: str) -> None:
        """Forget the classes made of models that have changed."""
        self.reload_models([(app_label, model_name)])

    def reload_models(self, model_tuples: Iterable[ModelKey]) -> None:
        """Forget the classes made of models that have changed."""
        del model_tuples
        self.apps.forget()

    def validate_relations_initialized(self) -> None:
        """Hold every relation to a model that is there.

        Raises:
            RuntimeError: some refer to models that no migration has made.
        """
        missing = {
            f"{app}.{name} refers to {'.'.join(target)}"
            for (app, name), model in self.models.items()
            for target in _targets(model)
            if target not in self.models
        }
        if missing:
            raise RuntimeError(f"no migration makes these models: {', '.join(sorted(missing))}")


class LazyApps(StateApps):
    """Makes the class of a model when it is asked for, beside the classes of all models that it refers to."""

    def __init__(self, models: dict[ModelKey, ModelState]) -> None:
        # Without a connection the library makes no queries of the classes.
        super().__init__(connections=ConnectionHandler())
        self._models = models
        self._made: dict[ModelKey, type[Model]] = {}

    def forget(self) -> None:
        """Forget all classes, so that each is made again."""
        self._made.clear()

    def get_model(self, app_label: str, model_name: str | None = None) -> type[Model]:
        """The class of a model, given as ``app.Model`` or in two parts.

        Raises:
            KeyError: there is no such model.
        """
        key = self.split_reference(app_label) if model_name is None else (app_label, model_name)
        if key not in self._made:
            self._made[key] = self._make(key)
        return self._made[key]

    def _make(self, wanted: ModelKey) -> type[Model]:
        beside = StateApps(connections=self._connections)
        keys, seen = [wanted], {wanted}
        for key in keys:
            beside.register_model(key[0], self._models[key].render(beside))
            fresh = [target for target in _targets(self._models[key]) if target in self._models.keys() - seen]
            keys += fresh
            seen.update(fresh)
        beside._init_relations()
        return beside.get_model(*wanted)


def _targets(model: ModelState) -> set[ModelKey]:
    """The models that a model refers to."""
    relations = (ForeignKeyFieldInstance, ManyToManyFieldInstance)
    references = (field.model_name for field in model.fields.values() if isinstance(field, relations))
    return {(app, name) for app, _, name in (str(reference).partition(".") for reference in references)}


async def state_after(migrations: Iterable[Migration | None]) -> LazyState:
    """The models after these migrations, of which nothing is run.

    Raises:
        ValueError: one of them is missing from this release.
    """
    state = LazyState.empty()
    for migration in migrations:
        if migration is None:
            raise ValueError("a migration that others depend on is missing")
        await migration.apply(state, dry_run=True)
    return state
