"""`python -m edge.schema` writes the schemas anew from the messages."""

from edge.messages import MESSAGES
from edge.schema import schema_path, schema_text

for topic in MESSAGES:
    schema_path(topic).write_text(schema_text(topic), encoding="utf-8")
