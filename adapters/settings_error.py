"""The error that wrong settings raise, apart from the settings: gateways raise it for variables of their own."""


class SettingsError(Exception):
    """One or more variables are wrong; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
