"""Subscriptions: one execution and one encoding per event for all who ask the same; bounded queues, no gap, no repeat.

A subscription resolver checks that what it is asked for exists, and returns a ``LogStream`` or a ``StateStream``
(``streams``). The hub finds those who want the same of the same stream and lets them share.
"""
