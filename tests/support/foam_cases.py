"""A writer of small OpenFOAM cases, so that every variant of the format can be read back."""

import numpy as np

_HEX_FACES = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
_BINARY = ("<i4", "<f8", "LSB;label=32;scalar=64")  # labels, scalars, and what tells of them
_CLASSES = {
    1: ("volScalarField", "scalar"),
    3: ("volVectorField", "vector"),
    6: ("volSymmTensorField", "symmTensor"),
    9: ("volTensorField", "tensor"),
}


def box(cells=(4, 3, 1), lengths=(2.0, 1.5, 0.1)):
    """Points and hexahedra of a box."""
    axes = [np.linspace(0, length, n + 1) for n, length in zip(cells, lengths, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    number = np.arange(points[..., 0].size).reshape(points.shape[:3])
    corners = [
        (0, 0, 0),
        (1, 0, 0),
        (1, 1, 0),
        (0, 1, 0),
        (0, 0, 1),
        (1, 0, 1),
        (1, 1, 1),
        (0, 1, 1),
    ]

    def cut(c):
        return tuple(slice(i, i + n) for i, n in zip(c, cells, strict=True))

    hexes = np.stack([number[cut(c)].ravel() for c in corners], axis=-1)
    return points.reshape(-1, 3), hexes


def box_sides(points, hexes):
    """Outer faces of the box by their side: name -> set of vertex sets."""
    sides = {}
    for axis, (low, high) in enumerate([("inlet", "outlet"), ("floor", "lid"), ("back", "front")]):
        for name, value in ((low, points[:, axis].min()), (high, points[:, axis].max())):
            on = np.isclose(points[:, axis], value)
            sides[name] = {frozenset(f) for f in hexes[:, _HEX_FACES].reshape(-1, 4) if on[f].all()}
    return sides


def write_case(folder, points, cells, sides, entries, fields, time="3", binary=False, extra=None):
    """Write an OpenFOAM case.

    ``cells``: for each its faces, outward, as vertex numbers; ``sides``: patch -> set of vertex
    sets; ``entries``: patch -> its dictionary entries; ``fields``: name -> (N,) or (N, 3 | 6 | 9);
    ``binary``: True, or types of labels and scalars and the entry ``arch``, "" for none;
    ``extra``: further label lists for constant/polyMesh. Faces that are on no side make up the
    patch "toOther"."""
    binary = _BINARY if binary is True else binary
    poly = folder / "constant" / "polyMesh"
    poly.mkdir(parents=True, exist_ok=True)
    (folder / "system").mkdir(exist_ok=True)
    _put(
        folder / "system" / "controlDict", "dictionary", b"deltaT 1; writeInterval 1; startTime 0;"
    )
    seen, inner, outer = {}, [], []
    for cell, cell_faces in enumerate(cells):
        for face in cell_faces:
            if frozenset(face) in seen:
                owner, first = seen.pop(frozenset(face))
                inner.append((owner, cell, first))
            else:
                seen[frozenset(face)] = (cell, face)
    inner.sort(key=lambda item: item[:2])
    blocks, start = [], len(inner)
    names = {
        **sides,
        "toOther": {key for key in seen if not any(key in side for side in sides.values())},
    }
    for name, side in names.items():
        faces = [seen[key] for key in sorted(seen, key=lambda key: seen[key][0]) if key in side]
        if name == "toOther" and not faces:
            continue
        lines = "".join(f" {key} {value};" for key, value in entries[name].items())
        blocks.append(f"{name} {{{lines} nFaces {len(faces)}; startFace {start}; }}\n")
        outer += faces
        start += len(faces)
    faces = [f for *_, f in inner] + [f for _, f in outer]
    _put(poly / "boundary", "polyBoundaryMesh", f"{len(blocks)}\n(\n{''.join(blocks)})\n".encode())
    _put(poly / "points", "vectorField", _list(points, binary), binary)
    labels = {
        "owner": [o for o, *_ in inner] + [o for o, _ in outer],
        "neighbour": [n for _, n, _ in inner],
    }
    for name, values in {**labels, **(extra or {})}.items():
        _put(poly / name, "labelList", _list(np.array(values, np.int32), binary), binary)
    if binary:
        offsets = np.cumsum([0, *map(len, faces)]).astype(np.int32)
        body = _list(offsets, binary) + _list(np.concatenate(faces).astype(np.int32), binary)
        _put(poly / "faces", "faceCompactList", body, binary)
    else:
        rows = "\n".join(f"{len(f)}({' '.join(map(str, f))})" for f in faces)
        _put(poly / "faces", "faceList", f"{len(faces)}\n(\n{rows}\n)\n".encode())
    (folder / time).mkdir(exist_ok=True)
    for name, values in fields.items():
        kind, item = _CLASSES[1 if values.ndim == 1 else values.shape[1]]
        patches = "".join(
            f"{p} {{ type {_condition(entries[p]['type'])}; }}\n" for p in names if p in entries
        )
        body = b"dimensions [0 0 0 0 0 0 0];\ninternalField nonuniform List<%s> " % item.encode()
        body += _list(values, binary) + b";\nboundaryField\n{\n" + patches.encode() + b"}\n"
        _put(folder / time / name, kind, body, binary)


def _condition(kind):
    return kind if kind in ("empty", "cyclic", "processor") else "zeroGradient"


def _list(values, binary):
    count = f"{len(values)}\n(".encode()
    if binary:
        kind = binary[0] if values.dtype.kind == "i" else binary[1]
        return count + np.ascontiguousarray(values, kind).tobytes() + b")\n"
    rows = [" ".join(map(repr, row.tolist())) for row in np.atleast_2d(np.asarray(values).T).T]
    return count + "\n".join(f"({r})" if np.ndim(values) > 1 else r for r in rows).encode() + b")\n"


def _put(path, kind, body, binary=False):
    arch = f'\n    arch "{binary[2]}";' if binary and binary[2] else ""
    form = f"binary;{arch}".removesuffix(";") if binary else "ascii"
    entries = f"version 2.0;\n    format {form};\n    class {kind};\n    object {path.name};"
    head = f"/* banner (1) */\nFoamFile\n{{\n    {entries}\n}}\n"
    path.write_bytes(head.encode() + b"// * * * //\n\n" + body)


class BoxCase:
    """A box with known fields: cyclic inlet and outlet, walls floor and lid, ``empty`` or cyclic
    front and back.
    """

    def __init__(self, cells=(4, 3, 1), sides="empty", frame=None):
        self.points, self.hexes = box(cells)
        self.sides = box_sides(self.points, self.hexes)
        self.frame = (
            np.eye(3) if frame is None else frame
        )  # orthogonal: the box's axes in the case's frame
        self.placed = self.points @ self.frame.T
        self.centres = self.points[self.hexes].mean(axis=1)

        def cyclic(other):
            return {"type": "cyclic", "neighbourPatch": other}

        self.entries = {
            "inlet": cyclic("outlet"),
            "outlet": cyclic("inlet"),
            "floor": {"type": "wall"},
            "lid": {"type": "wall"},
            "back": cyclic("front") if sides == "cyclic" else {"type": "empty"},
            "front": cyclic("back") if sides == "cyclic" else {"type": "empty"},
        }
        x, y, z = self.centres.T
        self.p = 1 + x - 2 * y
        self.U = np.stack([y * (1.5 - y), 0.1 * x, 0 * z], axis=-1)
        rows = np.array([[1, 2, 3], [2, 4, 5], [3, 5, 6.0]])
        self.R = rows + y[:, None, None] * np.diag([0.5, 0, 0])
        self.G = np.arange(9.0).reshape(3, 3) * x[:, None, None]

    def fields(self, cells=slice(None)):
        q = self.frame
        R, G = q @ self.R @ q.T, q @ self.G @ q.T
        i, j = np.triu_indices(3)
        found = {"U": self.U @ q.T, "p": self.p, "R": R[:, i, j], "G": G.reshape(-1, 9)}
        return {name: values[cells] for name, values in found.items()}

    def write(self, folder, **options):
        faces = self.hexes[:, _HEX_FACES]
        write_case(folder, self.placed, faces, self.sides, self.entries, self.fields(), **options)
        _put(
            folder / "constant" / "transportProperties",
            "dictionary",
            b"// nu 7;\nnu nu [0 2 -1 0 0 0 0] 5e-06;\n",
        )
        return folder

    def write_decomposed(self, folder, part):
        """The mesh without fields, and a processor folder for each number in ``part``, (N,)."""
        write_case(
            folder, self.placed, self.hexes[:, _HEX_FACES], self.sides, self.entries, {}, time="0"
        )
        (folder / "0").rmdir()
        for number in range(part.max() + 1):
            cells = np.flatnonzero(part == number)
            used, hexes = np.unique(self.hexes[cells], return_inverse=True)
            faces = hexes.reshape(-1, 8)[:, _HEX_FACES]
            local = {v: i for i, v in enumerate(used)}
            sides = {
                name: {
                    frozenset(local[v] for v in face)
                    for face in side
                    if all(v in local for v in face)
                }
                for name, side in self.sides.items()
            }
            other = {"type": "processor", "myProcNo": number, "neighbProcNo": 1 - number}
            entries = {**self.entries, "toOther": other}
            fields, extra = (
                self.fields(cells),
                {"cellProcAddressing": cells, "pointProcAddressing": used},
            )
            write_case(
                folder / f"processor{number}",
                self.placed[used],
                faces,
                sides,
                entries,
                fields,
                extra=extra,
            )
        return folder


def write_polyhedral_case(folder):
    """A unit cube beside two half cubes: with the vertices that hang on its side it has seven
    faces.
    """
    points = np.array([(x, y, z) for z in (0.0, 1) for y in (0, 0.5, 1) for x in (0, 1, 2)])
    large = [
        [0, 6, 7, 4, 1],
        [9, 10, 13, 16, 15],
        [0, 1, 10, 9],
        [6, 15, 16, 7],
        [0, 9, 15, 6],
        [1, 4, 13, 10],
        [4, 7, 16, 13],
    ]
    halves = np.array([[1, 2, 5, 4, 10, 11, 14, 13], [4, 5, 8, 7, 13, 14, 17, 16]])[:, _HEX_FACES]
    cells = [large, *halves.tolist()]
    wall = {frozenset(face) for cell in cells for face in cell if np.ptp(points[face, 1]) == 0}
    rest = {frozenset(face) for cell in cells for face in cell} - wall
    count = {
        key: sum(frozenset(face) == key for cell in cells for face in cell) for key in rest | wall
    }
    sides = {
        name: {key for key in keys if count[key] == 1}
        for name, keys in (("wall", wall), ("rest", rest))
    }
    entries = {"wall": {"type": "wall"}, "rest": {"type": "patch"}}
    write_case(folder, points, cells, sides, entries, {"U": np.ones((3, 3))})


def write_mixed_case(folder, **options):
    """A box of hexahedra, some of them cut: two into wedges, two into pyramids, one of these with
    tetrahedra at the surface. Returns the volumes and centres of its cells."""
    points, hexes = box(cells=(4, 2, 2), lengths=(2.0, 1.0, 0.6))
    inside = ((points > 0) & (points < points.max(axis=0))).all(axis=1)
    points = points + 0.01 * np.sin(7 * points[:, [1, 2, 0]]) * inside[:, None]
    cells = []
    for number, v in enumerate(hexes):
        faces = v[_HEX_FACES]
        if number < 2:
            cells += _prisms(v)
        elif number in (8, 15):
            top = len(points)
            points = np.vstack([points, points[v].mean(axis=0)])
            for face in faces:
                if number == 15 and _outside(points, face):
                    cells += [_cone(face[[0, 1, 2]], top), _cone(face[[0, 2, 3]], top)]
                else:
                    cells.append(_cone(face, top))
        else:
            cells.append(faces.tolist())
    surface = _surface(cells)
    sides = {"wall": {f for f in surface if all(points[list(f), 1] == 0)}}
    sides["rest"] = surface - sides["wall"]
    entries = {"wall": {"type": "wall"}, "rest": {"type": "patch"}}
    centres = np.array([points[np.unique(np.concatenate(c))].mean(axis=0) for c in cells])
    write_case(folder, points, cells, sides, entries, {"U": centres}, **options)
    return centres


def _outside(points, face):
    return any(np.ptp(points[face, i]) == 0 and points[face[0], i] > 0.59 for i in range(3))


def _prisms(v):
    halves = [[0, 1, 2, 4, 5, 6], [0, 2, 3, 4, 6, 7]]
    sides = [[0, 2, 1], [3, 4, 5], [0, 1, 4, 3], [1, 2, 5, 4], [2, 0, 3, 5]]
    return [
        [v[half][side].tolist() for side in map(np.array, sides)] for half in map(np.array, halves)
    ]


def _cone(base, top):
    base = base.tolist()
    return [base, *([b, a, top] for a, b in zip(base, base[1:] + base[:1], strict=True))]


def _surface(cells):
    keys = [frozenset(face) for cell in cells for face in cell]
    return {key for key in keys if keys.count(key) == 1}
