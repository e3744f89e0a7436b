"""What was recorded: values in, values out. It never imports the simulated service."""
