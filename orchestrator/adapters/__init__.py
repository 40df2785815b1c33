"""The outside world, one concept each: git, the store, the board, the HTTP API. Siblings do not know each other."""
