"""Readings of some meters: learnt as series, made anew, and continued."""

import numpy as np
import pandas as pd

import gansmith

rng = np.random.default_rng(0)
hours = pd.date_range("2026-01-01", periods=96, freq="h")
houses = []
for number in range(60):
    heating = rng.choice(["gas", "heat pump"])
    daily = 1 + 0.5 * np.sin((hours.hour - 12) / 24 * 2 * np.pi) + (heating == "heat pump")
    load = np.round(rng.gamma(20, 0.05) * daily * rng.lognormal(0, 0.1, 96), 3)
    houses.append(pd.DataFrame({"house": f"H{number:03}", "heating": heating, "hour": hours, "load": load}))
readings = pd.concat(houses, ignore_index=True)

model = gansmith.Synthesizer(samples_seen=2_000, seed=0).fit(readings, entity="house", time="hour")
print(model.sample(2, where={"heating": "gas"}, steps=48))

history = readings[readings.house == "H000"].head(72)
print(model.impute(history, steps=24, futures=3))
