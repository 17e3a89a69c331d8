"""The command `tradegraph`: one module per subcommand."""
