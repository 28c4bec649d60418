"""The store on a Cassandra cluster; only what needs the driver imports it."""
