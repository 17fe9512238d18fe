"""FrameSignals → baseline → evidence → bursts → spasms. Pure: no picture, no clock, no I/O."""
