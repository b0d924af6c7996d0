"""The embedded picture maker: a collage of what a text says, offline, in well under a second.

No model is involved. Pictograms are OpenMoji's (CC BY-SA 4.0), words are Unicode CLDR's and our
own. `make_picture` is all the rest of the server needs; `read` and `compose` give the same scene in
numbers, for whatever else is made of it.
"""

from .composition import compose
from .manner import Manner
from .picture import make_picture
from .reading import Reading, read
from .scene import Figure, Scene
from .work import Depiction, Work

__all__ = [
    "Depiction",
    "Figure",
    "Manner",
    "Reading",
    "Scene",
    "Work",
    "compose",
    "make_picture",
    "read",
]
