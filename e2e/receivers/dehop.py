#!/usr/bin/python3
"""Follows a frequency hopper by its published parameters: dehop.py IN.cf32 RATE OUT.cf32 SEED SPACING HOP_RATE HOP_TIME SPAN

Knows nothing of the transmitter but the parameters: the order of the channels comes from Python's own generator, and the
start from where the power rises. Writes the signal at 48 kS/s.
"""
import math
import random
import sys

import numpy

source, rate, target, seed = sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]
spacing, hop_rate, hop_time, span = map(float, sys.argv[5:9])
CHANNEL_RATE = 48000
HALF_CHANNEL = 8e3

samples = numpy.fromfile(source, numpy.complex64)

random.seed(seed)
outermost = int((span / 2 - spacing) / spacing)
hops = [random.randint(-outermost, outermost) for _ in range(math.ceil(hop_rate * hop_time))]

# The carrier stands out by the power of a millisecond.
step = int(rate / 1000)
power = numpy.abs(samples[: len(samples) // step * step]).reshape(-1, step) ** 2
power = power.mean(axis=1)
threshold = (numpy.median(power) + power[: len(power) // 50].mean()) / 2
start = int(numpy.argmax(power > threshold)) * step

dwell = int(rate / hop_rate)
at = numpy.arange(len(samples) - start)
offsets = numpy.array(hops)[(at // dwell) % len(hops)] * spacing
turns = numpy.cumsum(offsets) / rate
samples = samples[start:] * numpy.exp(-2j * numpy.pi * (turns % 1.0))

# A low-pass filter and the lower rate in one: transform, cut out the channel, transform back.
bins = numpy.fft.fft(samples)
hertz = numpy.fft.fftfreq(len(samples), 1 / rate)
bins[numpy.abs(hertz) > HALF_CHANNEL] = 0
count = int(len(samples) * CHANNEL_RATE / rate)
half = count // 2
bins = numpy.concatenate([bins[:half], bins[-(count - half):]])
numpy.fft.ifft(bins * (count / len(samples))).astype(numpy.complex64).tofile(target)
