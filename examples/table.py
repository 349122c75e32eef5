"""A table from a data frame, more of it, and how good it is."""

from sklearn.datasets import load_wine

import gansmith

wine = load_wine(as_frame=True).frame.astype({"target": "category"})
train, holdout = wine.iloc[::2], wine.iloc[1::2]

model = gansmith.Synthesizer(samples_seen=5_000, seed=0).fit(train, target="target")
print(model.sample(5, where={"target": "1"}))

print(model.score(holdout, quick=True))
