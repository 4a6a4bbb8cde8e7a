#!/usr/bin/python3
"""Sets every waveform's rate against GNU Radio, both in turn on one core: bench-gnuradio.py [CORE] [TABLE]

CORE is 0 unless given, TABLE the benchmark `table` of challengectl-waveform, which is built if it is not given. The
flowgraphs do with GNU Radio's own blocks, in the way that its users do it, what the modes do, up to 2 MS/s. What counts is
the time that the processor worked on it, and the best of several rounds, so other work on the machine matters little.
"""
import json
import math
import os
import subprocess
import sys
import time

core = int(sys.argv[1]) if len(sys.argv) > 1 else 0
os.sched_setaffinity(0, {core})

from gnuradio import analog, blocks, digital, fft, filter, gr, vocoder
from gnuradio.filter import firdes

RATE = 2_000_000
SECONDS = 5
ROUNDS = 3
SOUND = 48_000


def resampler(rate):
    divisor = math.gcd(RATE, rate)
    return filter.rational_resampler_ccc(interpolation=RATE // divisor, decimation=rate // divisor)


def sound(rate=SOUND):
    return analog.sig_source_f(rate, analog.GR_SIN_WAVE, 1000, 0.5)


def bits(levels=(0.0, 1.0)):
    return blocks.vector_source_f([levels[(n * n // 7) % 2] for n in range(997)], True)


def cw(top):
    keyed, tone = blocks.float_to_complex(), analog.sig_source_c(SOUND, analog.GR_COS_WAVE, 700, 1)
    mixed = blocks.multiply_cc()
    top.connect(bits(), blocks.repeat(gr.sizeof_float, 3500), keyed, (mixed, 0))
    top.connect(tone, (mixed, 1))
    return [mixed, resampler(SOUND)]


def ask(top):
    repeat = blocks.repeat(gr.sizeof_float, 623)
    return [bits(), repeat, blocks.moving_average_ff(20, 1 / 20), blocks.float_to_complex()]


def pocsag(top):
    modulator = analog.frequency_modulator_fc(2 * math.pi * 4500 / 38400)
    return [bits((1.0, -1.0)), blocks.repeat(gr.sizeof_float, 75), modulator, resampler(38400)]


def lrs(top):
    modulator = analog.frequency_modulator_fc(2 * math.pi / RATE)
    return [bits((239.0, -8856.0)), blocks.repeat(gr.sizeof_float, 2658), modulator]


def carrier():
    return analog.nbfm_tx(audio_rate=SOUND, quad_rate=4 * SOUND, tau=75e-6, max_dev=5e3)


def nbfm(top):
    return [sound(), carrier(), resampler(4 * SOUND)]


def fhss(top):
    mixed = blocks.multiply_cc()
    hops = blocks.vector_source_f([10_000.0 * (n * n % 97 - 48) for n in range(600)], True)
    top.connect(sound(), carrier(), resampler(4 * SOUND), (mixed, 0))
    top.connect(hops, blocks.repeat(gr.sizeof_float, RATE // 10), blocks.vco_c(RATE, 2 * math.pi, 1), (mixed, 1))
    return [mixed]


def sideband(rate):
    return filter.fir_filter_ccc(1, firdes.complex_band_pass(1, rate, 300, 3000, 200))


def ssb(top):
    return [sound(), filter.hilbert_fc(401), sideband(SOUND), resampler(SOUND)]


def freedv(mode):
    def chain(top):
        short, back = blocks.float_to_short(1, 16384), blocks.short_to_float(1, 32768)
        modem = vocoder.freedv_tx_ss(mode, "FLAG", 1)
        return [sound(8000), short, modem, back, blocks.float_to_complex(), sideband(8000), resampler(8000)]

    return chain


def paint(top):
    size = 4096
    bins = [complex(math.cos(n * n), math.sin(n * n)) for n in range(25 * size)]
    source = blocks.vector_source_c(bins, True, size)
    return [source, fft.fft_vcc(size, False, [], False), digital.ofdm_cyclic_prefixer(size, size + size // 8, 0, "")]


MODES = {
    "ask": ask,
    "cw": cw,
    "fhss": fhss,
    "freedv 1600": freedv(vocoder.freedv_api.MODE_1600),
    "freedv 700D": freedv(vocoder.freedv_api.MODE_700D),
    "lrs": lrs,
    "nbfm": nbfm,
    "paint 1 MHz": paint,
    "pocsag 512": pocsag,
    "ssb": ssb,
}


def flowgraph(mode):
    top = gr.top_block()
    head = blocks.head(gr.sizeof_gr_complex, SECONDS * RATE)
    top.connect(*MODES[mode](top), head, blocks.null_sink(gr.sizeof_gr_complex))
    start = time.process_time()
    top.run()
    return SECONDS * RATE / (time.process_time() - start) / 1e6


def built():
    command = ["cargo", "bench", "-p", "challengectl-waveform", "--bench", "table", "--no-run", "--locked"]
    command += ["--features", "freedv", "--message-format", "json"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [json.loads(line)["executable"] for line in lines if '"name":"table"' in line and '"executable":"' in line][-1]


def ours(table):
    lines = subprocess.run([table, "--bench"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[1:]
    return {line[:14].strip(): float(line[14:].split()[0]) for line in lines if line.strip()}


table = sys.argv[2] if len(sys.argv) > 2 else built()
best, theirs = {}, {}
for _ in range(ROUNDS):
    for mode in MODES:
        theirs[mode] = max(theirs.get(mode, 0), flowgraph(mode))
    for mode, rate in ours(table).items():
        best[mode] = max(best.get(mode, 0), rate)
print(f"{'mode':<14}{'MS/s':>8}{'GNU Radio':>12}{'times':>8}")
for mode, rate in best.items():
    beside = f"{theirs[mode]:>12.1f}{rate / theirs[mode]:>8.1f}" if mode in theirs else ""
    print(f"{mode:<14}{rate:>8.0f}{beside}")
