"""The command line: arguments, tables, exit codes. What it does is done in the rooms below."""
