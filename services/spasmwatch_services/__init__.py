"""The programs behind the broker: recorder, triggers, diary, alerts and insights."""
