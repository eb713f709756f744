"""The kinds of nodes and edges of a formula's graph, by the names that its models ask for."""

NODES = ("literal", "clause")
EDGES = ("literal to clause", "clause to literal", "complement")
LITERAL, CLAUSE = range(len(NODES))
TO_CLAUSE, TO_LITERAL, COMPLEMENT = range(len(EDGES))
