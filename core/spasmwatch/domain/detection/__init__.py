"""From the signals of each frame to spasm events: baseline, segmentation, classification."""
