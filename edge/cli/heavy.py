"""Libraries that only training needs: loaded before any work is done, and without their greetings."""

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


def load_lightgbm() -> None:
    """Import LightGBM. Raises ModelError, with the mend, where it isn't installed or can't be loaded."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:  # without the system's libgomp it is there and can't be loaded
        raise ModelError(
            f"the ranker's trees need LightGBM ({error}): pip install 'signwatch[train]', apt-get install libgomp1"
        ) from error
