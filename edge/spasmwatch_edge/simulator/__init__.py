"""A portrait photograph brought to life, seeded and labelled: the camera of the demo, the tests and the benches.

``portrait`` reads the photograph, ``stage`` lays it out, ``lids``, ``mouth``, ``muscles`` and ``head`` move it,
``puppet`` puts them together, ``camera`` adds light and noise; ``spasms`` and ``ordinary`` hold the shapes of
movements in time, ``schedule`` draws them from a seed; ``source``, ``recording``, ``overlay``, ``scenarios``, ``clips``
and ``command`` are the uses.
"""
