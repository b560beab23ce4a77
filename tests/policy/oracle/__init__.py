"""Our evaluator against another one, iam-simulate, which runs in a process of its own; see ``run.py``."""
