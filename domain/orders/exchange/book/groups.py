"""Order groups: the open orders of each bracket and each OCO, by their part in it."""

from collections.abc import Hashable

from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.model.types import Contingency


class Groups:
    """Open members by group; a member that has ended is removed."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: dict[Hashable, dict[Hashable, WorkingOrder]] = {}

    def add(self, order: WorkingOrder) -> None:
        """Add an open order, if it belongs to a group."""
        if order.terms.group is not None:
            self._members.setdefault(order.terms.group, {})[order.id] = order

    def remove(self, order: WorkingOrder) -> None:
        """Remove an order that has ended."""
        group = order.terms.group
        if group is None or group not in self._members:
            return
        members = self._members[group]
        members.pop(order.id, None)
        if not members:
            del self._members[group]

    def others(self, order: WorkingOrder) -> list[WorkingOrder]:
        """The other open members of its group."""
        members = self._members.get(order.terms.group, {})
        return [member for member in members.values() if member is not order]

    def exits(self, order: WorkingOrder) -> list[WorkingOrder]:
        """The other open exits of its bracket."""
        return [member for member in self.others(order) if member.terms.contingency is Contingency.OUO]

    def entry(self, order: WorkingOrder) -> WorkingOrder | None:
        """The entry of its bracket while it is open."""
        for member in self.others(order):
            if member.terms.contingency is Contingency.OTO:
                return member
        return None
