"""What a docstring of a public name must tell: rules that need no judgement."""

import inspect
import re
from dataclasses import dataclass
from functools import cache, cached_property

from numpydoc.docscrape import NumpyDocString

from docs._extensions.reference import full_name, public_objects
from tests.support.raised_errors import raised

OWN = ("vcnn", "meshes", "solvers", "openfoam")
SHAPE = re.compile(r"\([\w .+²−-]*(,[\w .+²−-]*)+\)|\(\.\.\.\)|\(\)|any shapes?\b|broadcast")
_ARRAY = re.compile(r"ndarray|ArrayLike|Tensor\b")
# last words of a name -> how its dimension is written
_LENGTH, _VELOCITY, _DIFFUSIVITY = r"(?i)\blength\b", r"\blength/time\b", r"(?i)\blength²/time\b"
DIMENSIONS = {
    "length": _LENGTH,
    "width": _LENGTH,
    "height": _LENGTH,
    "radius": _LENGTH,
    "thickness": _LENGTH,
    "spacing": _LENGTH,
    "points": r"(?i)\blength\b|\bindices\b",
    "periods": _LENGTH,
    "shift": _LENGTH,
    "stations": _LENGTH,
    "velocity": _VELOCITY,
    "viscosity": _DIFFUSIVITY,
    "diffusivity": _DIFFUSIVITY,
    "pressure": r"\bvelocity²",
    "pressure_gradient": r"\bvelocity²/length\b",
    "anisotropy": r"\bvelocity²",
    "stress": r"\bvelocity²",
    "angles": r"\bdegrees\b",
    "degrees": r"\bdegrees\b",
    "yaw": r"(?i)\bdegrees\b",
    "seconds": r"(?i)\bseconds\b",
}
# floats and arrays have a dimension, counts and other things do not
_NUMBERS = re.compile(r"\bfloats?\b|^\((?!int)[\w ]+,|\barray|ArrayLike|ndarray|of \(d,\)")


