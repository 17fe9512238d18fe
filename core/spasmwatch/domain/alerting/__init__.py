"""Alert rules and the alert life cycle: pure state machines fed with records, commands and the time.

The live service and the backtest run the same code with different clocks.
"""
