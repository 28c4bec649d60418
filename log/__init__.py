"""How a machine lives on the log: the port, its adapters, edges, and the worker."""
