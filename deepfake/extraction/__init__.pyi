from .completion import complete_store as complete_store
from .completion import extract_faces as extract_faces
from .completion import extracted_rows as extracted_rows
from .completion import face_store as face_store
from .options import ExtractOptions as ExtractOptions
from .shards import chosen_shard as chosen_shard
