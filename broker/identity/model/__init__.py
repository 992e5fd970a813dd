"""
The model that ships: `weights.json`, trained on invented families alone, so its weights are orders
of magnitude for yours (docs/decisions/0015-weights-are-trained-by-splink-and-scored-without.md).
Read it with `model_from`; train your own with `broker identity train`.
"""
