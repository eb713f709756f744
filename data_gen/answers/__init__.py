"""What a task may ask of nodes, edges or graphs: each kind of answer knows its loss.

Mask: yes or no. Pointer: one of the outgoing edges of each node. Choice: one of the nodes of each
graph. Category: one of k classes. Number and vector: real values.
"""
