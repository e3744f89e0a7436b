scenarios: dict = {}
