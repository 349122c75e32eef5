"""Pictures: handwritten twos that nobody wrote."""

from sklearn.datasets import load_digits

import gansmith

digits = load_digits()
twos = digits.images[digits.target == 2]  # (177, 8, 8), 0 to 16

model = gansmith.Synthesizer(samples_seen=20_000, seed=0).fit(twos)
fakes = model.sample(3)
print(fakes.shape, fakes.min(), fakes.max())
print(fakes[0])
print("real with probability", model.discriminator_scores(fakes).round(2))
