#!/usr/bin/python3
"""Draws a waterfall and compares it with a picture: waterfall.py IN.cf32 RATE WIDTH_HZ LINES PICTURE.pgm OUT.pgm

Finds the picture's beginning and end by its power, draws LINES lines of as many columns as PICTURE has over WIDTH_HZ
around the middle, the newest line at the top, in decibels, and prints the correlation of the two pictures.
"""
import sys

import numpy

source, rate, width, lines, picture, target = sys.argv[1], *map(float, sys.argv[2:5]), *sys.argv[5:7]
lines = int(lines)
RANGE = 30.0


def read(name):
    with open(name, "rb") as file:
        header, data = file.read().split(b"\n255\n", 1)
    columns, rows = map(int, header.split()[1:3])
    return numpy.frombuffer(data, numpy.uint8).reshape(rows, columns).astype(float)


def write(name, pixels):
    with open(name, "wb") as file:
        file.write(b"P5 %d %d\n255\n" % (pixels.shape[1], pixels.shape[0]))
        file.write(pixels.astype(numpy.uint8).tobytes())


wanted = read(picture)
columns = wanted.shape[1]
samples = numpy.fromfile(source, numpy.complex64)
step = int(rate / 1000)
power = (numpy.abs(samples[: len(samples) // step * step]) ** 2).reshape(-1, step).mean(axis=1)
noise = numpy.median(power[:500])
on = numpy.nonzero(power > 2 * noise)[0]
samples = samples[on[0] * step : (on[-1] + 1) * step]

size = len(samples) // lines
drawn = numpy.zeros((lines, columns))
# Several transforms a line, each as fine as the columns need.
points = int(2 ** numpy.ceil(numpy.log2(rate / width * columns * 4)))
window = numpy.hanning(points)
edges = numpy.linspace(-width / 2, width / 2, columns + 1)
hertz = numpy.fft.fftfreq(points, 1 / rate)
column = numpy.digitize(hertz, edges) - 1
inside = (column >= 0) & (column < columns)
for line in range(lines):
    for begin in range(line * size, max((line + 1) * size - points, line * size) + 1, points // 2):
        piece = samples[begin : begin + points]
        if len(piece) == points:
            spectrum = numpy.abs(numpy.fft.fft(piece * window)) ** 2
            drawn[line] += numpy.bincount(column[inside], spectrum[inside], columns)
decibels = 10 * numpy.log10(numpy.maximum(drawn, drawn.max() * 10 ** (-RANGE / 10)))
pixels = (decibels - decibels.max() + RANGE) / RANGE * 255
pixels = pixels[::-1]
write(target, pixels)
print(f"{numpy.corrcoef(pixels.ravel(), wanted.ravel())[0, 1]:.3f}")
