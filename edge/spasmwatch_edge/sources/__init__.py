"""Where frames come from: a Pi camera, a USB camera, a network stream, a recording or the simulator."""
