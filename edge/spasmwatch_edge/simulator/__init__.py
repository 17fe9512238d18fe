"""A portrait photograph brought to life, seeded and labelled: the camera of the demo, the tests and the benches.

``portrait`` reads the photograph, ``stage`` lays it out, ``lids``, ``mouth``, ``muscles`` and ``head`` move it,
``puppet`` puts them together, ``camera`` adds light and noise; ``movements`` holds the shapes of spasms and of
ordinary behaviour in time, ``schedule`` draws them from a seed; ``source``, ``recording`` and ``command`` are the uses.
"""
