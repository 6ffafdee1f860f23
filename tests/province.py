"""A whole province to look at: made-up borders as jagged as real ones, and reports in every district."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import shapely

BOX = (106.4, -7.8, 108.8, -5.9)
"""West Java, about."""
COLUMNS = 18
HALVINGS, AWAY = 4, 0.14
"""Each border is bent so often, by so much of its length; simplified for the public, all weigh as much as the borders
that West Java's districts have."""
FILL = """
insert into cases (id, incident_id, area, lon, lat, accuracy_m, people, tier, opened_at, delivery_code, verified_at)
select 1000000 + n, i.id, a.code, a.lon, a.lat, 50, 4 + mod(n * 7919, 900), mod(n, 4), now() - n * interval '1 minute',
       '0000', now()
from (select row_number() over (order by code) as n, code, lon, lat from areas
      where level = 'district' and starts_with(code, '32.')) a, incidents i where i.slug = 'jabar';
insert into reports (id, client_id, content_hash, code_index, incident_id, case_id, state, tier, area, channel,
                     received_at, due_at)
select substr(replace(upper(gen_random_uuid()::text), '-', ''), 1, 12), gen_random_uuid(), 'x',
       sha256(c.id::text::bytea), c.incident_id, c.id, 'verified', c.tier, c.area, 'web', c.opened_at, c.opened_at
from cases c;
insert into needs (id, incident_id, case_id, item, quantity, tier, basis, state, opened_at, due_at)
select 10000000 + 3 * c.id + k, c.incident_id, c.id, (array['water', 'rice', 'blanket'])[k + 1], c.people * (k + 1),
       c.tier, 'bench', 'open', c.opened_at, c.opened_at
from cases c, generate_series(0, 2) k;
insert into assignments (id, trip_id, incident_id, case_id, kind, area, state, "by", created_at, changed_at,
                         asking_since, why)
select t.id, t.id, c.incident_id, c.id, 'service', c.area, 'confirmed', 'bench', now(), now(), now(), '{}'
from (select gen_random_uuid() as id, id as case_id from cases where mod(id, 2) = 0) t join cases c on c.id = t.case_id;
insert into assignment_lines (assignment_id, n, need_id, quantity)
select a.id, 0, n.id, n.quantity from assignments a join needs n on n.case_id = a.case_id and n.item = 'water';
insert into deliveries (id, assignment_id, client_id, proof, "by", handed_over_at, recorded_at)
select gen_random_uuid(), a.id, gen_random_uuid(), 'code', 'bench', now(), now() from assignments a
"""
"""SQL: reports in every district and deliveries in half of them."""
CHANGE = "update cases set people = 4 + mod(people * 31 + id, 900)"
"""SQL: other figures in every district, so that the next cut tells of nothing twice."""


def borders(districts: Sequence[str]) -> dict[str, shapely.Geometry]:
    """By code, a polygon for each district, and for each regency the union of its own; always the same."""
    around = random.Random(1)
    west, south, east, north = BOX
    seeds = [(around.uniform(west, east), around.uniform(south, north)) for _ in districts]
    seeds.sort(key=lambda at: (int(COLUMNS * (at[0] - west) / (east - west)), at[1]))
    cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=shapely.box(*BOX), ordered=True)
    inside = (shapely.intersection(cell, shapely.box(*BOX)) for cell in cells.geoms)
    found = {code: _jagged(cell) for code, cell in zip(districts, inside, strict=True)}
    return found | {regency: shapely.union_all(own) for regency, own in _by_regency(found).items()}


def _by_regency(polygons: Mapping[str, shapely.Geometry]) -> dict[str, list[shapely.Geometry]]:
    own: dict[str, list[shapely.Geometry]] = {}
    for code, polygon in polygons.items():
        own.setdefault(code.rpartition(".")[0], []).append(shapely.make_valid(polygon))
    return own


def _jagged(cell: shapely.Geometry) -> shapely.Geometry:
    corners = [(round(x, 6), round(y, 6)) for x, y in cell.exterior.coords]
    return shapely.Polygon(list(_bent_ring(corners)))


def _bent_ring(corners: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    for here, there in pairwise(corners):
        # Both neighbours bend their border in the same way: from its lower end.
        line = list(_bent(min(here, there), max(here, there), HALVINGS))
        yield from (line if here < there else line[::-1])[:-1]


def _bent(here: tuple[float, float], there: tuple[float, float], halvings: int) -> Iterator[tuple[float, float]]:
    if not halvings:
        yield from (here, there)
        return
    (x1, y1), (x2, y2) = here, there
    aside = AWAY * random.Random(f"{here}{there}").uniform(-1, 1)
    middle = ((x1 + x2) / 2 + aside * (y2 - y1), (y1 + y2) / 2 - aside * (x2 - x1))
    yield from list(_bent(here, middle, halvings - 1))[:-1]
    yield from _bent(middle, there, halvings - 1)
