"""Plug-ins: found through the entry point, refused when they cannot be studies."""

from importlib.metadata import EntryPoint

import pytest

from facsinterp.errors import PluginError
from facsinterp.study import registry
from facsinterp.study.contract import Study


def points(*pairs):
    return [EntryPoint(name, value, registry.GROUP) for name, value in pairs]


@pytest.fixture
def installed_as(monkeypatch):
    def install(*pairs):
        monkeypatch.setattr(registry, "entry_points", lambda group: points(*pairs))

    return install


def test_the_projects_studies_come_through_the_same_door():
    assert {"filters", "dead-filters"} <= set(registry.installed())
    assert issubclass(registry.load("dead-filters"), Study)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(PluginError, match="did you mean 'filters'"):
        registry.load("filter")


def test_two_packages_with_one_name_are_refused(installed_as):
    installed_as(("x", "one.study:X"), ("x", "two.study:X"))
    with pytest.raises(PluginError, match="two packages"):
        registry.installed()


def test_one_package_seen_twice_is_no_quarrel(installed_as):
    installed_as(("x", "one.study:X"), ("x", "one.study:X"))
    assert list(registry.installed()) == ["x"]


def test_a_plug_in_that_cannot_be_imported_is_named(installed_as):
    installed_as(("x", "no_such_package.study:X"))
    with pytest.raises(PluginError, match="no_such_package"):
        registry.load("x")


@pytest.mark.parametrize("value", ["pathlib:Path", "os:sep"])
def test_what_is_no_study_is_refused(installed_as, value):
    installed_as(("x", value))
    with pytest.raises(PluginError, match="not a subclass"):
        registry.load("x")


def test_a_study_without_run_is_refused(installed_as):
    installed_as(("x", "facsinterp.study.contract:Study"))
    with pytest.raises(PluginError, match="does not define run"):
        registry.load("x")


def test_listing_loads_nothing(installed_as):
    installed_as(("x", "no_such_package.study:X"))
    assert list(registry.installed()) == ["x"]


def test_every_study_says_what_it_asks():
    for name in registry.installed():
        assert registry.summary(registry.load(name))
