"""The actor system: thin shells that ask the domain, act through a port and tell a parent, child or peer."""
