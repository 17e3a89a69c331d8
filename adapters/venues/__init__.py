"""Gateways to real venues: each is a package that translates between one kind of venue and the port."""
