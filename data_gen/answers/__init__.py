"""Kinds of answers that a task may ask of nodes, edges or graphs; each kind has its own loss.

Mask: yes or no. Pointer: one of the outgoing edges of each node. Choice: one of the nodes or edges
of each graph. Category: one of k classes. Number and vector: real values.
"""
