"""What several tests share: real servers on free loopback ports, fakes, factories of records."""
