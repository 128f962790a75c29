"""The command `grundton`: one file per subcommand."""
