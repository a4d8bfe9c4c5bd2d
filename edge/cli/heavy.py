"""TensorFlow, for the commands that need it: loaded before any work is done, and without its greetings."""

from models.errors import ModelError
from models.quiet import quiet_native_code


def load_tensorflow(what: str) -> None:
    """Import TensorFlow, which takes seconds. Raises ModelError, with the mend for `what`, where it isn't installed."""
    with quiet_native_code():
        try:
            import tensorflow
        except ImportError as error:
            raise ModelError(f"{what} needs TensorFlow: pip install 'signwatch[train]'") from error
        tensorflow.constant(0)  # only now does it look at the machine, and say what it thinks of it
