from .finder import Faces as Faces
from .finder import Finder as Finder
from .mtcnn import Mtcnn as Mtcnn
from .retinaface import RetinaFace as RetinaFace
from .retinaface_mobilenet import RetinaFaceMobileNet as RetinaFaceMobileNet
