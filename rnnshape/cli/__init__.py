"""The command line: its options, the query that they mean, and the wording of what is wrong."""
