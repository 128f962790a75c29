"""Changing settings of the host below the telephony: tried first, recorded, made effective.

Contract: nothing is written that did not validate in place of effect; everything goes through the journal of a run.
"""
