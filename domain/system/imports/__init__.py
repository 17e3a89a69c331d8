"""Imports: the history of an account from elsewhere, booked by the rules of live executions, once per reference."""
