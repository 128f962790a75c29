"""The numbers of the README, each re-measurable with one command."""
