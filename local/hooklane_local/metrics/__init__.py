"""Metrics and alarms outside of AWS: reads embedded metrics as CloudWatch does, and evaluates alarms."""
