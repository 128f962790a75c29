from __future__ import annotations

import importlib

from grundton import collection


def test_checkout_is_found(repository):
    assert collection.checkout() == repository
    assert collection.collection_root() == repository


def test_collection_is_importable():
    collection.ensure_importable()
    module = importlib.import_module("ansible_collections.grundton.voip.plugins.module_utils")
    assert module is not None


def test_run_environment_puts_this_collection_first():
    value = collection.run_environment({"ANSIBLE_COLLECTIONS_PATH": "/elsewhere"})["ANSIBLE_COLLECTIONS_PATH"]
    own, other = value.split(":")
    assert own == str(collection.search_path())
    assert other == "/elsewhere"
