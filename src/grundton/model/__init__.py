"""Plain typed data: what flows between the rooms. Imports nothing of ours from outside `model`."""
