from .door import open_video as open_video
from .door import probe as probe
from .door import read as read
from .reader import VideoInfo as VideoInfo
from .reader import VideoReader as VideoReader
