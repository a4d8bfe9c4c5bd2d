"""Which sign it is: the catalogue of signs, data readers, the network, its training, evaluation and weights."""
