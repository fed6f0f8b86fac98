"""From a network to a number: data, augmentation, schedules, strategies and the training loop."""
