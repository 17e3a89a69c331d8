"""Subscriptions: one execution and one encoding per event for all equal subscriptions.

Bounded queues, no gap, no repeat.

A subscription resolver checks its arguments, and returns a ``LogStream`` or a ``StateStream`` (``streams``). The hub
finds equal subscriptions and lets them share.
"""