@dataclass(frozen=True)
class Subject:
    """A public function, class, method or property."""

    name: str
    text: str  # its docstring
    thing: object  # the function, or the class, whose code runs
    function: object  # whose parameters are meant; None if there is none of its own
    returns: str  # annotation of what it returns; empty for nothing, classes and properties
    member: bool = False  # of a class; these may say in a sentence what others say in sections

    @cached_property
    def doc(self) -> NumpyDocString:
        return NumpyDocString(inspect.cleandoc(self.text))

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Name, with its stars -> annotation."""
        if self.function is None:
            return {}
        stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
        return {
            stars.get(p.kind, "") + name: str(p.annotation)
            for name, p in inspect.signature(self.function).parameters.items()
            if name not in ("self", "cls")
        }

    @cached_property
    def documented(self) -> dict[str, tuple[str, str]]:
        """Parameter -> type and description; names that share an entry are taken apart."""
        return {
            name.strip(): (entry.type, " ".join(entry.desc))
            for entry in self.doc["Parameters"]
            for name in entry.name.split(",")
        }


@cache
def subjects() -> tuple[Subject, ...]:
    """All public names that can be called, and their public members, each once."""
    listed = {}
    for name, thing in public_objects().items():
        if inspect.isfunction(thing):
            listed[thing] = Subject(name, thing.__doc__ or "", thing, thing, _returned(thing))
        elif isinstance(thing, type):
            listed[thing] = Subject(name, thing.__doc__ or "", thing, _maker(thing), "")
            for base in thing.__mro__:
                if base.__module__.partition(".")[0] in OWN:
                    for key, member in vars(base).items():
                        function = _function(member)
                        if function is not None and not key.startswith("_"):
                            listed.setdefault(function, _member(name, base, key, function))
    return tuple(subject for subject in listed.values() if subject is not None)


def _member(name, base, key, function) -> Subject | None:
    """None if a base has the words; one that has only some of its own may leave out the rest."""
    above = [getattr(other, key) for other in base.__mro__[1:] if hasattr(other, key)]
    if above and not function.__doc__:
        return None
    called = not isinstance(vars(base)[key], (property, cached_property)) and not above
    maker, returned = (function, _returned(function)) if called else (None, "")
    return Subject(f"{name}.{key}", function.__doc__ or "", function, maker, returned, True)


def _maker(cls):
    """What takes the arguments of a class, if it is its own."""
    maker = cls.__init__
    own = inspect.isfunction(maker) and maker.__module__.partition(".")[0] in OWN
    return maker if own else None


def _returned(function) -> str:
    annotation = function.__annotations__.get("return")
    return "" if annotation in (None, "None") else str(annotation)


def _function(member):
    """What a member of a class runs; None if it is a plain value."""
    if isinstance(member, (classmethod, staticmethod)):
        return member.__func__
    if isinstance(member, property):
        return member.fget
    if isinstance(member, cached_property):
        return member.func
    return member if inspect.isfunction(member) else None


def faults(subject: Subject) -> list[str]:
    """What the docstring lacks, each in a few words."""
    if not subject.text:
        return ["no docstring"]
    return [
        *_summary(subject),
        *_parameters(subject),
        *_arrays(subject),
        *_dimensions(subject),
        *_returns(subject),
        *_raises(subject),
    ]


def _summary(subject):
    text = " ".join(subject.doc["Summary"])
    if not re.search(r"[.;:!?]$", text):
        yield "the first line is no sentence"


def _parameters(subject):
    """All of them under their names, with a type and a description."""
    expected, told = list(subject.parameters), list(subject.documented)
    for name in expected:
        if name not in told and not (subject.member and _mentions(subject.text, name)):
            yield f"parameter {name} is missing"
    for name in told:
        if name not in expected and subject.function is not None:
            yield f"parameter {name} does not exist"
    for name, (kind, words) in subject.documented.items():
        if elsewhere(subject, name, words):
            continue
        if not kind:
            yield f"parameter {name} has no type"
        if not words and not _says_enough(kind):
            yield f"parameter {name} has no description"


def _mentions(text, name) -> bool:
    return re.search(rf"\b{name.lstrip('*')}\b", text) is not None


def elsewhere(subject, name, words) -> bool:
    """Whether a description is that of another public name, which describes this parameter."""
    link = re.match(r"As (?:in|for) (?::\w+:)?`([\w.]+)`", words)
    if not link:
        return False
    full = full_name(link[1], subject.name) or ""
    owner, _, last = full.rpartition(".")
    public = public_objects()
    there = public.get(full) or getattr(public.get(owner), last, None)
    return name in Subject(link[1], inspect.getdoc(there) or "", None, None, "").documented


def _says_enough(kind) -> bool:
    """A class of this package, a mesh or one of few words: its own page says what it is."""
    names = re.split(r",? or |, ", kind.removesuffix(", optional"))
    plain = ("meshio.Mesh", "path", "MPI communicator")
    return all(full_name(name) is not None or name in plain for name in names) or "{" in kind


def _told(subject, name) -> str:
    """Type and description of a parameter, of a member all that is said."""
    return " ".join(subject.documented[name]) if name in subject.documented else subject.text


def _arrays(subject):
    """Shapes of whatever is annotated or described as an array."""
    for name in {**subject.parameters, **subject.documented}:
        kind, words = subject.documented.get(name, ("", ""))
        array = _ARRAY.search(subject.parameters.get(name, "")) or re.search(r"\barrays?\b", kind)
        if array and not elsewhere(subject, name, words) and not SHAPE.search(_told(subject, name)):
            yield f"parameter {name} has no shape"
    if _ARRAY.search(subject.returns) and not SHAPE.search(_told_of_return(subject)):
        yield "what is returned has no shape"


def _dimensions(subject):
    """Of parameters that are numbers or arrays and have the name of something with a dimension."""
    for name in {**subject.parameters, **subject.documented}:
        patterns = [DIMENSIONS[key] for key in DIMENSIONS if f"_{name}".endswith(f"_{key}")]
        kind, words = subject.documented.get(name, (subject.parameters.get(name, ""), ""))
        if not _NUMBERS.search(kind) or elsewhere(subject, name, words):
            continue
        if not all(re.search(pattern, _told(subject, name)) for pattern in patterns):
            yield f"parameter {name} has no dimension"


def _told_of_return(subject) -> str:
    entries = subject.doc["Returns"] or subject.doc["Yields"]
    if not entries and subject.member:
        return subject.text
    return " ".join(f"{e.name} {e.type} {' '.join(e.desc)}" for e in entries)


def _returns(subject):
    if subject.returns and not _told_of_return(subject):
        yield "what is returned is not told"


def _raises(subject):
    if subject.member and subject.function is None:
        return  # a property of an object that was checked when it was made
    told = {entry.type or entry.name for entry in subject.doc["Raises"]}
    for error in sorted(raised(subject.thing) - told):
        if not (subject.member and f"`{error}`" in subject.text):
            yield f"{error} is not among what is raised"
