"""Names and numbers of the kinds of nodes and edges in the graph of a CNF formula."""

NODES = ("literal", "clause")
EDGES = ("literal to clause", "clause to literal", "complement")
LITERAL, CLAUSE = range(len(NODES))
TO_CLAUSE, TO_LITERAL, COMPLEMENT = range(len(EDGES))
