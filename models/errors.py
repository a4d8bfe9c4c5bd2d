"""What can be wrong with data and weights, as one line a user can act on.

```
Exception
├── DataError    a data set, catalogue or picture can't be used
└── ModelError   weights can't be used, or don't fit the catalogue
```
"""


class DataError(Exception):
    """A data set or catalogue can't be used; the message names the file and the mend."""


class ModelError(Exception):
    """Weights can't be used; the message names the file and the mend."""
