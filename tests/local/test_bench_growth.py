"""How the cost of a delivery grows: points, table and picture."""

import xml.etree.ElementTree as ET

import pytest
from hooklane_local.bench import growth, model
from hooklane_local.bench.deployed import deployed
from hooklane_local.bench.growth import Point, picture_of, points_of, table_of
from hooklane_local.bench.merge import merged
from hooklane_local.bench.plot import Curve, Plot, svg
from hooklane_local.bench.prices import prices
from hooklane_local.progress import Failure

from bench_lines import of_case

SVG = "{http://www.w3.org/2000/svg}"


def grown(axis: str, n: int, **options) -> list[dict]:
    lines = [one for one in of_case("1x10x500", **options) if one["function"] != "loop"]
    return [{**one, "case": "growth", "axis": axis, "n": n} for one in lines]


def points(lines: list[dict]) -> list[Point]:
    return points_of(lines, prices(), deployed())


def test_a_point_is_a_case_of_its_own():
    (point,) = points(grown("tenants", 10))
    (usual,) = merged(of_case("1x10x500")).cases
    assert (point.axis, point.n) == ("tenants", 10)
    assert (point.cpu_us, point.write_units, point.read_units) == (400, 2, 1)
    assert point.requests == pytest.approx(0.4)
    assert point.dollars == pytest.approx(model.total(model.of_case(usual, prices(), deployed())))


def test_points_stand_in_the_order_of_axes_and_numbers():
    lines = grown("stored", 1) + grown("events", 10_000) + grown("events", 1000) + grown("webhooks", 1)
    assert [(one.axis, one.n) for one in points(lines)] == [
        ("events", 1000), ("events", 10_000), ("webhooks", 1), ("stored", 1),
    ]  # fmt: skip


def test_other_lines_are_left_out_and_an_unknown_axis_is_refused():
    assert points(of_case("1x10x500")) == []
    with pytest.raises(Failure, match="unknown axes: weather"):
        points(grown("weather", 1))


def test_a_point_is_stored_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(growth, "FIGURES", tmp_path / "figures" / "growth.jsonl")
    monkeypatch.setattr(growth, "PICTURE", tmp_path / "growth.svg")
    assert growth.stored() == []
    found = points(grown("events", 1000) + grown("events", 10_000))
    growth.store(found)
    again = growth.stored()
    assert [point.line() for point in again] == [point.line() for point in found]
    assert (tmp_path / "growth.svg").read_text() == picture_of(found)


def test_the_table_has_a_row_for_each_point():
    rows = table_of(points(grown("events", 1000) + grown("events", 1_000_000))).splitlines()
    assert len(rows) == 4
    assert "1,000,000" in rows[-1]


def test_the_picture_has_a_plot_for_each_axis_that_was_measured():
    lines = [one for axis in growth.AXES for n in (1, 10, 100) for one in grown(axis, n)]
    picture = ET.fromstring(picture_of(points(lines)))
    assert len(picture.findall(f"{SVG}g")) == 4
    assert len(picture.findall(f"{SVG}g/{SVG}polyline")) == 8
    # Nothing grew.
    assert [one.text for one in picture.iter(f"{SVG}text")].count("1.00 ×") == 8


def test_the_picture_tells_those_who_do_not_see_it():
    picture = ET.fromstring(svg("A & B", [Plot("x", [Curve("dollars", [(1, 1.0), (10, 1.25)])])]))
    assert picture.get("role") == "img"
    assert picture.find(f"{SVG}title").text == "A & B"
    assert picture.find(f"{SVG}desc").text == "dollars along x: 1: 1.00, 10: 1.25."


def test_labels_of_an_axis_do_not_touch():
    plot = Plot("x", [Curve("dollars", [(n, 1.0) for n in (1, 10_000, 100_000, 1_000_000)])])
    shown = {one.text for one in ET.fromstring(svg("t", [plot])).iter(f"{SVG}text")}
    assert {"1", "10,000", "1,000,000"} <= shown
    assert "100,000" not in shown


@pytest.mark.parametrize("values", [[0.0, 0.0], [1.0, 7.3], [1.0, 950.0], [1.0, 50_000.0], [1.0]])
def test_whatever_grew_fits_into_its_plot(values):
    points = [(10**place, value) for place, value in enumerate(values)]
    picture = ET.fromstring(svg("t", [Plot("x", [Curve("dollars", points), Curve("processor time", points)])]))
    for line in picture.iter(f"{SVG}polyline"):
        for point in line.get("points").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 440 and 0 <= y <= 250
