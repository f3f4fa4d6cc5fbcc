"""The colours of every picture: a class and a method keep theirs wherever they appear.

Any two of them differ for all kinds of colour blindness. Source: Okabe and Ito, "Color Universal Design" (2008).
Differs: yellow is darker, since lines are drawn on white. Three dark colours are added; orange and black are left out.
"""

import zlib

REAL, FAKE, UNLABELLED = "#0072B2", "#D55E00", "#8C8C8C"
PAPER, INK, PALE = "#FFFFFF", "#282828", "#E4EAF0"
BAND_OPACITY = 0.16  # of what is unsure around a curve
METHODS = ("#009E73", "#CC79A7", "#332288", "#E6B800", "#661144", "#56B4E9", "#5A5A14")  # no class has one of these
# These are often drawn together, so no two of them share a colour.
_FFPP = ("NeuralTextures", "Deepfakes", "DeepFakeDetection", "FaceShifter", "Face2Face", "FaceSwap")


def of_label(label: str) -> str:
    """Return the colour of a class, `real` or `fake`; any other word has the colour of unlabelled videos.

    Example:
        >>> of_label("real"), of_label("")
        ('#0072B2', '#8C8C8C')
    """
    return {"real": REAL, "fake": FAKE}.get(label, UNLABELLED)


def of_method(method: str) -> str:
    """Return the colour of a forgery method; it follows from the name alone, so it is the same in every picture.

    Two methods may have the same colour, but not two of FaceForensics++. A picture that shows several tells them apart
    by something else as well.

    Example:
        >>> of_method("Deepfakes"), of_method("real")
        ('#CC79A7', '#0072B2')
    """
    if method == "real":
        return REAL
    place = _FFPP.index(method) if method in _FFPP else zlib.crc32(method.encode())
    return METHODS[place % len(METHODS)]
